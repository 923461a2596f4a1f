"""Numbers that stand for a missing sample are found, and nothing else is."""

import numpy as np
import pytest

from ecg.formats.missing import codes_as_missing
from tests.recordings import ECG, FS


@pytest.mark.parametrize("code", [9999, -9999, 999, -32768, 32767, 65535, 2147483647, 1e30, 123.5])
@pytest.mark.parametrize("scale, offset", [(1, 0), (1, -3), (0.01, 0)])
def test_runs_of_a_code_are_missing(code, scale, offset):
    x = ECG * scale + offset
    x[500:800] = code
    kept = x.copy()
    found, notes = codes_as_missing(x, FS)
    assert np.array_equal(np.flatnonzero(np.isnan(found)), np.arange(500, 800))
    assert np.array_equal(x, kept) and np.array_equal(found[800:], x[800:])
    assert len(notes) == 1 and "300 samples, 1.2 s" in notes[0] and f"{code:.10g}" in notes[0]


def test_two_codes_and_single_samples():
    x = ECG.copy()
    x[100:200], x[1000:1100], x[2000], x[2200] = -9999, 9999, 9999, np.nan
    found, notes = codes_as_missing(x, FS)
    assert np.isnan(found).sum() == 202 and len(notes) == 2


def test_zeros_of_a_converter_with_an_offset():
    x = np.rint(ECG * 200 + 1024)
    x[600:900] = 0
    assert np.isnan(codes_as_missing(x, FS)[0]).sum() == 300


@pytest.mark.parametrize("kind", ["clipped", "spike", "artefact", "flat", "zeros"])
def test_what_an_electrode_does_is_no_code(kind):
    x = ECG.copy()
    if kind == "clipped":
        x = np.minimum(x, 0.8 * x.max())
    elif kind == "spike":
        x[700] = 50
    elif kind == "artefact":  # away to the end of the range and back, as an amplifier swings
        x[500:700] += 40 * np.sin(np.linspace(0, np.pi, 200))
        x = np.minimum(x, 30)
    elif kind == "flat":
        x[500:900] = x[500]
    elif kind == "zeros":
        x[500:900] = 0
    found, notes = codes_as_missing(x, FS)
    assert not np.isnan(found).any() and notes == ()
    assert codes_as_missing(np.zeros(0), FS)[1] == () == codes_as_missing(np.full(9, 9999.0), FS)[1]
