"""R peaks in one lead and in either of two; where none can be found.

The steps are those of `_detect`: gaps, envelope of the QRS band, which of its peaks are beats,
where their R peaks are, which of them are noise (ecg/qrs.py).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ecg.gaps import bridged, find_gaps
from ecg.qrs import APART, SILENCE, choose_beats, is_noise, locate_r_peaks, qrs_envelope
from ecg.stretches import inside, runs_of, without

SHORTEST = 2.0  # s: less signal than this tells nothing about its own levels


class Unreadable(NamedTuple):
    """A stretch in which no beat can be found: start and stop in samples, stop excluded; the
    reason."""

    start: int
    stop: int
    reason: str


def detect_r_peaks(
    ecg: ArrayLike, fs: float, chunk: float = 600.0, live: bool = False
) -> np.ndarray:
    """R peaks of one lead: int64 (m,), increasing sample numbers of `ecg`.

    ecg: (n,) any unit, scale, offset and polarity; NaN where samples are missing. fs: sampling rate
    in Hz, 50 to 2000. chunk: seconds that are filtered at a time; it bounds the memory and does not
    change the result. Nothing is found where the signal cannot be read (see `unreadable`), nor in
    less than 2 s of signal. live: the signal goes on after its end, so that the interval which is
    open there is searched for a missed beat too. ValueError for another shape or rate.

    The envelope of the QRS band against local levels of signal and noise, after Pan and Tompkins
    (1985) and gqrs, but looking both ways in time: zero-phase filters, levels from both sides,
    search-back in long intervals. The parameters were chosen on the MIT-BIH Arrhythmia Database,
    with an eye on the supraventricular one (benchmarks/rpeaks.py).
    """
    return _detect(ecg, fs, chunk, live)[0]


def unreadable(ecg: ArrayLike, fs: float, chunk: float = 600.0) -> list[Unreadable]:
    """Where no beat can be found, ordered, not overlapping.

    reason: 'missing' (NaN or infinite), 'flat' (one value for 1 s or more), 'clipped' (the
    recording's extreme value for 0.25 s or more, far from its middle), 'noise' (what stands out
    does not repeat, or nothing stands out). Arguments and errors as for `detect_r_peaks`.
    """
    return _detect(ecg, fs, chunk)[1]


def find_beats(
    ecg: ArrayLike, fs: float, chunk: float = 600.0
) -> tuple[np.ndarray, list[Unreadable]]:
    """(detect_r_peaks(...), unreadable(...)) in one go, for those who want both."""
    return _detect(ecg, fs, chunk)


# ------------------------------------------------------------------------------------ two leads


class FoundBeats(NamedTuple):
    """peaks: int64 (m,) R peaks in samples; unreadable: where none can be found; by_second: bool
    (m,), which of the peaks are seen in the second lead only."""

    peaks: np.ndarray
    unreadable: list[Unreadable]
    by_second: np.ndarray


class BeatsInLeads(NamedTuple):
    """The beats of the first lead itself, and those of either lead; the same where there is no
    second one."""

    own: FoundBeats
    either: FoundBeats


def find_beats_in_leads(
    signal: ArrayLike, fs: float, second: ArrayLike | None = None
) -> BeatsInLeads:
    """Where the beats of a recording are: BeatsInLeads. signal: (n,) as for `detect_r_peaks`;
    second: (n,) another lead, or None.

    The peaks of the first lead stay as they are; the second is asked where the first is unreadable
    only."""
    peaks, lost = find_beats(signal, fs)
    own = FoundBeats(peaks, lost, np.zeros(len(peaks), bool))
    if second is None or not lost:
        return BeatsInLeads(own, own)
    others, lost_in_second = find_beats(second, fs)
    others = others[inside(np.array([span[:2] for span in lost]), others)]
    if len(peaks):  # not a beat again that the first lead has just outside the stretch
        after = np.searchsorted(peaks, others)
        near = np.minimum(
            np.abs(others - peaks[np.maximum(after - 1, 0)]),
            np.abs(peaks[np.minimum(after, len(peaks) - 1)] - others),
        )
        others = others[near > APART * fs]
    both = np.concatenate([peaks, others])
    order = np.argsort(both)
    neither = [
        Unreadable(max(start, a), min(stop, b), reason)
        for start, stop, reason in lost
        for a, b, _ in lost_in_second
        if max(start, a) < min(stop, b)
    ]
    return BeatsInLeads(own, FoundBeats(both[order], neither, order >= len(peaks)))


def given_beats(r_peaks: ArrayLike, signal: ArrayLike, fs: float) -> BeatsInLeads:
    """The same of a recording whose R peaks (m,) are known already: those, for either lead, and
    where `signal` cannot be read."""
    peaks = np.asarray(r_peaks, np.int64)
    given = FoundBeats(peaks, unreadable(signal, fs), np.zeros(len(peaks), bool))
    return BeatsInLeads(given, given)


# ------------------------------------------------------------------------------------ the steps


def _detect(ecg, fs, chunk, live=False):
    """(R peaks, unreadable stretches) of one lead."""
    ecg = np.asarray(ecg)
    if ecg.ndim != 1 or ecg.dtype.kind not in "fiu":
        raise ValueError(
            f"ecg has shape {ecg.shape} and type {ecg.dtype}: "
            "give one lead of real numbers, shape (samples,)"
        )
    fs = float(fs)
    if not 50 <= fs <= 2000:
        raise ValueError(f"the sampling rate is {fs:g} Hz: R peaks are detected from 50 to 2000 Hz")
    n = len(ecg)
    gaps = find_gaps(ecg, fs)
    lost = [
        Unreadable(int(start), int(stop), why)
        for (start, stop), why in zip(gaps.spans, gaps.reasons)
    ]
    if n < SHORTEST * fs:
        return np.zeros(0, np.int64), lost

    def take(start, stop):
        return bridged(ecg, start, stop, gaps)

    envelope = qrs_envelope(take, n, fs, chunk)
    end = n // envelope.step if live else None
    peaks, contrast = choose_beats(envelope, gaps.spans, fs, SILENCE * gaps.spread, end)
    peaks, likeness = locate_r_peaks(take, peaks, n, fs)
    noisy = is_noise(contrast, likeness)
    first, stop = runs_of(noisy).T
    limits = np.concatenate([[0], (peaks[1:] + peaks[:-1]) // 2, [n]])
    noise = without(np.column_stack([limits[first], limits[stop]]), gaps.spans)
    lost = sorted(lost + [Unreadable(int(start), int(stop), "noise") for start, stop in noise])
    return np.unique(peaks[~noisy & ~inside(gaps.spans, peaks)]), lost
