"""Heart-rate variability of made-up rhythms whose truth is known, against neurokit2, and of
MIT-BIH."""

import json
import time

import numpy as np
import pytest

from ecg.beats import classes_of
from ecg.clock import Clock
from ecg.formats import read_recording
from ecg.formats.annotation import read_annotation
from ecg.hrv import by_period, hrv, withheld_in
from ecg.labelling import label_recording
from ecg.prediction import open_onnx
from ecg.weights import find_weights
from tests.ecg.rhythm.looks import told

FS = 1000
FIGURES = ("mean_nn_ms", "sdnn_ms", "rmssd_ms", "pnn50_percent")


def sinus(n=300, seed=0, mean=800, spread=40):
    """R peaks (n + 1,) in ms of a rhythm that breathes a little."""
    rng = np.random.default_rng(seed)
    rr = mean + spread * np.sin(np.arange(n) / 3) + spread / 2 * rng.uniform(-1, 1, n)
    return np.append(500, 500 + np.cumsum(np.rint(rr).astype(int)))


def of(samples, labels=None, unreadable=(), stretches=(), fs=FS, function=hrv, **more):
    labels = ["N"] * len(samples) if labels is None else labels
    return function(samples, labels, fs, samples[-1] + 500, unreadable, stretches, **more)


def values(found):
    return [getattr(found, name) for name in FIGURES]


@pytest.mark.parametrize("seed, mean, spread", [(0, 800, 80), (1, 600, 10), (2, 1100, 110)])
def test_equals_neurokit2(seed, mean, spread):
    neurokit2 = pytest.importorskip("neurokit2")
    samples = sinus(400, seed, mean, spread)
    found = of(samples)
    peer = neurokit2.hrv_time(samples, sampling_rate=FS).iloc[0]
    names = ("HRV_MeanNN", "HRV_SDNN", "HRV_RMSSD", "HRV_pNN50")
    expected = [float(peer[name]) for name in names]
    expected[-1] *= 400 / 399  # neurokit2 divides by the intervals, not by their differences
    assert found.nn_intervals == 400 and found.artefacts == 0 and found.reason is None
    assert values(found) == pytest.approx(expected, rel=1e-6)
    assert seed == 1 or 1 < found.pnn50_percent < 99


def test_equals_the_plain_formulas():
    samples = sinus()
    rr = np.diff(samples)
    differences = np.diff(rr)
    assert values(of(samples)) == pytest.approx(
        [
            rr.mean(),
            np.sqrt(((rr - rr.mean()) ** 2).sum() / (len(rr) - 1)),
            np.sqrt((differences**2).mean()),
            100 * (np.abs(differences) > 50).mean(),
        ]
    )


def test_a_difference_of_50_ms_does_not_exceed_50_ms():
    """18 samples at 360 Hz, whose difference in ms has a rounding error."""
    samples = np.cumsum(np.tile([300, 318], 50))
    assert of(samples, fs=360).pnn50_percent == 0
    assert of(np.cumsum(np.tile([300, 319], 50)), fs=360).pnn50_percent == 100


@pytest.mark.parametrize("letter", ["V", "S", "F", "Q", "?"])
def test_both_intervals_of_an_ectopic_or_unlabelled_beat_are_left_out(letter):
    samples = sinus()
    labels = np.array(["N"] * len(samples), object)
    labels[100] = letter
    early = samples.copy()
    early[100] -= 350
    found = of(early, labels)
    rr = np.diff(samples)
    kept = np.r_[rr[:99], rr[101:]]
    differences = np.r_[np.diff(rr[:99]), np.diff(rr[101:])]
    assert (found.nn_intervals, found.nn_pairs, found.artefacts) == (298, 296, 0)
    assert found.sdnn_ms == pytest.approx(np.std(kept, ddof=1))
    assert found.rmssd_ms == pytest.approx(np.sqrt((differences**2).mean()))


@pytest.mark.parametrize("what", ["missed", "invented", "early", "late"])
def test_artefacts_are_left_out(what):
    samples = sinus()
    truth = of(samples)
    if what == "missed":
        samples = np.delete(samples, 100)
    elif what == "invented":
        samples = np.insert(samples, 100, (samples[99] + samples[100]) // 2)
    else:
        samples[100] += 300 if what == "late" else -300
    found = of(samples)
    assert found.nn_intervals >= 298 and found.artefacts == (1 if what == "missed" else 2)
    assert values(found) == pytest.approx(values(truth), rel=0.02)


def test_what_no_normal_interval_can_last_is_left_out():
    samples = np.concatenate([sinus(), sinus()[-1] + 2300 + sinus()])
    assert of(samples).nn_intervals == 600 and of(samples).artefacts == 0
    short = np.cumsum(np.full(200, 250))
    assert of(short).nn_intervals == 0


def test_unreadable_and_withheld_stretches_are_counted_nowhere():
    samples = sinus()
    middle = (samples[100] + 1, samples[120])
    cut = of(samples, unreadable=[middle])
    assert cut.nn_intervals == 280 and cut.nn_pairs == 278
    assert cut == of(samples, unreadable=[(*middle, "noise")])
    assert cut == of(samples, stretches=[(*middle, "atrial fibrillation")])
    late = samples.copy()
    late[110] += 200  # within it: nothing changes
    assert cut == of(late, unreadable=[middle])


def test_withheld_with_the_reason():
    samples = sinus()
    end = samples[-1] + 500
    fibrillation = [(0, int(0.6 * end), "atrial fibrillation"), (end - 900, end, "noise")]
    found = of(samples, stretches=fibrillation)
    assert values(found) == [None] * 4 and found.reason == "atrial fibrillation: 60% of the time"
    assert of(samples, unreadable=[(0, int(0.7 * end))]).reason == "unreadable: 70% of the time"
    assert of(samples, stretches=[(0, int(0.4 * end), "noise")]).sdnn_ms is not None
    assert of(samples[:20]).reason == "too few normal intervals: 19 of at least 20"
    assert of(samples[:21]).reason is None
    pairs = np.array(["N", "N", "V"] * 100, object)
    found = of(sinus(299), pairs)
    assert found.nn_intervals == 100 and found.sdnn_ms > 0 and found.rmssd_ms is None
    assert found.reason == "too few successive normal intervals: 0 of at least 10"
    paced = np.array(["Q"] * 265 + ["N"] * 36, object)
    assert of(samples, paced).sdnn_ms is not None
    paced[:275] = "Q"
    assert of(samples, paced).reason == "normal intervals are 8% of the time only"


def test_fibrillation_that_nobody_named_is_irregular():
    rng = np.random.default_rng(0)
    samples = np.cumsum(rng.gamma(12, 60, 400).astype(int).clip(310, 1900))
    found = of(samples)
    assert values(found) == [None] * 4 and found.reason.startswith("irregular: ")
    assert of(sinus(spread=100)).reason is None, "breathing alone is not"


def test_by_period_is_hrv_of_each_period():
    samples = sinus(1000)
    rows = of(samples, function=by_period, seconds=100)
    assert [row["start_s"] for row in rows] == [100.0 * k for k in range(len(rows))]
    assert rows[-1]["stop_s"] == (samples[-1] + 500) / FS
    assert sum(row["nn_intervals"] for row in rows) == 1000
    assert sum(row["nn_pairs"] for row in rows) == 999
    inside = samples[np.searchsorted(samples, 300_000) - 1 : np.searchsorted(samples, 400_000)]
    assert rows[3]["sdnn_ms"] == pytest.approx(np.std(np.diff(inside), ddof=1))
    assert rows[3]["mean_nn_ms"] == pytest.approx(np.diff(inside).mean())
    json.dumps(rows, allow_nan=False)


def test_periods_begin_at_round_times_of_the_clock():
    rows = of(sinus(1000), function=by_period, clock=Clock(10 * 3600 + 60.5))
    assert [row["start_s"] for row in rows] == [0, 239.5, 539.5]
    stretches = [(240_000, 500_000, "noise")]
    rows = of(sinus(1000), function=by_period, stretches=stretches, clock=Clock(36060.5))
    reasons = [row["reason"] for row in rows]
    assert reasons == [None, "noise: 87% of the time", None]
    assert rows[1]["sdnn_ms"] is None and rows[2]["sdnn_ms"] > 0


@pytest.mark.parametrize("samples, n", [([], 0), ([], 150), ([50], 150), ([50, 150], 200)])
def test_empty_and_short_recordings(samples, n):
    found = hrv(samples, [0] * len(samples), 100, n)
    assert values(found) == [None] * 4 and found.reason.startswith("too few normal intervals")
    assert len(by_period(samples, [0] * len(samples), 100, n)) == (n > 0)
    with pytest.raises(ValueError, match="one label a beat"):
        hrv([*samples, 160], [0] * len(samples), 100, n)


def test_a_day_takes_no_time():
    samples = sinus(100_000)
    labels = np.zeros(len(samples), int)
    labels[::17] = 2
    lost = [(int(at), int(at) + 3000) for at in samples[::500]]
    start = time.process_time()
    assert len(by_period(samples, labels, FS, samples[-1] + 500, lost)) > 250
    assert time.process_time() - start < 0.2


def reference(mitdb, record):
    found = read_annotation(mitdb / record)
    classes = classes_of(found.symbols)
    return found.samples[classes >= 0], classes[classes >= 0]


def test_mitbih_detected_beats_as_reference_beats(mitdb):
    """208, half of whose beats are ectopic: where beats called N are not, plain SDNN and RMSSD of
    detected beats are many times too large."""
    recording = read_recording(mitdb / "208", 0, second="auto")
    n = len(recording.signal)
    expected = hrv(*reference(mitdb, "208"), 360, n)
    model = open_onnx(find_weights("context_interpatient", "weight", ".onnx"), 1)
    beats = label_recording(recording, lambda n_beats: model).beats
    found = hrv(beats["sample"], beats["label"], 360, n, beats.attrs["unreadable"])
    assert (round(expected.sdnn_ms), round(expected.rmssd_ms)) == (54, 24)
    assert found.sdnn_ms == pytest.approx(expected.sdnn_ms, rel=0.05)
    assert found.rmssd_ms == pytest.approx(expected.rmssd_ms, rel=0.05)
    assert found.nn_intervals == pytest.approx(expected.nn_intervals, rel=0.05)


@pytest.mark.parametrize("record", ["203", "219", "221", "210"])
def test_mitbih_fibrillation_is_irregular_and_sinus_rhythm_is_not(mitdb, record):
    n = 650_000
    assert hrv(*reference(mitdb, record), 360, n).reason.startswith("irregular")
    assert hrv(*reference(mitdb, "113"), 360, n).reason is None  # sinus arrhythmia


def test_af_and_noise_are_withheld_but_not_other_rhythms():
    rhythm = told((0, 100, "N"), (100, 400, "AF"), (400, 401, "VT"), (401, 500, "noise"))
    stretches = withheld_in(rhythm, FS)
    assert stretches == [
        (100_000, 400_000, "atrial fibrillation or flutter"),
        (401_000, 500_000, "noise"),
    ]
    samples = sinus(600)
    assert of(samples, stretches=stretches).reason.startswith("atrial fibrillation or flutter: 6")
    assert of(samples, stretches=withheld_in(told((0, 500, "other")), FS)).reason is None
    assert withheld_in(None, FS) == []
