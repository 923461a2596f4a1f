"""R peaks: against annotations, and what must not change them; what cannot be read; input of any
kind."""

import numpy as np
import pytest
from scipy import signal as sps

from benchmarks.rpeaks_parts import records, scores
from ecg import formats
from ecg.formats.annotation import annotated_records
from ecg.rpeaks import detect_r_peaks, find_beats, find_beats_in_leads, unreadable


def synthetic(fs=360.0, seconds=60.0, seed=0, pause=(0, 0)):
    """(ecg in mV with a little noise, true R peaks): an irregular rhythm, P, QRS and T as
    Gaussians; no beats in `pause` (s)."""
    rng = np.random.default_rng(seed)
    r = np.cumsum(np.clip(0.85 + 0.12 * rng.standard_normal(int(2 * seconds)), 0.5, 1.3)) + 0.2
    r = r[(r < seconds - 0.3) & ((r < pause[0]) | (r > pause[1]))]
    t = np.arange(int(seconds * fs)) / fs
    x = np.zeros(len(t))
    for at, height, width in (
        (-0.17, 0.12, 0.02),
        (-0.03, -0.1, 0.009),
        (0, 1.1, 0.011),
        (0.03, -0.25, 0.01),
        (0.25, 0.3, 0.045),
    ):
        for peak in r:
            near = slice(*np.searchsorted(t, [peak + at - 6 * width, peak + at + 6 * width]))
            x[near] += height * np.exp(-0.5 * ((t[near] - peak - at) / width) ** 2)
    # the same noise at every rate, so that only the rate differs
    noise = np.random.default_rng(seed + 1).standard_normal(int(seconds * 50) + 2)
    return x + 0.01 * np.interp(t, np.arange(len(noise)) / 50, noise), np.rint(r * fs).astype(
        np.int64
    )


def hits(true, found, fs, window=0.02):
    return len(scores.match(true, found, window * fs))


def assert_found(true, found, fs, window=0.02):
    assert hits(true, found, fs, window) == len(true) == len(found), (len(true), len(found))


@pytest.mark.parametrize(
    "name, least",
    [("100", 99.9), ("108", 99.4), ("203", 99.0), ("207", 99.5), ("217", 99.7), ("222", 99.8)],
)
def test_annotated_records(mitdb, name, least):
    record = records.read_record(mitdb / name)
    *counts, off = scores.errors(record, detect_r_peaks(record.signal, 360))
    assert scores.f1(*counts) >= least
    assert np.abs(off).mean() < 15  # 217 is paced: its wide QRS has no one peak


def test_all_first_minutes(minutes):
    found = np.zeros(3, int)
    for name in annotated_records(minutes):
        record = records.read_record(minutes / name)
        *counts, _ = scores.errors(record, detect_r_peaks(record.signal, 360))
        found += counts
    assert found[0] > 3300 and scores.f1(*found) >= 99.7


def test_real_record_at_other_rates_scales_and_kinds(excerpt):
    x = formats.read_wfdb(excerpt).signal
    home = detect_r_peaks(x, 360)
    assert home.dtype == np.int64 and len(home) > 300
    for scale, offset in ((1e-4, 0), (1e4, 0), (1, 1e4), (200, 1024), (1e-3, -5)):
        np.testing.assert_array_equal(detect_r_peaks(x * scale + offset, 360), home)
    np.testing.assert_array_equal(detect_r_peaks(x.astype(np.float32), 360), home)
    np.testing.assert_array_equal(detect_r_peaks(np.rint(x * 200).astype(np.int16), 360), home)
    np.testing.assert_array_equal(detect_r_peaks(-x, 360), home)
    for rate in (100, 128, 250, 500, 1000):
        found = detect_r_peaks(sps.resample_poly(x, rate, 360, padtype="line"), rate) * 360 / rate
        assert hits(home, found, 360, 0.0101) >= 0.98 * len(home), rate


@pytest.mark.parametrize("name", ["108", "114", "200", "207", "233"])
def test_a_lead_upside_down_has_the_same_peaks(minutes, name):
    x = formats.read_wfdb(minutes / name).signal  # biphasic, small or changing QRS complexes
    home, turned = find_beats(x, 360), find_beats(-x, 360)
    np.testing.assert_array_equal(turned[0], home[0])
    assert turned[1] == home[1]


@pytest.mark.parametrize("fs", [50, 72.3, 100, 128, 200, 256.4, 360, 512, 1000, 2000])
def test_any_rate(fs):
    x, true = synthetic(fs)
    assert_found(true, detect_r_peaks(x, fs), fs, 0.03)
    assert unreadable(x, fs) == []


def test_chunks_do_not_change_the_result(excerpt):
    x = formats.read_wfdb(excerpt).signal.copy()
    x[30000:50000] = np.nan
    x[70000:71000] = x[70000]
    whole = detect_r_peaks(x, 360, chunk=1e9), unreadable(x, 360, chunk=1e9)
    for chunk in (2.0, 7.7, 60):
        np.testing.assert_array_equal(detect_r_peaks(x, 360, chunk=chunk), whole[0])
    assert unreadable(x, 360, chunk=7.7) == whole[1]


def test_input_is_left_alone():
    x, _ = synthetic()
    x[500] = np.nan
    x[3000] += 40
    before = x.copy()
    detect_r_peaks(x, 360)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    "hole, reason", [(np.nan, "missing"), (np.inf, "missing"), (0.0, "flat"), (-4.0, "clipped")]
)
@pytest.mark.parametrize("start, stop", [(0, 20), (20, 40), (40, 60)])
def test_gap_at_head_middle_and_tail(hole, reason, start, stop):
    fs = 250
    x, true = synthetic(fs)
    x[start * fs : stop * fs] = hole
    readable = true[(true < (start - 0.1) * fs) | (true > (stop + 0.1) * fs)]
    found = detect_r_peaks(x, fs)
    assert_found(readable, found[(found < (start - 0.1) * fs) | (found > (stop + 0.1) * fs)], fs)
    assert not ((found >= start * fs) & (found < stop * fs)).any()
    ((a, b, why),) = unreadable(x, fs)
    assert why == reason and abs(a - start * fs) <= 2 and abs(b - stop * fs) <= 2


@pytest.mark.parametrize("kind", ["white", "muscle", "brown"])
def test_noise_between_readable_parts(kind):
    fs = 360
    x, true = synthetic(fs, 180)
    rng = np.random.default_rng(3)
    noise = rng.standard_normal(60 * fs)
    if kind == "muscle":
        noise = sps.sosfilt(sps.butter(4, [30, 150], "bandpass", fs=fs, output="sos"), noise)
    elif kind == "brown":
        noise = 0.1 * np.cumsum(noise)
    x[60 * fs : 120 * fs] = noise
    found, spans = detect_r_peaks(x, fs), unreadable(x, fs)
    outside = lambda at: at[(at < 59 * fs) | (at > 121 * fs)]  # noqa: E731
    assert hits(outside(true), outside(found), fs) >= len(outside(true)) - 2
    assert ((found > 60 * fs) & (found < 120 * fs)).sum() <= 6  # of about 80 peaks of the noise
    assert sum(b - a for a, b, why in spans if why == "noise") > 54 * fs


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("seconds", [10, 36, 300])
def test_pure_noise_has_no_beats(seconds, seed):
    x = np.random.default_rng(seed).standard_normal(seconds * 360)
    assert len(detect_r_peaks(x, 360)) == 0
    assert len(detect_r_peaks(np.cumsum(x), 360)) == 0


@pytest.mark.parametrize(
    "x",
    [
        np.zeros(9000),
        np.full(9000, np.nan),
        np.linspace(0, 1, 9000),
        np.full(9000, np.inf),
        np.sin(2 * np.pi * 50 / 360 * np.arange(9000)),
    ],
    ids=["flat", "NaN", "ramp", "inf", "hum"],
)
def test_nothing_to_find(x):
    assert len(detect_r_peaks(x, 360)) == 0


@pytest.mark.parametrize("n", [0, 1, 20, 360])
def test_too_short_is_empty(n):
    found = detect_r_peaks(synthetic()[0][:n], 360)
    assert len(found) == 0 and found.dtype == np.int64
    assert unreadable(synthetic()[0][:n], 360) == []


def test_ten_seconds_are_enough():
    x, true = synthetic(seconds=10)
    assert_found(true, detect_r_peaks(x, 360), 360)


def test_scattered_missing_samples_cost_nothing():
    x, true = synthetic()
    x[np.random.default_rng(0).random(len(x)) < 0.2] = np.nan
    assert_found(true, detect_r_peaks(x, 360), 360)


@pytest.mark.parametrize("width, height", [(1, 30.0), (1, -30.0), (2, 20.0), (3, -15.0)])
def test_spikes_are_no_beats(width, height):
    x, true = synthetic()
    for at in range(200, len(x) - 10, 500):
        x[at : at + width] += height
    assert_found(true, detect_r_peaks(x, 360), 360)


def test_a_pause_stays_empty():
    x, true = synthetic(seconds=120, pause=(60, 75))
    found = detect_r_peaks(x, 360)
    assert_found(true, found, 360)
    assert np.diff(found).max() > 14 * 360


def test_clipped_tops_are_still_beats():
    x, true = synthetic()
    assert_found(true, detect_r_peaks(np.clip(x, -0.2, 0.5), 360), 360, 0.03)


@pytest.mark.parametrize(
    "ecg, fs, word",
    [
        (np.zeros((100, 2)), 360, "shape"),
        (np.zeros(1000), 20, "50 to 2000"),
        (np.zeros(1000), np.nan, "50 to 2000"),
        (np.zeros(1000), 5000, "50 to 2000"),
        (np.array(["a", "b"]), 360, "real numbers"),
        (np.zeros(1000, complex), 360, "real"),
    ],
)
def test_wrong_input_is_refused(ecg, fs, word):
    with pytest.raises(ValueError, match=word):
        detect_r_peaks(ecg, fs)


def test_the_second_lead_is_asked_where_the_first_cannot_be_read():
    fs = 250
    x, true = synthetic(fs)
    hole = slice(20 * fs, 40 * fs)
    first, second = x.copy(), -x
    first[hole] = np.nan
    second[35 * fs : 50 * fs] = np.nan
    found = find_beats_in_leads([first, second], fs)
    readable = true[(true < 34.9 * fs) | (true > 40.1 * fs)]
    assert_found(readable, found.peaks, fs)
    inside = (found.peaks >= hole.start) & (found.peaks < hole.stop)
    np.testing.assert_array_equal(found.lead, inside.astype(int))
    ((start, stop, reason),) = found.unreadable
    assert reason == "missing" and abs(start - 35 * fs) <= 2 and abs(stop - 40 * fs) <= 2


def test_one_lead_is_the_detector_itself():
    x, _ = synthetic(250)
    x[2000:3000] = np.nan
    found = find_beats_in_leads([x], 250)
    np.testing.assert_array_equal(found.peaks, detect_r_peaks(x, 250))
    assert found.unreadable == unreadable(x, 250) and not found.lead.any()


@pytest.mark.parametrize("count", [2, 3, 12])
def test_leads_together(count):
    """Noise in some of the leads, in turn; a flat, a white and a missing one among them: the beats
    of all are found as if there were no noise, wherever they are marked."""
    fs = 250
    x, true = synthetic(fs)
    rng = np.random.default_rng(count)
    leads = [x * rng.uniform(0.3, 2) * rng.choice([-1, 1]) for _ in range(count)]
    for k, part in enumerate(np.array_split(np.arange(len(x)), count)):
        leads[k][part] += rng.normal(size=len(part)) * 4 * np.std(x)
    if count > 2:
        leads[-1] = np.zeros(len(x))
    if count > 3:
        leads[-2], leads[-3] = rng.normal(size=len(x)), np.full(len(x), np.nan)
    found = find_beats_in_leads(leads, fs)
    assert_found(true, found.peaks, fs, 0.1)
    assert (np.diff(found.peaks) > 0).all()
    assert hits(true, detect_r_peaks(leads[0], fs), fs, 0.1) < len(true)  # which one lead misses


@pytest.mark.parametrize("chunk", [2.0, 7.7, 60])
def test_leads_together_in_chunks(chunk):
    fs = 250
    x, _ = synthetic(fs)
    rng = np.random.default_rng(0)
    leads = [x + 0.2 * rng.normal(size=len(x)), -0.5 * x]
    leads[1][3000:6000] = np.nan
    whole = find_beats_in_leads(leads, fs, chunk=1e9)
    parts = find_beats_in_leads(leads, fs, chunk=chunk)
    np.testing.assert_array_equal(parts.peaks, whole.peaks)
    np.testing.assert_array_equal(parts.lead, whole.lead)
    assert parts.unreadable == whole.unreadable


def test_leads_together_at_any_scale():
    fs = 250
    x, _ = synthetic(fs)
    home = find_beats_in_leads([x, 0.4 * x], fs)
    for scale, offset in ((1e-6, 0), (-1e4, 5e5)):
        found = find_beats_in_leads([x, 0.4 * x * scale + offset], fs)
        np.testing.assert_array_equal(found.peaks, home.peaks)


def test_leads_of_different_length_are_refused():
    with pytest.raises(ValueError, match="equal"):
        find_beats_in_leads([np.zeros(1000), np.zeros(999)], 250)
    assert len(find_beats_in_leads([np.zeros(100), np.zeros(100)], 250).peaks) == 0
