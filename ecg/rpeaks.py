"""R peaks in one lead and in all leads together; where none can be found.

The steps are those of ecg.joined.read_lead: gaps, envelope of the QRS band, which of its peaks are
beats (ecg/qrs.py), more than 220 a minute (ecg/fast.py), none where the heart stands still
(ecg/standstill.py), where their R peaks are, which of them are noise. All leads go the same way by
the envelope that they have in common (ecg/joined.py).
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ecg.gaps import find_gaps
from ecg.joined import joined_envelope, read_lead, refused_by_leads
from ecg.qrs import SILENCE, choose_beats, is_noise, likeness_of, locate_r_peaks
from ecg.standstill import Usual
from ecg.stretches import inside, overlaps, runs_of, without

SHORTEST = 2.0  # s: less signal than this tells nothing about its own levels


class Unreadable(NamedTuple):
    """A stretch in which no beat can be found: start and stop in samples, stop excluded; the
    reason."""

    start: int
    stop: int
    reason: str


def detect_r_peaks(
    ecg: ArrayLike,
    fs: float,
    chunk: float = 600.0,
    live: bool = False,
    usual: ArrayLike | None = None,
) -> np.ndarray:
    """R peaks of one lead: int64 (m,), increasing sample numbers of `ecg`.

    ecg: (n,) any unit, scale, offset and polarity; NaN where samples are missing. fs: sampling rate
    in Hz, 50 to 2000. chunk: seconds that are filtered at a time; it bounds the memory and does not
    change the result. Nothing is found where the signal cannot be read (see `unreadable`), nor in
    less than 2 s of signal. live: the signal goes on after its end, so that the interval which is
    open there is searched for a missed beat too. usual: (2,) what beats of this lead are usually
    like, as FoundBeats has it from calls before: where they are absent, a P wave is no beat.
    ValueError for another shape or rate.

    The envelope of the QRS band against local levels of signal and noise, after Pan and Tompkins
    (1985) and gqrs, but looking both ways in time: zero-phase filters, levels from both sides,
    search-back in long intervals. The parameters were chosen on the MIT-BIH Arrhythmia Database,
    with an eye on the supraventricular one (benchmarks/rpeaks.py).
    """
    return _detect(ecg, fs, chunk, live, usual).peaks


def unreadable(ecg: ArrayLike, fs: float, chunk: float = 600.0) -> list[Unreadable]:
    """Where no beat can be found, ordered, not overlapping.

    reason: 'missing' (NaN or infinite), 'flat' (one value for 1 s or more), 'clipped' (the
    recording's extreme value for 0.25 s or more, far from its middle), 'noise' (what stands out
    does not repeat, or nothing stands out). Arguments and errors as for `detect_r_peaks`.
    """
    return _detect(ecg, fs, chunk).unreadable


def find_beats(
    ecg: ArrayLike, fs: float, chunk: float = 600.0
) -> tuple[np.ndarray, list[Unreadable]]:
    """(detect_r_peaks(...), unreadable(...)) in one go, for those who want both."""
    return _detect(ecg, fs, chunk)[:2]


# ----------------------------------------------------------------------------------- in all leads


class FoundBeats(NamedTuple):
    """peaks: int64 (m,) R peaks in samples; unreadable: where none can be found in any lead; lead:
    int64 (m,), the number of the lead in which each is marked: the first that can be read there.
    usual: (leads, 2) what the beats of each lead are usually like, NaN where too few were seen; who
    looks at the last seconds only hands it in again."""

    peaks: np.ndarray
    unreadable: list[Unreadable]
    lead: np.ndarray
    usual: np.ndarray | None = None


def find_beats_in_leads(
    leads: Sequence[ArrayLike],
    fs: float,
    chunk: float = 600.0,
    live: bool = False,
    usual: ArrayLike | None = None,
    tell_usual: bool = True,
) -> FoundBeats:
    """The beats that the leads of a recording show together.

    leads: (n,) each, the first is the one that is labelled; fs, chunk, live and usual, here
    (leads, 2), as for `detect_r_peaks`, whose beats and stretches those of one lead are.
    tell_usual: False saves a quarter of the time of a few seconds, for who knows what is usual. The
    envelopes of the leads are joined, each with the weight that it earns (ecg/joined.py); a beat is
    noise where all leads call it noise, and keeps its place in the first that can be read. Where
    one lead by itself tells that the beats come faster than the envelope can tell, they are taken
    from it; what no lead calls a beat by itself is none where the heart stands still
    (ecg/standstill.py). ValueError for leads of
    different length."""
    if len(leads) == 1:
        return _detect(leads[0], fs, chunk, live, usual)
    signals, fs = [_checked(lead, fs) for lead in leads], float(fs)
    n = len(signals[0])
    if any(len(lead) != n for lead in signals):
        raise ValueError(f"leads of {[len(lead) for lead in signals]} samples: give equal ones")
    gaps = [find_gaps(lead, fs) for lead in signals]
    common = functools.reduce(overlaps, (each.spans for each in gaps))
    why = dict(zip(map(tuple, gaps[0].spans), gaps[0].reasons))
    lost = [Unreadable(int(a), int(b), why.get((a, b), "missing")) for a, b in common]
    if n < SHORTEST * fs:
        return FoundBeats(np.zeros(0, np.int64), lost, np.zeros(0, np.int64))
    parts = [
        read_lead(lead, each, fs, chunk, known=of_lead, tell=tell_usual)
        for lead, each, of_lead in zip(signals, gaps, _usual(usual, len(leads)))
    ]
    envelope = joined_envelope(parts, fs, chunk)
    end = n // envelope.step if live else None
    at, contrast = choose_beats(envelope, common, fs, SILENCE, end)
    for part in parts:
        at, contrast = part.fast.instead(at, contrast)
    kept = ~refused_by_leads(parts, at // envelope.step, fs / envelope.step)
    at, contrast = at[kept], contrast[kept]
    peaks, marked = _marked(parts, at, contrast, envelope, fs)
    lost = sorted(lost + _noise_around(peaks, marked < 0, n, common))
    peaks, first = np.unique(peaks[marked >= 0], return_index=True)
    like = np.array([part.usual for part in parts])
    return FoundBeats(peaks, lost, marked[marked >= 0][first], like)


def _usual(given, leads):
    """[Usual of each lead], from (leads, 2) or None."""
    if given is None:
        return [Usual()] * leads
    return [Usual(*row) for row in np.asarray(given, np.float64).reshape(leads, 2)]


def _marked(parts, at, contrast, envelope, fs):
    """(R peaks (m,), the number of the lead that each is marked in (m,), -1: it is noise in all) of
    the beats `at` (m,): the first lead whose own beats are no noise there, else the first in which
    these are none."""
    beats, rate = at // envelope.step, fs / envelope.step
    peaks = at.copy()
    marked, possible = np.full((2, len(at)), -1, np.int64)
    for number, part in enumerate(parts):
        if (marked >= 0).all():
            break
        place, shapes = locate_r_peaks(part.take, at, part.n, fs)
        seen = ~is_noise(contrast, likeness_of(shapes), envelope, beats, rate) & ~inside(
            part.gaps.spans, at
        )
        clear = seen & ~part.is_noisy(beats)
        new = (marked < 0) & (clear | seen & (possible < 0))
        peaks[new] = place[new]
        marked[clear & (marked < 0)] = number
        possible[seen & (possible < 0)] = number
    return peaks, np.where(marked >= 0, marked, possible)


def given_beats(r_peaks: ArrayLike, signal: ArrayLike, fs: float) -> FoundBeats:
    """The same of a recording whose R peaks (m,) are known already: those, in the first lead
    `signal` (n,), and where that cannot be read."""
    peaks = np.asarray(r_peaks, np.int64)
    return FoundBeats(peaks, unreadable(signal, fs), np.zeros(len(peaks), np.int64))


# ------------------------------------------------------------------------------------ the steps


def _checked(ecg, fs):
    """One lead as an array. Raises ValueError for another shape or rate."""
    ecg = np.asarray(ecg)
    if ecg.ndim != 1 or ecg.dtype.kind not in "fiu":
        raise ValueError(
            f"ecg has shape {ecg.shape} and type {ecg.dtype}: "
            "give one lead of real numbers, shape (samples,)"
        )
    if not 50 <= float(fs) <= 2000:
        raise ValueError(f"the sampling rate is {fs:g} Hz: R peaks are detected from 50 to 2000 Hz")
    return ecg


def _detect(ecg, fs, chunk, live=False, usual=None):
    """FoundBeats of one lead."""
    ecg, fs = _checked(ecg, fs), float(fs)
    n = len(ecg)
    gaps = find_gaps(ecg, fs)
    lost = [
        Unreadable(int(start), int(stop), why)
        for (start, stop), why in zip(gaps.spans, gaps.reasons)
    ]
    if n < SHORTEST * fs:
        return FoundBeats(np.zeros(0, np.int64), lost, np.zeros(0, np.int64))
    end = n // max(1, int(fs // 120)) if live else None
    part = read_lead(ecg, gaps, fs, chunk, end, _usual(usual, 1)[0], alone=True)
    lost = sorted(lost + _noise_around(part.peaks, part.noisy, n, gaps.spans))
    peaks = np.unique(part.peaks[~part.noisy & ~inside(gaps.spans, part.peaks)])
    return FoundBeats(peaks, lost, np.zeros(len(peaks), np.int64), np.array([part.usual]))


def _noise_around(peaks, noisy, n, gaps):
    """The stretches, each from halfway to the beat before to halfway to the beat after, of the
    `peaks` (m,) that are noise, without the `gaps`."""
    first, stop = runs_of(noisy).T
    limits = np.concatenate([[0], (peaks[1:] + peaks[:-1]) // 2, [n]])
    spans = without(np.column_stack([limits[first], limits[stop]]), gaps)
    return [Unreadable(int(start), int(stop), "noise") for start, stop in spans]
