"""Signal and beats come back from the page as they were packed into it."""

import base64
import gzip
import re

import numpy as np
import pytest
from scipy import signal as sps

from ecg.report import data
from ecg.report.page import html_page
from ecg.synthetic import synthetic_recording
from tests.labelled_recording import labelled_recording


def unpack(text):
    return np.frombuffer(gzip.decompress(base64.b64decode(text)), np.uint8)


@pytest.mark.parametrize("fs", [100, 120, 128, 250, 360, 1000])
def test_the_strip_is_the_recording_within_half_a_step(fs):
    made = synthetic_recording(300, fs, seed=1)
    ecg = made.signal.copy()
    ecg[20 * fs : 22 * fs] = np.nan
    text, step, zero, rate, filtered = data.pack_signal(ecg, fs)
    codes = np.cumsum(unpack(text), dtype=np.uint8)
    assert rate == min(fs, 120) and not filtered and len(codes) == -(-len(ecg) * rate // fs)
    missing = np.flatnonzero(codes == data.MISSING) / rate
    assert missing.min() == pytest.approx(20, abs=0.02) and missing.max() == pytest.approx(
        22, abs=0.02
    )
    shown = (codes.astype(float) - zero) * step
    reference = made.signal if fs <= 120 else sps.resample_poly(made.signal, 120, fs)
    kept = (np.arange(len(codes)) / rate < 19) | (np.arange(len(codes)) / rate > 23)
    assert np.abs(shown - reference[: len(shown)])[kept].max() <= step / 2 + 1e-4
    assert step <= 0.02


def test_the_strip_of_a_drifting_electrode_is_high_passed_and_says_so():
    made = synthetic_recording(300, 128, seed=1)
    t = np.arange(len(made.signal)) / 128
    text, step, zero, _, filtered = data.pack_signal(
        made.signal + 8 * np.sin(2 * np.pi * t / 60), 128
    )
    assert filtered and step < 0.03
    recording, table, summary = labelled_recording(
        made._replace(signal=made.signal + 8 * np.sin(2 * np.pi * t / 60))
    )
    assert "Slow drift was taken out" in html_page(recording, table, summary)


def test_24_hours_of_the_worst_noise_stay_below_7_mb():
    noise = np.random.default_rng(0).uniform(-5, 5, 24 * 3600 * 120)  # nothing compresses less
    assert len(data.pack_signal(noise, 120)[0]) < 7e6


def test_beats_come_back_from_the_page(ectopic):
    recording, table, summary = ectopic
    packed = re.search(r'id="beats">(.*?)<', html_page(*ectopic))[1]
    n, planes = len(table), unpack(packed)
    planes = planes.reshape(12, n)
    samples = np.cumsum(planes[:4].astype(np.int64).T @ 256 ** np.arange(4))
    assert np.array_equal(samples, table["sample"])
    assert ["NSVFQ?"[k] for k in planes[4]] == table["label"].tolist()
    assert planes[5][-1] == 255 and np.allclose(
        planes[5][:-1] / 250, table["confidence"][:-1], atol=0.002
    )
