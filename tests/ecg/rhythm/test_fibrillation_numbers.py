"""Four seconds of a lead in numbers."""

import numpy as np
import pytest
from scipy import signal as sps

from ecg.rhythm.fibrillation_numbers import (
    HOP,
    INPUTS,
    LAGS,
    NUMBERS,
    RATE,
    WINDOW,
    describe_lead,
    window_starts,
)
from tests.ecg.rhythm.vf_signals import FS, beating, collapse, fibrillating


def _numbers(signal, fs=FS):
    described = describe_lead(signal, fs)
    return {name: described.share(name) for name in NUMBERS}


def test_fibrillation_and_beats_differ_where_they_must():
    vf, beats = _numbers(fibrillating(40)), _numbers(beating(40))
    assert vf["leakage"].mean() < beats["leakage"].mean() - 0.2
    assert vf["above_0.2"].min() > beats["above_0.2"].max()
    assert vf["kurtosis"].max() < beats["kurtosis"].min()
    assert vf["boxes"].mean() > 1.5 * beats["boxes"].mean()
    assert 3 < np.exp(np.median(vf["peak_frequency"])) < 7


def test_a_sine_has_the_frequency_and_the_period_it_has():
    of_sine = _numbers(np.sin(2 * np.pi * 4 * np.arange(20 * FS) / FS))
    inner = slice(3, -3)
    np.testing.assert_allclose(np.exp(of_sine["peak_frequency"][inner]), 4, atol=0.13)
    np.testing.assert_allclose(np.exp(of_sine["mean_frequency"][inner]), 4, rtol=0.1)
    np.testing.assert_allclose(of_sine["period"][inner] % 0.25, 0, atol=0.011)
    assert of_sine["leakage"][inner].max() < 0.15 and of_sine["at_peak"][inner].min() > 0.95
    assert of_sine["repeats"][inner].min() > 0.95 and of_sine["opposes"][inner].max() < -0.95


@pytest.mark.parametrize("change", [lambda x: 37.0 * x, lambda x: -x, lambda x: x + 5.0])
def test_gain_polarity_and_offset_change_nothing(change):
    x = collapse(30, 20, 10)
    np.testing.assert_allclose(
        describe_lead(change(x), FS).numbers, describe_lead(x, FS).numbers, atol=0.02
    )


@pytest.mark.parametrize("fs", [128, 360, 500])
def test_the_rate_changes_little(fs):
    x = collapse(30, 20, 10)
    other = describe_lead(sps.resample(x, round(len(x) * fs / FS)), fs).numbers[3:-3]
    mine = describe_lead(x, FS).numbers[3:-3]
    sharp = [NUMBERS.index(name) for name in ("still", "at_an_end", "period", "peak_frequency")]
    # each number against how much it varies in fibrillation and beats
    apart = np.abs(mine - other).mean(axis=0) / np.maximum(mine.std(axis=0), 0.02)
    assert np.delete(apart, sharp).max() < 0.35


def test_missing_and_still_are_shares_of_the_window():
    x = beating(20)
    x[: 10 * FS] = np.nan
    x[15 * FS :] = x[15 * FS]
    of = _numbers(x)
    assert of["missing"][0] == 1 and of["missing"][-1] == 0
    np.testing.assert_allclose(of["missing"][8], 0.5, atol=0.01)
    assert of["still"][-1] > 0.9 and of["still"][11] < 0.1


def test_windows_of_any_length_and_across_pages():
    assert window_starts(10).tolist() == [0] and window_starts(WINDOW).tolist() == [0]
    assert window_starts(WINDOW + HOP).tolist() == [0, HOP]
    assert len(describe_lead(beating(2), FS).numbers) == 1
    long = np.tile(beating(80), 16)  # 1,280 s: three pages
    numbers = describe_lead(long, FS).numbers
    assert len(numbers) == 1277 and np.isfinite(numbers).all()
    alone = describe_lead(long[590 * FS : 720 * FS], FS).numbers
    np.testing.assert_allclose(numbers[600:700], alone[10:110], atol=0.05)


def test_nothing_at_all_is_finite():
    for x in (np.full(20 * FS, np.nan), np.zeros(20 * FS), np.full(20 * FS, 7.0)):
        assert np.isfinite(describe_lead(x, FS).numbers).all()


def test_rows_hold_the_windows_beside():
    described = describe_lead(beating(20), FS)
    rows = described.rows()
    assert rows.shape == (len(described.starts), INPUTS) and LAGS[0] == 0
    k = len(NUMBERS)
    np.testing.assert_array_equal(rows[5, k : 2 * k], described.numbers[5 + LAGS[1]])
    np.testing.assert_array_equal(rows[5, 2 * k :], described.numbers[5 + LAGS[2]])
    np.testing.assert_array_equal(rows[-1, 2 * k :], described.numbers[-1])
    assert described.starts[1] - described.starts[0] == RATE
