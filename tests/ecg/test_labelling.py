"""A recording's way to its labels: one contract, the same by PyTorch and ONNX, with one lead or
two."""

from types import SimpleNamespace

import numpy as np
import pytest

import inference
from ecg import beat_table, beats, labelling
from ecg.formats import read_recording
from ecg.formats.recording import Recording
from ecg.output import COLUMNS
from ecg.quality import QUALITIES
from ecg.rhythm import fibrillation
from ecg.rhythm.track import Track
from ecg.signal_models import SignalModels
from ecg.synthetic import synthetic_recording


@pytest.fixture(scope="module")
def recording():
    return synthetic_recording(90, seed=3)


def test_table_of_a_recording(demo, recording):
    table = inference.classify(recording.signal, recording.fs, "self", weight=demo / "weight")
    assert list(table.columns) == [*COLUMNS, "rhythm", *QUALITIES]
    assert abs(len(table) - len(recording.r_peaks)) <= 1 and table["sample"].is_monotonic_increasing
    known = table[table.label != beats.UNLABELLED]
    assert (
        len(known) == len(table) - 1
        and table.label.iloc[-1] == "?"
        and "last beat" in table.quality.iloc[-1]
    )
    p = known[[f"p_{c}" for c in "NSVFQ"]].to_numpy()
    assert np.allclose(p.sum(axis=1), 1) and np.allclose(p.max(axis=1), known.confidence)
    assert (np.array(list("NSVFQ"))[p.argmax(axis=1)] == known.label).all()


@pytest.fixture
def labelled(demo, recording, monkeypatch):
    """labelled(vf, af): the recording where this stretch, in s, is said to be ventricular
    fibrillation, and the rhythm of all of it that with this probability of AF."""

    def labelled(vf=(), af=None):
        spans = np.array([vf], np.int64).reshape(-1, 2) * int(recording.fs)
        found = fibrillation.Fibrillation(spans, np.full(len(spans), 0.9))
        start = np.arange(0.0, 70.0, 10.0)
        p = np.tile(np.float32([1 - (af or 0), af or 0, 0, 0]), (len(start), 1))
        monkeypatch.setattr(fibrillation, "find_fibrillation", lambda *args: found)
        monkeypatch.setattr(labelling, "rhythm_track", lambda *args: Track(start, start + 30, p))
        model = SimpleNamespace(card={"name": "any", "manifest": {}})
        models = SignalModels(None, model, "no rhythm" if af is None else model)
        net = inference.load_model("self", weight=demo / "weight")
        made = Recording(recording.signal, recording.fs, "II", "made")
        return labelling.label_recording(made, lambda n: net, "no", models=models)

    return labelled


def test_in_ventricular_fibrillation_there_are_no_beats(labelled):
    whole, part = labelled(), labelled(vf=(40, 50))
    at = whole.beats.time_s
    assert part.beats.time_s.tolist() == at[(at < 40) | (at >= 50)].tolist()
    assert [each[2] for each in part.beats.attrs["unreadable"]] == [fibrillation.REASON]
    assert part.summary["pauses"]["count"] == whole.summary["pauses"]["count"]
    [episode] = part.beats.attrs["rhythm"]["episodes"]
    assert (episode["start_s"], episode["end_s"], episode["rhythm"]) == (40, 50, "VF")
    assert "no rhythm" in part.beats.attrs["notes"]


def test_in_atrial_fibrillation_an_s_beat_has_to_be_surer(labelled):
    before, after = labelled(af=0.1).beats, labelled(af=0.9).beats
    assert set(before.rhythm) == {"N"} and set(after.rhythm) == {"AF"}
    known = before.label != beats.UNLABELLED
    odds = [table.p_S[known] / table.p_N[known] for table in (before, after)]
    assert np.allclose(odds[1], beat_table.S_IN_AF * odds[0])
    p = after.loc[known, [f"p_{c}" for c in "NSVFQ"]].to_numpy()
    assert np.allclose(p.sum(axis=1), 1) and np.allclose(p.max(axis=1), after.confidence[known])
    assert (np.array(list("NSVFQ"))[p.argmax(axis=1)] == after.label[known]).all()


def test_scale_and_offset_do_not_matter(demo, recording):
    first = inference.classify(recording.signal, recording.fs, "self", weight=demo / "weight")
    for scale, offset in ((1000.0, 0.0), (1e-3, 5.0)):
        other = inference.classify(
            recording.signal * scale + offset, recording.fs, "self", weight=demo / "weight"
        )
        assert (
            np.array_equal(first["sample"], other["sample"]) and (first.label == other.label).all()
        )


def test_pytorch_and_onnx_agree(demo, recording):
    torch, onnx = (
        inference.classify(
            recording.signal, recording.fs, "self", weight=demo / "weight", engine=engine
        )
        for engine in ("torch", "onnx")
    )
    assert (torch.label == onnx.label).all()
    columns = [f"p_{c}" for c in "NSVFQ"]
    assert np.nanmax(np.abs(torch[columns].to_numpy() - onnx[columns].to_numpy())) <= 5e-6


def test_missing_samples_are_not_labelled(demo, recording):
    signal = recording.signal.copy()
    gap = slice(30 * 360, 36 * 360)
    signal[gap] = np.nan
    table = inference.classify(signal, recording.fs, "self", weight=demo / "weight")
    assert not table["sample"].between(gap.start, gap.stop - 1).any()
    assert any(reason == "missing" for *_, reason in table.attrs["unreadable"])
    before = table[table["sample"] < gap.start].iloc[-1]
    assert before.label == "?" and before.quality == "beside missing samples", (
        "its row would hold the gap"
    )
    assert (table[table["sample"] >= gap.stop].label.iloc[:-1] != "?").all(), (
        "labels go on after the gap"
    )


def test_given_peaks_give_the_training_rows(demo, recording):
    session = inference.load_onnx_model("self", weight=demo / "weight")
    rows, positions = beats.extract_beats(recording.signal, recording.r_peaks, recording.fs)
    ids, confidence, p = inference.predict_heartbeat_onnx(session, rows)
    table = inference.classify(recording.signal, recording.fs, session, r_peaks=recording.r_peaks)
    assert np.array_equal(table["sample"], recording.r_peaks) and np.array_equal(
        positions, recording.r_peaks[:-1]
    )
    assert (table.label.iloc[:-1] == np.array(beats.CLASSES)[ids]).all()
    one = inference.predict_heartbeat_onnx(session, rows[0])
    assert one[0].shape == (1,) and one[2].shape == (1, 5) and np.allclose(one[2], p[:1], atol=1e-6)


@pytest.mark.parametrize("loss", [np.nan, 0.5, "noise"])
def test_where_one_lead_is_lost_the_other_is_read(two_leads, loss):
    """A minute of the first lead missing, flat or noise: its beats are those of the second, where
    it is there, with the labels of the whole recording; what neither shows stays unreadable."""
    recording = read_recording(two_leads, second="V1")
    signal, second, fs = (
        recording.signal.astype(float),
        recording.second.astype(float),
        int(recording.fs),
    )
    whole = inference.classify(signal, fs, "context", second=second)
    lost = slice(30 * fs, 90 * fs)
    signal[lost] = np.random.default_rng(0).standard_normal(60 * fs) if loss == "noise" else loss
    alone = inference.classify(signal, fs, "context")
    table = inference.classify(signal, fs, "context", second=second)
    inside = table["sample"].between(31 * fs, 89 * fs)
    truth = whole[whole["sample"].between(31 * fs, 89 * fs)]
    assert inside.sum() == len(truth) > 50 and not alone["sample"].between(31 * fs, 89 * fs).any()
    assert np.abs(table["sample"][inside].to_numpy() - truth["sample"].to_numpy()).max() < 0.05 * fs
    assert (table.label[inside].to_numpy() == truth.label.to_numpy()).mean() > 0.97 and set(
        truth.label
    ) >= {"N", "V"}
    assert np.diff(table["sample"]).min() > 0.25 * fs and abs(len(table) - len(whole)) <= 1
    assert (table.quality[inside] == "seen in the second lead only").all() and (
        table.quality[~inside] == "ok"
    ).mean() > 0.9
    assert (
        table.attrs["unreadable"] == []
        and alone.attrs["unreadable"]
        and "seen in the second lead only" in table.attrs["notes"][-1]
    )

    second[60 * fs : 90 * fs] = np.nan
    both = inference.classify(signal, fs, "context", second=second)
    ((start, stop, _),) = both.attrs["unreadable"]
    assert abs(start - 60 * fs) < 2 * fs and abs(stop - 90 * fs) < 2 * fs
    assert (
        not both["sample"].between(62 * fs, 88 * fs).any()
        and both["sample"].between(31 * fs, 58 * fs).sum() > 20
    )
    single = inference.classify(
        signal, fs, "self", second=second
    )  # a row is cut from the first lead
    inside = single["sample"].between(31 * fs, 89 * fs)
    assert (single["label"][inside] == "?").all()  # a single-beat model sees the first lead alone
    assert (single["quality"][inside] == "seen in another lead only").all()


def test_the_second_lead_alone_makes_a_recording(two_leads):
    """The first lead was never on: the context model is chosen by the beats of the second."""
    recording = read_recording(two_leads, second="V1")
    whole = inference.classify(recording.signal, recording.fs, second=recording.second)
    table = inference.classify(
        np.zeros(len(recording.signal)), recording.fs, second=recording.second
    )
    assert table.attrs["model"] == "context" and len(table) == len(whole)
    assert (table.label.to_numpy() == whole.label.to_numpy()).mean() > 0.97


def test_hum_is_taken_out_of_all_leads_before_beats_are_looked_for(two_leads):
    """16.7 Hz lies amid the band of QRS complexes."""
    two_leads = read_recording(two_leads, second="V1")
    fs = two_leads.fs
    hum = 2 * np.sin(2 * np.pi * 50 / 3 * np.arange(len(two_leads.signal)) / fs)
    two_leads = two_leads._replace(others=())
    loud = two_leads._replace(signal=two_leads.signal + hum, second=two_leads.second + hum)
    quiet = labelling.without_hum(loud)
    assert labelling.without_hum(two_leads) is two_leads
    assert sum("16.7 Hz was removed" in note for note in quiet.notes) == 2
    want = labelling.find_beats_in_leads(two_leads.signals(), fs).peaks
    found = labelling.find_beats_in_leads(quiet.signals(), fs).peaks
    assert len(found) == len(want) and np.abs(found - want).max() <= 0.02 * fs
    assert len(labelling.find_beats_in_leads(loud.signals(), fs).peaks) != len(want)
