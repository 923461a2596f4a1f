"""Holter summaries of hand-made beats whose truth is obvious, and of MIT-BIH's own annotations."""

import json

import numpy as np
import pytest
import wfdb

from ecg.beats import classes_of
from ecg.formats.annotation import read_annotation
from ecg.holter import summary, ventricular_tachycardia
from ecg.hrv import hrv

FS = 100


def beats(letters, rr, fs=FS, start=0.5):
    """Samples and labels of `letters`; rr: seconds before each beat after the first, one value or
    one a beat."""
    rr = np.broadcast_to(rr, len(letters) - 1)
    return np.rint(np.append(start, start + np.cumsum(rr)) * fs).astype(int), list(letters)


def summed(letters, rr, unreadable=(), tail=0.5):
    samples, labels = beats(letters, rr)
    return summary(samples, labels, FS, int(samples[-1] + tail * FS), unreadable)


def spans(group):
    return [(e["beats"], round(e["time_s"], 3), round(e["duration_s"], 3)) for e in group["events"]]


def test_steady_rhythm():
    s = summed("N" * 121, 0.75)
    rate = s["heart_rate"]
    assert s["beats"] == {"total": 121, "labelled": 121, "N": 121, "S": 0, "V": 0, "F": 0, "Q": 0}
    assert s["burden_percent"]["N"] == 100 and s["burden_percent"]["V"] == 0
    assert (
        rate["mean_bpm"] == pytest.approx(80)
        and rate["min_bpm"] == pytest.approx(80)
        and rate["max_bpm"] == pytest.approx(80)
    )
    assert rate["trend"]["time_s"] == [0, 60] and rate["trend"]["mean_bpm"] == pytest.approx(
        [80, 80]
    )
    assert s["hrv"]["nn_intervals"] == 120 and s["hrv"]["sdnn_ms"] == s["hrv"]["rmssd_ms"] == 0
    assert all(
        group["count"] == 0 for group in s.values() if isinstance(group, dict) and "count" in group
    )


def test_rate_extremes_have_their_time():
    s = summed("N" * 41, [1.0] * 10 + [0.5] * 10 + [0.8] * 10 + [1.5] * 10)
    rate = s["heart_rate"]
    assert rate["max_bpm"] == pytest.approx(120) and rate["max_time_s"] == pytest.approx(10.5)
    assert rate["min_bpm"] == pytest.approx(40) and rate["min_time_s"] == pytest.approx(23.5)
    assert rate["mean_bpm"] == pytest.approx(60 * 40 / 38)
    fast, slow = s["tachycardia"], s["bradycardia"]
    assert (fast["count"], slow["count"]) == (1, 1)
    assert fast["longest"]["extreme_bpm"] == pytest.approx(120) and slow["slowest"][
        "extreme_bpm"
    ] == pytest.approx(40)
    assert (
        fast["longest"]["time_s"] <= 10.5
        and fast["longest"]["time_s"] + fast["longest"]["duration_s"] >= 15.5
    )


def test_one_premature_beat_sets_no_rate():
    s = summed("N" * 10 + "V" + "N" * 10, [0.8] * 9 + [0.4, 1.2] + [0.8] * 9)
    assert s["heart_rate"]["max_bpm"] < 85 and s["heart_rate"]["min_bpm"] > 70
    assert s["v_runs"]["count"] == 0 and s["forms"]["V"] == {"single": 1, "couplet": 0, "run": 0}


def test_couplets_runs_and_kinds():
    #          0   1    2    3    4    5    6    7    8    9    10   11   12   13   14
    letters = "NVVNVVVNSSSSNVN"
    s = summed(letters, [0.8, 0.4, 0.9, 0.5, 0.4, 0.4, 0.9, 0.5, 0.5, 0.5, 0.5, 0.9, 0.5, 1.0])
    assert spans(s["v_couplets"]) == [(2, 1.3, 0.4)]
    assert spans(s["v_runs"]) == [(3, 3.1, 0.8)]
    run = s["v_runs"]["longest"]
    assert (
        run["rate_bpm"] == pytest.approx(150) and run["kind"] == "VT" and run["sustained"] is False
    )
    assert run["sample"] == 310 and run["end_sample"] == 390
    assert spans(s["s_runs"]) == [(4, 5.3, 1.5)] and s["s_couplets"]["count"] == 0
    assert s["forms"] == {
        "V": {"single": 1, "couplet": 2, "run": 3},
        "S": {"single": 0, "couplet": 0, "run": 4},
    }


def test_slow_and_sustained_runs_longest_and_fastest():
    s = summed(
        "N" + "V" * 4 + "N" + "V" * 101 + "N" + "V" * 3 + "N",
        [0.8] + [0.8] * 3 + [1.0, 0.5] + [0.35] * 100 + [1.0, 0.5] + [0.3] * 2 + [1.0],
    )
    slow, long, fast = s["v_runs"]["events"]
    assert (slow["kind"], slow["sustained"]) == ("slow", False) and slow[
        "rate_bpm"
    ] == pytest.approx(75)
    assert (long["kind"], long["sustained"]) == ("VT", True) and long[
        "duration_s"
    ] == pytest.approx(35)
    assert (
        s["v_runs"]["longest"] == long
        and s["v_runs"]["fastest"] == fast
        and fast["rate_bpm"] == pytest.approx(200)
    )


@pytest.mark.parametrize(
    "letters, bigeminy, trigeminy",
    [
        ("NVNVNVN", 1, 0),
        ("NVNVN", 0, 0),
        ("VNVNV", 1, 0),
        ("NNVNNVNNVN", 0, 1),
        ("VNNVNNV", 0, 1),
        ("NNVNNVNN", 0, 0),
        ("NVNVNVNNVNNVNNVN", 1, 1),  # the last V of the one is the first of the other
        ("NVNVNVVNVNVN", 2, 0),  # a couplet ends one and begins another
        ("QVQVQVQ", 1, 0),
        ("NVSVNVN", 0, 0),
        ("NVFVNVN", 0, 0),
        ("NV?VNVN", 0, 0),
    ],
)
def test_bigeminy_trigeminy(letters, bigeminy, trigeminy):
    s = summed(letters, 0.6)
    assert (s["v_bigeminy"]["count"], s["v_trigeminy"]["count"]) == (bigeminy, trigeminy)
    assert (s["s_bigeminy"]["count"], s["s_trigeminy"]["count"]) == (0, 0)
    swapped = summed(letters.translate(str.maketrans("VS", "SV")), 0.6)
    assert (swapped["s_bigeminy"]["count"], swapped["s_trigeminy"]["count"]) == (
        bigeminy,
        trigeminy,
    )


def test_bigeminy_counts_from_first_to_last_ectopic_beat():
    group = summed("NNVNVNVNN", 0.6)["v_bigeminy"]
    assert spans(group) == [(5, 1.7, 2.4)]


def test_pauses():
    s = summed("NNNNN", [1.0, 2.0, 1.99, 3.5])
    assert [(e["time_s"], e["duration_s"], e["open"]) for e in s["pauses"]["events"]] == [
        (1.5, 2.0, False),
        (5.49, 3.5, False),
    ]
    assert s["pauses"]["over_3_s"] == 1 and s["pauses"]["longest"]["duration_s"] == 3.5


def test_nothing_is_counted_across_unreadable_signal():
    letters, rr = "NVVVN" + "N" * 10, [0.8, 0.4, 0.4, 0.8, 9.5] + [0.8] * 9
    whole = summed(letters, rr)
    assert whole["v_runs"]["count"] == 1 and whole["pauses"]["count"] == 1
    gap = [(340, 1200), (180, 185)]  # the long interval, and between the second and the third V
    s = summed(letters, rr, gap)
    assert (
        s["v_runs"]["count"] == 0
        and s["v_couplets"]["count"] == 1
        and s["forms"]["V"]["single"] == 1
    )
    assert s["pauses"]["count"] == 0
    assert s["readable_s"] == pytest.approx(s["duration_s"] - 8.65)
    assert s["heart_rate"]["mean_bpm"] == pytest.approx(60 * 12 / (0.8 + 0.4 + 0.8 + 7.2))
    overlapping = summed(letters, rr, [(180, 184), (182, 185), (340, 900), (400, 700), (900, 1200)])
    assert overlapping == s


def test_silence_beside_an_end_or_unreadable_signal_is_an_open_pause():
    s = summed("NNN", [1.0, 8.0], [(400, 500)], tail=4.0)
    assert [(e["time_s"], e["duration_s"], e["open"]) for e in s["pauses"]["events"]] == [
        (1.5, 2.5, True),
        (5.0, 4.5, True),
        (9.5, 4.0, True),
    ]
    silent = summary([], [], FS, 1000)
    assert silent["pauses"]["longest"] == {
        "time_s": 0,
        "duration_s": 10,
        "sample": 0,
        "end_sample": 1000,
        "open": True,
    }
    assert summary([], [], FS, 1000, [(0, 1000)])["pauses"]["count"] == 0


@pytest.mark.parametrize(
    "samples, labels, n",
    [([], [], 0), ([], [], 150), ([50], [0], 150), ([50], [-1], 150), ([50, 150], [2, 2], 200)],
)
def test_empty_and_short_recordings_are_json(samples, labels, n):
    s = summary(samples, labels, FS, n)
    json.dumps(s, allow_nan=False)
    assert s["heart_rate"]["min_bpm"] is None and s["v_runs"]["longest"] is None
    assert s["heart_rate"]["mean_bpm"] == (60 if len(samples) == 2 else None)
    assert s["burden_percent"]["V"] == (
        None if not s["beats"]["labelled"] else 100.0 * (2 in labels)
    )


def test_unlabelled_beats_bound_intervals_and_end_runs():
    s = summed("VVVVV", 0.5)
    broken = summed("VV?VV", 0.5)
    assert (
        s["v_runs"]["count"] == 1
        and broken["v_runs"]["count"] == 0
        and broken["v_couplets"]["count"] == 2
    )
    assert broken["beats"]["labelled"] == 4 and broken["burden_percent"]["V"] == 100
    assert broken["heart_rate"]["mean_bpm"] == s["heart_rate"]["mean_bpm"] == 120


def test_hrv_is_that_of_the_same_beats():
    letters, rr = "NNNNVNNN" * 5, [*([0.8, 0.9, 0.8, 0.4, 1.2, 0.8, 0.9, 0.8] * 5)[:-1]]
    samples, labels = beats(letters, rr)
    n, lost = samples[-1] + 50, [(800, 810), (805, 811)]
    found = summary(samples, labels, FS, n, lost)["hrv"]
    assert found == hrv(samples, labels, FS, n, lost)._asdict()
    assert found["nn_intervals"] == 28 and found["sdnn_ms"] > 40 and found["reason"] is None


@pytest.mark.parametrize(
    "arguments, word",
    [
        (([1, 2], [0], FS, 100), "one label a beat"),
        (([2, 1], [0, 0], FS, 100), "increase"),
        (([100], [0], FS, 100), "within"),
        (([1], [5], FS, 100), "0..4"),
        (([1], ["X"], FS, 100), "X"),
        (([1], [0], 0, 100), "sampling rate"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arguments, word):
    with pytest.raises(ValueError, match=word):
        summary(*arguments)


def naive_runs(labels, wanted, least, most=10**9):
    found, i = [], 0
    while i < len(labels):
        j = i
        while j < len(labels) and labels[j] == wanted:
            j += 1
        if least <= j - i <= most:
            found.append((i, j - 1))
        i = max(j, i + 1)
    return found


def annotated(folder, record):
    samples, symbols, _, aux, _ = read_annotation(folder / record)
    classes = classes_of(symbols)
    n = wfdb.rdheader(str(folder / record)).sig_len
    rhythm = [(i, a.strip("\0")) for i, a in zip(samples, aux) if a.startswith("(")]
    stretches = [(a, i, j) for (i, a), (j, _) in zip(rhythm, [*rhythm[1:], (n, "")])]
    return samples[classes >= 0], classes[classes >= 0], n, stretches


@pytest.mark.parametrize("record", ["119", "200", "208", "233", "232", "excerpt/213"])
def test_mitbih_runs_are_those_of_a_plain_loop(minutes, record):
    samples, labels, n, _ = annotated(minutes, record)
    s = summary(samples, labels, 360, n)
    for key, wanted in (("v", 2), ("s", 1)):
        for name, least, most in (("runs", 3, 10**9), ("couplets", 2, 2)):
            expected = [
                (samples[i], samples[j])
                for i, j in naive_runs(labels.tolist(), wanted, least, most)
            ]
            assert [
                (e["sample"], e["end_sample"]) for e in s[f"{key}_{name}"]["events"]
            ] == expected
    assert sum(s["forms"]["V"].values()) == s["beats"]["V"] == np.sum(labels == 2)


@pytest.mark.parametrize(
    "record, key, mark",
    [
        ("119", "v_bigeminy", "(B"),
        ("119", "v_trigeminy", "(T"),
        ("200", "v_bigeminy", "(B"),
        ("233", "v_bigeminy", "(B"),
    ],
)
def test_mitbih_bigeminy_lies_where_cardiologists_marked_it(mitdb, record, key, mark):
    """Seconds found among those marked as bigeminy (trigeminy), and the other way round. MIT-BIH
    marks it from other limits (the normal beat before, shorter stretches), so it cannot be all;
    every stretch of 4 or more ectopic beats must be found."""
    samples, labels, n, stretches = annotated(mitdb, record)
    events = summary(samples, labels, 360, n)[key]["events"]
    marked, found = np.zeros(n, bool), np.zeros(n, bool)
    for name, i, j in stretches:
        if name == mark:
            marked[i:j] = True
            if np.sum((labels == 2) & (samples >= i) & (samples < j)) >= 4:
                assert any(e["sample"] < j and e["end_sample"] > i for e in events), (
                    i / 360,
                    j / 360,
                )
    for e in events:
        found[e["sample"] : e["end_sample"]] = True
    assert np.mean(found[marked]) > 0.8 and np.mean(marked[found]) > 0.8


def test_mitbih_ventricular_tachycardia_lies_where_it_is_marked(minutes):
    tachycardia_lies_where_it_is_marked(minutes, ("233", "excerpt/213"))


def test_mitbih_ventricular_tachycardia_of_whole_records(mitdb):
    tachycardia_lies_where_it_is_marked(mitdb, ("200", "233"))


def tachycardia_lies_where_it_is_marked(folder, names):
    """Every run of 3 V overlaps an annotated (VT and the other way round, where V alone make it
    up."""
    for record in names:
        samples, labels, n, stretches = annotated(folder, record)
        runs = summary(samples, labels, 360, n)["v_runs"]["events"]
        marked = [(i, j) for name, i, j in stretches if name in ("(VT", "(IVR")]
        assert runs and all(
            any(e["sample"] < j and e["end_sample"] >= i for i, j in marked) for e in runs
        )
        for i, j in marked:
            inside = labels[(samples >= i) & (samples < j)]
            if np.sum(inside == 2) >= 3 and np.all(inside[:3] == 2):
                assert any(e["sample"] < j and e["end_sample"] >= i for e in runs)


def test_ventricular_tachycardia_is_a_fast_run():
    letters = "NNVVVNNVVNNVVVVNN"
    rr = np.full(len(letters) - 1, 0.5)  # 120/min
    rr[11:14] = 0.7  # the second run is slow
    samples, labels = beats(letters, rr)
    found = ventricular_tachycardia(samples, labels, FS, samples[-1] + 10)
    assert found.tolist() == [[samples[2], samples[4]]]
    gap = [(samples[3] + 1, samples[3] + 5)]
    assert len(ventricular_tachycardia(samples, labels, FS, samples[-1] + 10, gap)) == 0


def test_withheld_stretches_reach_the_heart_rate_variability():
    samples, labels = beats("N" * 121, 0.75)
    n = int(samples[-1]) + 10
    af = [(0, n, "atrial fibrillation or flutter")]
    assert summary(samples, labels, FS, n)["hrv"]["sdnn_ms"] is not None
    found = summary(samples, labels, FS, n, (), af)
    assert found["hrv"]["sdnn_ms"] is None and "atrial fibrillation" in found["hrv"]["reason"]
    assert found["heart_rate"]["mean_bpm"] is not None
