"""Features of the P wave: is there one, the usual one, at the usual place?"""

import numpy as np

from ecg.context.alignment import BEAT, RATE, cut, region_columns
from ecg.context.reference import running_template
from ecg.context.shape_features import with_deviations
from ecg.context.statistics import rms, without_mean
from ecg.context.window_beats import WindowBeats

REACH = 12  # samples (48 ms) by which a P wave may lie away from its usual place
TAIL = np.arange(30, 251)  # samples after the QRS centre (120..1000 ms): ST, T and U wave


def p_wave_features(beats: WindowBeats) -> dict[str, np.ndarray]:
    """The P region (-248..-68 ms), level removed, against the template's, and what of it the T wave
    of the beat before does not explain: the groups below, each but `p_where` also minus its running
    median of 31 (`_d`)."""
    c = region_columns("p")
    wide = beats.cuts[:, c.start - REACH : c.stop + REACH]
    here, usual = without_mean(wide[:, REACH:-REACH]), without_mean(beats.template[:, c])
    size = np.sqrt((usual**2).sum(axis=1)) + 1e-6
    return with_deviations(
        {
            "p_projection": (here * usual).sum(axis=1) / size**2,
            "p_energy": np.log((np.sqrt((here**2).sum(axis=1)) + 1e-6) / size),
            "p_level": np.log(rms(here) / beats.scale + 0.02),
            **_best_place(wide, usual, size),
            "p_bump": _bump(here, usual) / beats.scale,
            **_hidden_p(beats, here, usual, size),
        },
        but=("p_where",),
    )


def _best_place(wide, usual, size):
    """Best correlation of the template's P wave within 48 ms of its place, and where that is, from
    -1 to 1."""
    views = np.lib.stride_tricks.sliding_window_view(wide, usual.shape[1], axis=1)[:, ::2]
    energy = (views**2).sum(axis=2) - views.mean(axis=2) ** 2 * views.shape[2]
    norm = np.sqrt(np.maximum(energy, 1e-9))
    match = np.einsum("kij,kj->ki", views, usual, optimize=True) / norm / size[:, None]
    best = match.argmax(axis=1)
    return {
        "p_best": match[np.arange(len(match)), best],
        "p_where": (best * 2 - REACH) / float(REACH),
    }


def _bump(here, usual):
    """How far the middle third stands out from the outer ones, more than the template's does, in
    the template's sign."""
    third = here.shape[1] // 3
    bump, usual_bump = (
        part[:, third:-third].mean(axis=1)
        - (part[:, :third].mean(axis=1) + part[:, -third:].mean(axis=1)) / 2
        for part in (here, usual)
    )
    return (bump - usual_bump) * np.where(usual_bump < 0, -1, 1)


def _hidden_p(beats, here, usual, size):
    """P under the T wave of the beat before: what this beat's P region holds beyond the tail that
    the template has at the same distance after a QRS. As log RMS over the template's QRS, its
    largest excursion, its projection on the template's P wave, and what the tail explains better
    than that P wave does."""
    tail = running_template(cut(beats.x, beats.centre, TAIL), beats.is_reference)
    c, centre = region_columns("p"), beats.centre
    since_previous = np.rint(np.diff(centre, prepend=centre[0] - RATE)).astype(np.int64)
    lag = since_previous[:, None] + np.arange(c.start, c.stop) + BEAT[0] - TAIL[0]
    expected = np.take_along_axis(tail, np.clip(lag, 0, tail.shape[1] - 1), axis=1)
    rest = here - without_mean(expected)
    least = 0.02 * beats.scale
    return {
        "hidden_p": np.log(rms(rest) / beats.scale + 0.02),
        "hidden_peak": np.log(np.abs(rest).max(axis=1) / beats.scale + 0.02),
        "hidden_projection": (rest * usual).sum(axis=1) / size**2,
        "hidden_gain": np.log((rms(rest) + least) / (rms(here - usual) + least)),
    }
