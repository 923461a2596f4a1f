"""Short pieces of recordings, and the artefacts in them."""

import numpy as np
import pytest

from ecg.formats.recording import Recording
from ecg.rpeaks import detect_r_peaks
from ecg.synthetic import synthetic_recording
from ecg.training import pieces
from ecg.training.artefacts import artefacts, qrs_height
from ecg.training.views import ARTEFACT, classes_of_peaks, described_view


@pytest.fixture(scope="module")
def made():
    return synthetic_recording(300, 250, seed=1, shares={"V": 0.1})


def cut(made, seed=0):
    leads = [made.signal, -0.5 * made.signal]
    beats = np.asarray(made.r_peaks), np.asarray(made.labels)
    return list(pieces.cut_pieces(leads, 250, *beats, np.random.default_rng(seed)))


def test_pieces_are_short_recordings(made):
    found = cut(made)
    lengths = [len(piece.leads[0]) / 250 for piece in found]
    assert len(found) > 5 and min(lengths) >= pieces.SHORTEST and max(lengths) <= pieces.LONGEST
    for piece in found:
        assert len(piece.leads) == 2 and len(piece.leads[0]) == len(piece.leads[1])
        assert (np.diff(piece.at) > 0).all() and (piece.at < len(piece.leads[0])).all()
        assert len(piece.at) == len(piece.classes)
    again = cut(made)
    assert all(np.array_equal(a.leads[1], b.leads[1]) for a, b in zip(found, again))


def test_untouched_pieces_are_the_recording(made, monkeypatch):
    """Without artefacts and other rhythms a piece holds the samples and beats of its place."""
    monkeypatch.setattr(pieces, "TOUCHED", 0)
    monkeypatch.setattr(pieces, "RHYTHM", {"": 1.0})
    for piece in cut(made):
        x, n = piece.leads[0], len(piece.leads[0])
        windows = np.lib.stride_tricks.sliding_window_view(made.signal, 400)
        [start] = np.flatnonzero((windows == x[:400]).all(axis=1))
        assert np.array_equal(x, made.signal[start : start + n])
        beats = np.asarray(made.r_peaks)
        inside = (beats >= start) & (beats < start + n)
        assert np.array_equal(piece.at + start, beats[inside])


def test_artefacts_are_as_high_as_qrs_complexes(made):
    rng = np.random.default_rng(2)
    x = [artefacts(250 * 30, 250.0, rng) for _ in range(40)]
    heights = [np.abs(each).max() for each in x]
    assert np.isfinite(heights).all() and 1 < np.median(heights) < 20
    still = np.mean([np.mean(np.abs(each) < 0.05) for each in x])
    assert 0.3 < still < 0.95, "most of the time nothing is touched"


def test_height_of_qrs_complexes(made):
    height = qrs_height(made.signal, 250)
    peak = np.median(np.abs(made.signal[made.r_peaks]))
    assert 0.4 * peak < height < 1.5 * peak
    assert qrs_height(-7 * made.signal + 3, 250) == pytest.approx(7 * height, rel=1e-6)
    assert qrs_height(np.zeros(2000), 250) > 0


def test_a_peak_that_is_no_beat_is_an_artefact():
    classes = classes_of_peaks(
        np.array([100, 400, 900]), np.array([102, 900]), np.array([2, -1]), 250
    )
    assert classes.tolist() == [2, ARTEFACT, -1]


def test_a_view_holds_its_pieces_end_to_end(made):
    beats = np.asarray(made.r_peaks), np.asarray(made.labels)
    view = described_view("short 1", Recording(made.signal, 250.0, "II", "made"), *beats)
    n = len(view.classes)
    assert len(view.peaks) == n and all(len(lead.features) == n for lead in view.leads)
    assert view.begins[0] == 0 and len(view.begins) > 3 and (np.diff(view.begins) >= 2).all()
    assert (np.diff(view.peaks) > 0).all()
    assert (view.classes == 2).sum() > 0.05 * n
    # a piece knows itself only
    assert (view.leads[0].reach[view.begins[1] :, 0] >= view.begins[1]).all()


def test_beats_are_found_in_what_is_made(made):
    """Most artefacts leave most beats to be found."""
    rng = np.random.default_rng(5)
    touched = made.signal + qrs_height(made.signal, 250) * artefacts(len(made.signal), 250, rng)
    found = detect_r_peaks(touched, 250)
    classes = classes_of_peaks(found, np.asarray(made.r_peaks), np.asarray(made.labels), 250)
    hit = (classes != ARTEFACT).sum()
    assert 0.75 * len(made.r_peaks) < hit < len(made.r_peaks)
