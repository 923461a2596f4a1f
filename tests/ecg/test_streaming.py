"""The stream: chunks of any size, when labels are given, memory."""

import pickle

import numpy as np
import pytest

from benchmarks.rpeaks_parts import rhythms
from ecg import beats, formats, rpeaks, streaming
from ecg.streaming import Beat, Monitor, judging
from ecg.streaming import monitor as state_machine
from ecg.synthetic import synthetic_recording
from tests.streams import FS, alarms, fingerprint, labelled, stream, strip, v_by_width, wide_is_v


@pytest.fixture(scope="module")
def minute():
    return synthetic_recording(40, fs=FS, seed=3)


@pytest.mark.parametrize("fs", [360, 250])
def test_chunk_size_changes_nothing(fs):
    x = synthetic_recording(25, fs=fs, seed=1).signal.copy()
    x[int(12 * fs) : int(15.3 * fs)] = np.nan
    whole = stream(x, fs, fingerprint)
    assert len(whole) > 40 and {"on", "off"} == {e.state for e in alarms(whole, "lead_off")}
    for chunk in (1, 7, 360, 10000):
        assert stream(x, fs, fingerprint, chunk) == whole


def test_real_recording_in_any_chunks(minutes):
    x = formats.read_recording(minutes / "200").signal[: 25 * 360]
    assert (
        stream(x, 360, fingerprint, 7)
        == stream(x, 360, fingerprint)
        == stream(x, 360, fingerprint, 1111)
    )


@pytest.mark.parametrize("fs", [128, 360, 500])
def test_labels_come_in_time(fs):
    events = stream(synthetic_recording(30, fs=fs, seed=2).signal, fs)
    final = labelled(events, "final")
    r = [e.sample / fs for e in final]
    said = {e.sample: e.at_s for e in labelled(events, "provisional")}
    late = [k for k in range(len(r) - 1) if r[k] > streaming.LEARN]
    assert len(late) > 20
    assert all(r[k + 1] < said[final[k].sample] <= r[k + 1] + 0.7 for k in late)
    assert all(r[k + 2] < final[k].at_s <= r[k + 2] + 0.7 for k in late if k + 2 < len(r))


def test_every_beat_is_said_twice_in_order(minute):
    events = stream(minute.signal)
    final, provisional = labelled(events, "final"), labelled(events, "provisional")
    assert [e.sample for e in final[:-1]] == [e.sample for e in provisional]
    assert final[-1].label is None and all(e.label for e in final[:-1])
    assert all(a.at_s <= b.at_s for a, b in zip(events, events[1:]))
    assert final[0].rr_s is None and final[1].rr_s == (final[1].sample - final[0].sample) / FS


def test_final_labels_are_those_of_the_whole_recording(minute):
    """To the last bit of the row: `fingerprint` tells."""
    final = labelled(stream(minute.signal, predict=fingerprint), "final")
    rows, positions = beats.extract_beats(
        minute.signal, rpeaks.detect_r_peaks(minute.signal, FS), FS
    )
    assert [e.sample for e in final[:-1]] == positions.tolist()
    assert [e.label for e in final[:-1]] == [beats.CLASSES[i] for i in fingerprint(rows)[0]]


def test_rows_at_another_rate_are_those_of_the_whole_recording():
    made, seen = synthetic_recording(20, fs=250, seed=4), []

    def keep(rows):
        seen.append(rows[0])
        return wide_is_v(rows)

    events = stream(made.signal, 250, keep)
    order = [e.stage for e in events if isinstance(e, Beat) and e.label]
    streamed = np.array([row for row, stage in zip(seen, order) if stage == "final"])
    rows, _ = beats.extract_beats(
        made.signal, np.array([e.sample for e in labelled(events, "final")]), 250
    )
    assert streamed.shape == rows.shape and np.abs(streamed - rows).max() < 0.01


@pytest.mark.parametrize("gain, offset", [(1e-3, 0), (200, 1024), (-1, 0)])
def test_unit_offset_and_scale_do_not_matter(minute, gain, offset):
    x = minute.signal[: 20 * FS]
    if gain > 0:
        plain, other = stream(x), stream(x * gain + offset)
        assert [e._replace(confidence=None) if isinstance(e, Beat) else e for e in plain] == [
            e._replace(confidence=None) if isinstance(e, Beat) else e for e in other
        ]
    else:
        assert len(labelled(stream(x * gain), "final")) == len(labelled(stream(x), "final"))


def test_stray_missing_samples_cost_one_beat_at_most():
    x, r = strip("N" * 20, 0.8)
    x[int(8.30 * FS) : int(8.33 * FS)] = np.nan
    events = stream(x)
    assert alarms(events) == [] and len(labelled(events, "final")) == 20
    assert sum(e.label is None for e in labelled(events, "final")[:-1]) <= 2


def test_memory_is_bounded(monkeypatch):
    """Of one lead without, of two with a context model whose past is short here."""
    monkeypatch.setattr(state_machine, "KEEP", 16.0)
    monkeypatch.setattr(state_machine, "PAST", 6.0)
    monkeypatch.setattr(state_machine, "DELAY", 5.0)
    monkeypatch.setattr(judging, "PAST", 6.0)
    monkeypatch.setattr(judging, "DELAY", 5.0)
    x = strip("NNV" * 60, 0.5)[0]
    for leads, context in ((x, None), (np.column_stack([x, x]), v_by_width)):
        m, sizes = Monitor(100, wide_is_v, context, single=True), []
        for i in range(0, len(x), 1000):
            m.push(leads[i : i + 1000])
            sizes.append(len(pickle.dumps([vars(m), vars(m._finder), vars(m._signal)])))
        assert max(sizes[len(sizes) // 2 :]) <= max(sizes[: len(sizes) // 2]) + 600


def test_short_streams():
    m = Monitor(FS, wide_is_v)
    assert m.finish() == []
    assert stream(np.zeros(5)) == [] and stream(np.full(100, np.nan)) == []
    assert stream(strip("NN", 0.8, tail=0.6)[0]) != []


def test_context_model_gives_both_labels():
    """The same in any chunks; a model that would see too few beats is not asked."""
    asked = []

    def context(leads, fs, r_peaks, by_second):
        asked.append((len(leads[0]) / fs, len(r_peaks), len(leads)))
        assert np.all((r_peaks >= 0) & (r_peaks < len(leads[0]))) and not by_second.any()
        return np.eye(5)[np.full(len(r_peaks), 1)]

    x = synthetic_recording(80, fs=100, seed=6).signal
    found = [stream(x, 100, chunk=chunk, context=context) for chunk in (len(x), 333)]
    assert found[0] == found[1]
    final, provisional = labelled(found[0], "final"), labelled(found[0], "provisional")
    assert [e.sample for e in final[:-1]] == [e.sample for e in provisional]
    assert {e.label for e in final[:-1]} == {"S"} and final[-1].label is None
    early = [e.label for e in provisional[: judging.ENOUGH - 2]]
    assert "S" not in early and {e.label for e in provisional[judging.ENOUGH :]} == {"S"}
    assert all(e.at_s - e.time_s <= 55 for e in final)
    assert max(e.at_s - e.time_s for e in final) > judging.DELAY
    assert max(seconds for seconds, _, _ in asked) <= 80
    assert all(many >= judging.ENOUGH and leads == 1 for _, many, leads in asked)
    single = labelled(stream(x, 100, context=context, single=True), "provisional")
    assert "S" not in {e.label for e in single}


def two_leads():
    """Two leads with the same beats; the first is gone from 14 to 24 s, with it the second from 20
    to 21 s."""
    made = synthetic_recording(36, fs=200, seed=8)
    rng = np.random.default_rng(3)
    first = made.signal.copy()
    second = -0.6 * made.signal + 0.02 * rng.standard_normal(len(first))
    first[14 * 200 : 24 * 200] = np.nan
    second[20 * 200 : 21 * 200] = np.nan
    return np.column_stack([first, second]), made


@pytest.mark.parametrize("context", [False, True])
def test_chunk_size_changes_nothing_with_two_leads(context):
    def judge(leads, fs, r_peaks, by_second):
        """A class that any change of any sample would change."""
        sums = [int(1e6 * np.nansum(lead)) for lead in leads]
        return np.eye(5)[(r_peaks + sum(sums) + by_second) % 4]

    x, _ = two_leads()
    more = dict(context=judge) if context else {}
    whole = stream(x, 200, fingerprint, **more)
    assert len(whole) > 60
    for chunk in (1, 13, 2000):
        assert stream(x, 200, fingerprint, chunk, **more) == whole


def test_beats_that_the_second_lead_alone_shows():
    """They are found, marked in it, and labelled by the context model alone."""
    seen = []

    def context(leads, fs, r_peaks, by_second):
        seen.append((len(leads), by_second.any()))
        return np.eye(5)[np.where(by_second, 1, 0)]

    x, made = two_leads()
    final = labelled(stream(x, 200, context=context), "final")
    lost = [e for e in final if 14.5 < e.time_s < 19.5]
    true = made.r_peaks[(made.r_peaks > 14.5 * 200) & (made.r_peaks < 19.5 * 200)]
    assert len(lost) == len(true) and all(np.abs(true - e.sample).min() < 0.06 * 200 for e in lost)
    assert {e.lead for e in lost} == {1} and {e.label for e in lost} == {"S"}
    assert {e.lead for e in final if e.time_s < 13 or e.time_s > 26} == {0}
    assert {leads for leads, _ in seen} == {2} and any(by_second for _, by_second in seen)
    by_rows = labelled(stream(x, 200), "final")
    assert {e.label for e in by_rows if 14.5 < e.time_s < 19.5} == {None}


def test_beats_of_all_leads_are_those_of_the_whole_recording():
    x, _ = two_leads()
    found = rpeaks.find_beats_in_leads(list(x.T), 200)
    peaks = np.array([e.sample for e in labelled(stream(x, 200), "final")])
    near = np.abs(found.peaks[:, None] - peaks).min(axis=1)
    assert (near <= 2).mean() > 0.95 and abs(len(peaks) - len(found.peaks)) <= 1


@pytest.mark.parametrize("leads", [1, 2])
@pytest.mark.parametrize("rate", [250, 280])
def test_beats_of_fast_hearts_are_not_halved(rate, leads):
    """From the fifth second on, when the rhythm is known to be fast."""
    made, fs, learnt = rhythms.tachycardia(rate, 250), 250, 5.0
    x = np.column_stack(made.leads[:leads])[: 20 * fs]
    events = stream(x, fs)
    found = np.array([e.sample for e in labelled(events, "final") if e.time_s > learnt])
    true = made.beats[(made.beats > learnt * fs) & (made.beats < len(x) - fs)]
    near = np.abs(true[:, None] - found).min(axis=1) < 0.06 * fs
    assert near.mean() > 0.97 and len(found) <= len(true) + 6
    rr = [e.rr_s for e in labelled(events, "final") if e.time_s > learnt]
    assert 60 / np.median(rr) == pytest.approx(rate, rel=0.03)


def test_other_leads_than_before_are_refused():
    m = Monitor(FS, wide_is_v)
    m.push(np.zeros((10, 2)))
    with pytest.raises(ValueError, match="2"):
        m.push(np.zeros(10))
    with pytest.raises(ValueError, match="shape"):
        Monitor(FS, wide_is_v).push(np.zeros((10, 2, 2)))
