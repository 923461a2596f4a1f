"""The stream: chunks of any size, when labels and alarms are said, lead off, memory, the command line."""
import io
import json
import pickle

import numpy as np
import pytest

import monitor
from ecg import beats, records
from monitor import Alarm, Beat, Monitor
from Noisy_ECG_Signal import synthetic_recording

FS = 360


def wide_is_v(rows):
    """V where the QRS complex is wide, as in `strip`; else N."""
    ids = np.where((np.asarray(rows)[:, :14] > 0.45).sum(axis=1) > 3, 2, 0)
    return ids, np.full(len(ids), 0.9), None


def fingerprint(rows):
    """A class that any change of any sample of the row would change: equal labels are equal rows."""
    ids = (np.asarray(rows).astype(np.float64) @ np.linspace(1e4, 2e4, beats.WIDTH)).astype(np.int64) % 5
    return ids, np.full(len(ids), 0.9), None


def strip(letters, rr, fs=FS, tail=3.0, noise=0.01):
    """(signal, R peaks) of narrow N and wide V beats; rr: s before each beat after the first, one value or one a beat."""
    times = np.append(1.0, 1.0 + np.cumsum(np.broadcast_to(rr, len(letters) - 1)))
    t = np.arange(int((times[-1] + tail) * fs)) / fs
    x = noise * np.random.default_rng(0).standard_normal(len(t)).cumsum() / 10
    x = x - np.convolve(x, np.ones(fs) / fs, "same") + noise * np.sin(2 * np.pi * 0.3 * t)
    for at, letter in zip(times, letters):
        width, height, t_wave = (0.03, 1.6, -0.4) if letter == "V" else (0.012, 1.0, 0.2)
        x += height * np.exp(-0.5 * ((t - at) / width) ** 2) + t_wave * np.exp(-0.5 * ((t - at - 0.28) / 0.05) ** 2)
    return x, np.rint(times * fs).astype(int)


def stream(x, fs=FS, predict=wide_is_v, chunk=None, **limits):
    m = Monitor(fs, predict, **limits)
    chunk = chunk or len(x)
    events = [e for i in range(0, len(x), chunk) for e in m.push(x[i:i + chunk])]
    return events + m.finish()


def alarms(events, name=None):
    return [(e.name, e.state) if name is None else e for e in events if isinstance(e, Alarm) and name in (None, e.name)]


def labelled(events, stage):
    return [e for e in events if isinstance(e, Beat) and e.stage == stage]


@pytest.fixture(scope="module")
def minute():
    return synthetic_recording(40, fs=FS, seed=3)


@pytest.mark.parametrize("fs", [360, 250])
def test_chunk_size_changes_nothing(fs):
    x = synthetic_recording(25, fs=fs, seed=1).signal.copy()
    x[int(12 * fs):int(15.3 * fs)] = np.nan
    whole = stream(x, fs, fingerprint)
    assert len(whole) > 40 and {"on", "off"} == {e.state for e in alarms(whole, "lead_off")}
    for chunk in (1, 7, 360, 10000):
        assert stream(x, fs, fingerprint, chunk) == whole


def test_real_recording_in_any_chunks(mitdb):
    x = records.read_recording(mitdb / "200").signal[:25 * 360]
    assert stream(x, 360, fingerprint, 7) == stream(x, 360, fingerprint) == stream(x, 360, fingerprint, 1111)


@pytest.mark.parametrize("fs", [128, 360, 500])
def test_labels_come_in_time(fs):
    events = stream(synthetic_recording(30, fs=fs, seed=2).signal, fs)
    final = labelled(events, "final")
    r = [e.sample / fs for e in final]
    said = {e.sample: e.at_s for e in labelled(events, "provisional")}
    late = [k for k in range(len(r) - 1) if r[k] > monitor.LEARN]
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
    rows, positions = beats.extract_beats(minute.signal, beats.detect_r_peaks(minute.signal, FS), FS)
    assert [e.sample for e in final[:-1]] == positions.tolist()
    assert [e.label for e in final[:-1]] == [beats.CLASS_NAMES[i] for i in fingerprint(rows)[0]]


def test_rows_at_another_rate_are_those_of_the_whole_recording():
    made, seen = synthetic_recording(20, fs=250, seed=4), []

    def keep(rows):
        seen.append(rows[0])
        return wide_is_v(rows)

    events = stream(made.signal, 250, keep)
    order = [e.stage for e in events if isinstance(e, Beat) and e.label]
    streamed = np.array([row for row, stage in zip(seen, order) if stage == "final"])
    rows, _ = beats.extract_beats(made.signal, np.array([e.sample for e in labelled(events, "final")]), 250)
    assert streamed.shape == rows.shape and np.abs(streamed - rows).max() < 0.01


@pytest.mark.parametrize("gain, offset", [(1e-3, 0), (200, 1024), (-1, 0)])
def test_unit_offset_and_scale_do_not_matter(minute, gain, offset):
    x = minute.signal[:20 * FS]
    if gain > 0:
        plain, other = stream(x), stream(x * gain + offset)
        assert [e._replace(confidence=None) if isinstance(e, Beat) else e for e in plain] == \
               [e._replace(confidence=None) if isinstance(e, Beat) else e for e in other]
    else:
        assert len(labelled(stream(x * gain), "final")) == len(labelled(stream(x), "final"))


def test_run_of_v_is_told_at_its_third_beat():
    x, r = strip("NNNNNNNNVVNNNVVVVVNNNN", 0.6)
    run_on, run_off = alarms(stream(x), "v_run")
    assert abs(run_on.sample - r[13]) < 10 and run_on.beats == 3 and run_on.rate_bpm == pytest.approx(100, abs=3)
    assert r[16] / FS < run_on.at_s <= r[16] / FS + 0.7                 # 0.7 s after the R peak that follows the third V
    assert run_off.beats == 5 and run_off.duration_s == pytest.approx(2.4, abs=0.05)


def test_pause_goes_by_the_clock():
    x, r = strip("NNNNNNNNNN", [0.8] * 6 + [5.0] + [0.8] * 2)
    on, off = alarms(stream(x), "pause")
    assert abs(on.sample - r[6]) < 5 and r[6] / FS + 3.0 < on.at_s <= r[6] / FS + 3.7
    assert off.duration_s == pytest.approx(5.0, abs=0.03)
    assert not alarms(stream(x, pause=6.0), "pause")


def test_silence_from_the_start_and_to_the_end_is_a_pause():
    rng = np.random.default_rng(1)
    silent = 0.02 * rng.standard_normal(8 * FS)
    on, off = alarms(stream(silent))
    assert on == ("pause", "on") and off == ("pause", "off")
    x, r = strip("NNNNNN", 0.8, tail=6.0)
    on = alarms(stream(x), "pause")[0]
    assert abs(on.sample - r[-1]) < 5


def test_tachycardia_and_bradycardia():
    x, r = strip("N" * 45, [0.8] * 12 + [0.45] * 12 + [0.8] * 4 + [1.4] * 10 + [0.8] * 6)
    found = alarms(stream(x))
    assert found == [("tachycardia", "on"), ("tachycardia", "off"), ("bradycardia", "on"), ("bradycardia", "off")]
    on = alarms(stream(x), "tachycardia")[0]
    crossing = next(k for k in range(8, len(r)) if 60 * 8 * FS / (r[k] - r[k - 8]) > 100)
    assert r[crossing] / FS < on.at_s <= r[crossing] / FS + 0.7 and on.rate_bpm > 100
    assert alarms(stream(x, tachycardia=150, bradycardia=30)) == []


@pytest.mark.parametrize("dead", [np.nan, 0.0, 5.0])
def test_lead_off(dead):
    x, r = strip("N" * 30, 0.8)
    lost = slice(int(10.0 * FS), int(16.0 * FS))
    x[lost] = dead
    events = stream(x)
    assert alarms(events) == [("lead_off", "on"), ("lead_off", "off")]
    on, off = alarms(events, "lead_off")
    assert 12.0 <= on.at_s <= 12.7 and on.time_s >= 10.0 - monitor.HOP and off.duration_s == pytest.approx(6.0, abs=0.8)
    final = labelled(events, "final")
    assert not [e for e in final if 10.1 < e.time_s < 15.9]
    before = [e for e in final if e.time_s < 10]
    assert before[-1].label is None and before[-2].label == "N"
    after = [e for e in final if e.time_s > 16]
    assert after[0].rr_s is None and len(after) >= 10 and all(e.label == "N" for e in after[:-1])


def test_asystole_with_a_living_baseline_is_no_lead_off():
    x, r = strip("NNNNNNNNN", [0.8] * 7 + [9.0])
    x += 0.01 * np.random.default_rng(2).standard_normal(len(x))
    assert {name for name, _ in alarms(stream(x))} - {"bradycardia"} == {"pause"}


def test_stray_missing_samples_cost_one_beat_at_most():
    x, r = strip("N" * 20, 0.8)
    x[int(8.30 * FS):int(8.33 * FS)] = np.nan
    events = stream(x)
    assert alarms(events) == [] and len(labelled(events, "final")) == 20
    assert sum(e.label is None for e in labelled(events, "final")[:-1]) <= 2


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(monitor, "KEEP", 16.0)
    x = strip("NNV" * 60, 0.5)[0]
    m, sizes = Monitor(100, wide_is_v), []
    for i in range(0, len(x), 1000):
        m.push(x[i:i + 1000])
        kept = {key: value for key, value in vars(m).items() if key != "predict"}
        sizes.append(len(pickle.dumps(kept)))
    assert max(sizes[len(sizes) // 2:]) <= max(sizes[:len(sizes) // 2]) + 300


def test_short_streams():
    m = Monitor(FS, wide_is_v)
    assert m.finish() == []
    assert stream(np.zeros(5)) == [] and stream(np.full(100, np.nan)) == []
    assert stream(strip("NN", 0.8, tail=0.6)[0]) != []


@pytest.mark.parametrize("arguments", [dict(fs=20), dict(fs=360, pause=0), dict(fs=360, tachycardia=40),
                                       dict(fs=360, bradycardia=-1)])
def test_limits_that_cannot_be(arguments):
    with pytest.raises(ValueError):
        Monitor(predict=wide_is_v, **arguments)


def test_context_model_gives_the_final_label_within_a_minute():
    """The same in any chunks; a model that would see too few beats is not asked."""
    asked = []

    def context(signal, fs, r_peaks):
        asked.append((len(signal) / fs, len(r_peaks)))
        assert np.all((r_peaks >= 0) & (r_peaks < len(signal)))
        return np.eye(5)[np.full(len(r_peaks), 1)]

    x = synthetic_recording(80, fs=100, seed=6).signal
    found = []
    for chunk in (len(x), 333):
        m = Monitor(100, wide_is_v, context)
        found.append([e for i in range(0, len(x), chunk) for e in m.push(x[i:i + chunk])] + m.finish())
    assert found[0] == found[1]
    final, provisional = labelled(found[0], "final"), labelled(found[0], "provisional")
    assert [e.sample for e in final[:-1]] == [e.sample for e in provisional]
    assert {e.label for e in final[:-1]} == {"S"} and final[-1].label is None
    assert all(e.at_s - e.time_s <= 60 for e in final) and max(e.at_s - e.time_s for e in final) > monitor.DELAY
    assert max(seconds for seconds, _ in asked) <= 80 and all(beats_ >= monitor.ENOUGH for _, beats_ in asked)


def test_two_leads_are_refused():
    with pytest.raises(ValueError, match="one lead"):
        Monitor(FS, wide_is_v).push(np.zeros((10, 2)))


def test_agreement_of_a_recording_with_itself(minute):
    figures, events = monitor.agreement(minute.signal, FS, fingerprint)
    assert figures["beats_stream"] == figures["beats_offline"] == figures["both"] and figures["final_offline"] == 1.0
    assert 0 < figures["provisional_delay_s"]["median"] < 0.7 and figures["provisional_delay_s"]["late"] == 0
    x, _ = strip("NNNNNNNNVVVVNNNNNNNNN", [0.8] * 7 + [0.5] * 4 + [0.8] * 5 + [4.0] + [0.8] * 3)
    figures, _ = monitor.agreement(x, FS, wide_is_v)
    for name in ("v_run", "pause"):
        told = figures["alarms"][name]
        assert (told["events"], told["alarms"], told["missed"], told["false"]) == (1, 1, 0, 0)
        assert 0 < told["delay_max_s"] < 1.6
    monitor.print_agreement([("strip", figures)])


def test_text_and_binary_pipes_give_the_same_samples():
    values = np.array([0, -5, 1200, -32768, 7])
    text = io.BytesIO(b"0\n-5\n\n1200\nnan\n7")
    binary = io.BytesIO(values.astype("<i2").tobytes())
    got = [np.concatenate(list(monitor.read_stream(io.BufferedReader(f), kind))) for f, kind in ((text, "text"), (binary, "i16"))]
    np.testing.assert_array_equal(got[0], got[1])
    assert np.isnan(got[0][3]) and len(got[0]) == 5


def test_lines_for_people():
    say = monitor.Lines()
    assert say(Beat("provisional", 360, 1.0, "V", 0.98, 0.5, 2.0)) == "00:00:01.000  V    98 %   120/min"
    assert say(Beat("final", 360, 1.0, "V", 0.97, 0.5, 2.5)) is None
    say(Beat("provisional", 720, 2.0, "V", 0.6, 1.0, 3.0))
    assert say(Beat("final", 720, 2.0, "N", 0.9, 1.0, 3.5)).split() == ["00:00:02.000", "N", "90", "%", "60/min", "final"]
    assert say(Alarm("v_run", "on", 0, 3723.5, 1.0, 3, 120.0, 9.0)) == "01:02:03.500  ALARM  run of V: 1.0 s, 3 beats, 120/min"


def test_command_line_pipe_equals_pushing(demo, run):
    """The whole program on a pipe, text in and JSON out, against a Monitor with the same weights."""
    x = synthetic_recording(12, fs=250, seed=5).signal.round(4)
    out = run("monitor.py", "-", "--fs", 250, "--json", "--model", "self", "--final", "single", "--weight", demo / "weight",
              input="\n".join(map(str, x)) + "\n").stdout
    told = [json.loads(line) for line in out.splitlines()]
    events = stream(x, 250, monitor.single_beat("self", demo / "weight"))
    assert [[t["sample"], t.get("label"), t["at_s"]] for t in told] == \
           [[e.sample, getattr(e, "label", None), e.at_s] for e in events]
    assert {t["type"] for t in told} <= {"beat", "alarm"} and any(t.get("stage") == "final" for t in told)


@pytest.mark.parametrize("arguments, text, word", [
    (["-"], "", "--fs"), (["-", "--fs", "250"], "1\n2\nhello\n", "line 3"), (["a", "b"], "", "one stream"),
    (["nowhere.csv"], "", "nowhere.csv"), (["--agreement"], "", "FILE"), (["-", "--fs", "5"], "1\n", "fs is 5"),
    (["-", "--fs", "250", "--model", "none_such"], "1\n", "none_such"),
    (["-", "--fs", "250", "--final", "self"], "1\n", "--final self"),
    (["x", "--speed", "-1"], "", "--speed")])
def test_command_line_refuses(demo, refused, arguments, text, word):
    model = [] if "--model" in arguments else ["--model", "self"]
    assert word in refused("monitor.py", *arguments, *model, "--weight", demo / "weight", input=text)
