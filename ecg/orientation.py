"""Which way up a lead lies, and whether it is one that the models know.

Two questions, two rules: `find_inversion` asks whether a lead that should look like II or V5 was
connected upside down (QRS, T and P wave together); `points_down` only whether the main deflection
of its beats points down, as it rightly does in V1 or aVR.
"""

import numpy as np
from scipy import ndimage

from ecg import rpeaks
from ecg.filters import BAND, butterworth, filtered, one_lead
from ecg.formats.leads import lead_key
from ecg.translations import Note

# Log odds that a lead is upright, from three figures of its median beat that change their sign when
# it is turned. Fitted on the first leads of MIT-BIH and SVDB both ways up; a lead is turned only
# where they are clear (benchmarks/inversion.py)
UPRIGHT_WEIGHTS = 4.3, 1.9, 1.6  # QRS, T wave, P wave
CLEARLY, PERHAPS = 2.0, 1.0  # turned; said to be possible
QRS_DOWN = -0.4  # figure of a QRS that points down, as in no lead of the training
TRAINED_LEADS = ("MLII", "II", "V5")
# of the training recordings, which the context model learns from too
SECOND_LEADS = ("V1", "V2", "V4")
# the QRS of a healthy heart points down in these
DOWNWARD_LEADS = ("V1", "V2", "V3", "AVR", "MCL1")
# and up in these; in III, aVL and aVF it may do either
UPWARD_LEADS = ("I", "II", "MLI", "MLII", "V4", "V5", "V6", "MV4", "MV5", "MV6", "CM5", "CS5")
EITHER_WAY_LEADS = ("III", "MLIII", "AVL", "AVF")
OTHER_LEADS = (*DOWNWARD_LEADS, "I", "III", "MLI", "MLIII", "AVL", "AVF", "V4", "V6", "CM5", "CS12")
BEAT_FS = 250  # Hz, of the median beat
STRETCHES = 10, 16.0  # so many of so many s show what a lead looks like
FEWEST = 5  # beats that make a median beat


# ------------------------------------------------------------------------------ the median beat


def _peaks_of(signal, fs, r_peaks):
    """R peaks int64 (m,): those given, else those found."""
    if r_peaks is None:
        return rpeaks.detect_r_peaks(signal, fs)
    return np.asarray(r_peaks, dtype=np.int64)


def median_beat(
    signal: np.ndarray, fs: float, r_peaks: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray] | None:
    """(times (200,) s, median beat (200,)) at 250 Hz, 0.5-40 Hz, in the signal's unit; None where
    there are fewer than 5 beats.

    Aligned at the centre of the QRS energy, so that turning the signal turns the beat and changes
    nothing else. Of a longer recording ten stretches of 16 s are looked at, spread over the beats.
    signal: (n,) any unit; fs in Hz; r_peaks: (m,) samples, when known already."""
    times = np.arange(-0.35, 0.45, 1 / BEAT_FS)
    signal = one_lead(signal)
    peaks = _peaks_of(signal, fs, r_peaks)
    peaks = peaks[(peaks > 0.5 * fs) & (peaks < len(signal) - 0.6 * fs)]
    if len(peaks) < FEWEST:
        return None
    starts, size = _stretches(peaks, len(signal), fs)
    x = np.lib.stride_tricks.sliding_window_view(signal, size)[starts]
    y = filtered(butterworth(4, BAND, "bandpass", fs), x, fs, 2 / BAND[0])
    energy = filtered(butterworth(2, (5, 25), "bandpass", fs), x, fs, 1) ** 2
    energy = ndimage.uniform_filter1d(np.nan_to_num(energy), int(0.06 * fs), mode="constant")
    row, centre = _qrs_centres(peaks, starts, size, energy, fs)
    each = y[row, np.rint(centre + times * fs).astype(np.int64)]
    each = each[np.isfinite(each).all(axis=1)]
    return (times, np.median(each, axis=0)) if len(each) >= FEWEST else None


def _stretches(peaks, n, fs):
    """(starts, size) in samples of the stretches that are looked at: the whole signal where it is
    short."""
    count, size = STRETCHES[0], round(STRETCHES[1] * fs)
    if n <= count * size:
        return np.zeros(1, np.int64), n
    starts = peaks[np.linspace(0, len(peaks) - 1, count).astype(np.int64)] - int(2 * fs)
    return np.clip(starts, 0, n - size), size


def _qrs_centres(peaks, starts, size, energy, fs):
    """(stretch, place in it) of every beat that lies whole in a stretch, (b, 1) both: where the
    energy of the QRS is largest, within 80 ms of the R peak."""
    reach = int(0.08 * fs)
    beat, row = np.nonzero(
        (peaks[:, None] > starts + 0.5 * fs) & (peaks[:, None] < starts + size - 0.6 * fs)
    )
    row, place = row[:, None], (peaks[beat] - starts[row])[:, None]
    around = energy[row, place + np.arange(-reach, reach + 1)]
    return row, place - reach + np.argmax(around, axis=1)[:, None]


# ---------------------------------------------------------------------------------- upside down


def upright_figures(signal: np.ndarray, fs: float, r_peaks: np.ndarray | None = None) -> np.ndarray:
    """(3,) figures of QRS, T and P wave, each in -1..1, positive where the wave points up; NaN with
    fewer than 5 beats. They change their sign when the signal is turned. Arguments as for
    median_beat."""
    peaks = _peaks_of(signal, fs, r_peaks)
    found = median_beat(signal, fs, peaks)
    if found is None:
        return np.full(3, np.nan)
    qrs, t_wave, p_wave = _deflections(*found, np.median(np.diff(peaks)) / fs)
    return np.array([qrs, np.tanh(t_wave / 0.2), np.tanh(p_wave / 0.06)])


def _deflections(times, beat, rr):
    """(QRS, T, P): by how much the wave goes up more than down, -1..1 for the QRS, over the QRS's
    height for T and P. rr: s, typical RR interval, which bounds the T wave."""
    qrs = np.abs(times) < 0.1
    centred = beat - np.median(beat)
    height = max(np.abs(centred[qrs]).max(), 1e-12)
    mean_100_ms = np.convolve(np.pad(centred, 12, "edge"), np.full(25, 1 / 25), "valid")
    sharp = (centred - mean_100_ms)[qrs]

    def up_minus_down(sigma, start, stop):  # of the best fitting bump of this width
        half = int(1.2 * sigma * 2.27 * BEAT_FS)
        bump = np.exp(-0.5 * (np.arange(-half, half + 1) / (sigma * BEAT_FS)) ** 2)
        bump -= bump.mean()
        fit = np.convolve(np.pad(centred, half, "edge"), bump / (bump**2).sum(), "valid")
        fit = fit[(times > start) & (times < stop)]
        return (fit.max() + fit.min()) / height

    return (
        (sharp.max() + sharp.min()) / max(np.abs(sharp).max(), 1e-12),
        up_minus_down(0.050, 0.14, min(0.42 * np.sqrt(min(rr, 1.0)), 0.44)),
        up_minus_down(0.022, -0.24, -0.10),
    )


def _upright_odds(signal, fs, r_peaks):
    return np.dot(UPRIGHT_WEIGHTS, upright_figures(signal, fs, r_peaks))


def find_inversion(signal: np.ndarray, fs: float, r_peaks: np.ndarray | None = None) -> bool:
    """Whether the lead clearly lies upside down, for leads that should look like II or V5
    (arguments as for median_beat). In doubt False: to turn a lead wrongly is worse than to leave
    it."""
    return bool(_upright_odds(signal, fs, r_peaks) < -CLEARLY)


def turn_upright(
    signal: np.ndarray,
    fs: float,
    invert: str = "auto",
    lead: str = "",
    r_peaks: np.ndarray | None = None,
) -> tuple[np.ndarray, str | None]:
    """(signal (n,) upright, sentence or None). invert: `auto` turns what find_inversion finds and
    says what is doubtful, unless the lead's name says that its QRS points down anyway (V1, aVR
    ...; where it may do either, as in III, doubts are not told); `yes` always; `no` never.
    ValueError for another one."""
    if invert not in ("auto", "yes", "no"):
        raise ValueError(f"invert is {invert!r}: one of auto, yes, no")
    if invert == "yes":
        return -np.asarray(signal), Note("the lead was turned (--invert yes)")
    if invert == "no" or lead_key(lead) in DOWNWARD_LEADS:
        return signal, None
    odds = _upright_odds(signal, fs, r_peaks)
    if odds < -CLEARLY:
        turned = Note("the lead lies upside down and was turned (--invert no leaves it)")
        return -np.asarray(signal), turned
    if odds < -PERHAPS and lead_key(lead) not in EITHER_WAY_LEADS:
        return signal, Note("the lead may lie upside down: look at it, --invert yes turns it")
    return signal, None


def should_point_up(lead: str) -> bool:
    """Whether the QRS of a healthy heart points up in a lead of this name: then one that points
    down may be due to swapped electrodes. False for names that say no lead."""
    return lead_key(lead) in UPWARD_LEADS


def points_down(ecg: np.ndarray, peaks: np.ndarray, fs: float) -> bool:
    """Whether the QRS of most beats points down: the deepest point within 60 ms of R at least 1.5
    times as far from the local median as the highest, in three beats of four.

    Unlike find_inversion it looks at the QRS alone and knows no lead: it is True of an upright V1,
    and of what the labels do not depend on (the report's warning). ecg: (n,) any unit; peaks:
    int64 (m,) R peaks in samples; fs in Hz. False with fewer than 8 beats."""
    reach, around = max(int(0.06 * fs), 1), int(0.3 * fs)
    peaks = peaks[(peaks >= around) & (peaks < len(ecg) - around)]
    peaks = peaks[np.linspace(0, len(peaks) - 1, min(len(peaks), 500)).astype(int)]
    if len(peaks) < 8:
        return False
    surroundings = np.arange(-around, around, max(around // 60, 1))
    level = np.median(ecg[peaks[:, None] + surroundings], axis=1)
    qrs = ecg[peaks[:, None] + np.arange(-reach, reach + 1)] - level[:, None]
    with np.errstate(invalid="ignore"):
        down = -qrs.min(axis=1) > 1.5 * qrs.max(axis=1)
    return bool(down.mean() >= 0.75)


# ------------------------------------------------------------------------------- unknown leads


def unlike_training(
    lead: str,
    signal: np.ndarray,
    fs: float,
    r_peaks: np.ndarray | None = None,
    single_beat: bool = True,
) -> str | None:
    """A sentence of warning where a lead is unlike those a model was trained on, else None.

    A single-beat model knows II and V5: the name of the lead tells or, where it says nothing, a QRS
    that points down. The context model (single_beat False) knows V1, V2 and V4 too, and compares a
    beat with its own lead, whichever way that points. signal: (n,), after turn_upright; the rest as
    for median_beat."""
    key = lead_key(lead)
    if key in TRAINED_LEADS or (key in SECOND_LEADS and not single_beat):
        return None
    known = "II, V5" if single_beat else "II, V1, V2, V4, V5"
    if key in OTHER_LEADS:
        return Note(
            "lead {lead} is unlike any that the model learnt from ({known}): expect more errors",
            lead=lead,
            known=known,
        )
    if single_beat and upright_figures(signal, fs, r_peaks)[0] < QRS_DOWN:
        return Note(
            "the QRS complex of lead {lead} points down, as in no lead that the model learnt from "
            "({known}): expect more errors",
            lead=lead or "given",
            known=known,
        )
    return None
