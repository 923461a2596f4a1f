"""The beats of one window side by side with the patient's reference: what every feature is computed
from."""

from typing import NamedTuple

import numpy as np

from ecg.context.alignment import BEAT, QRS, RATE, cut, qrs_centre, realign, region_columns
from ecg.context.reference import (
    cluster_shapes,
    dominant_cluster,
    normal_rr,
    reference_beats,
    running_template,
)
from ecg.context.statistics import rms, running_percentile, unit_rows

SHORTEST_RR = 0.15  # s: two beats are taken to lie at least so far apart


class WindowBeats(NamedTuple):
    """The m beats of a window of signal, and the patient's reference at each of them.

    Signals are in units of the window's standard deviation, at 250 Hz.
    """

    x: np.ndarray  # (n,) the window's signal, from `prepare`
    centre: np.ndarray  # int (m,), samples of x: QRS centres, realigned with the template
    moved: np.ndarray  # int (m,), samples by which realigning moved a beat
    pre_rr: np.ndarray  # (m,) s to the beat before
    post_rr: np.ndarray  # (m,) s to the beat after
    steady_rr: np.ndarray  # (m,) s, 75th percentile of the 30 intervals around
    normal_rr: np.ndarray  # (m,) s, running median over the reference beats
    cluster: np.ndarray  # int (m,), the cluster of its QRS shape; k: alike none
    cluster_correlation: np.ndarray  # (m,) of its QRS with the mean of its cluster
    cluster_means: np.ndarray  # (k, 61) mean QRS shapes of norm 1
    dominant: int  # the cluster of the patient's usual shape
    is_reference: np.ndarray  # bool (m,), the beats that template and normal RR are made of
    cuts: np.ndarray  # (m, 196) the beats cut out by BEAT
    template: np.ndarray  # (m, 196) the running template: the patient's usual beat, there and then
    own_samples: np.ndarray  # (m, 196) 1 where a cut shows its own beat, 0 where a neighbour's
    scale: np.ndarray  # (m,) RMS of the template's QRS


def compare_with_reference(x: np.ndarray, q: np.ndarray, r: np.ndarray) -> WindowBeats:
    """The beats of one window beside their reference. x, q: from `prepare`; r: (m,) R peaks in
    samples of x, m > 0."""
    centre = qrs_centre(q, r)
    pre_rr, post_rr = _rr_intervals(centre)
    steady_rr = running_percentile(pre_rr, 30, 75)
    at = np.rint(centre).astype(np.int64)
    qrs = cut(x, at, QRS)
    cluster, correlation, means = cluster_shapes(unit_rows(qrs))
    dominant = dominant_cluster(cluster, pre_rr / steady_rr, len(means))
    is_reference = reference_beats(cluster == dominant, pre_rr / steady_rr)
    at, moved = realign(x, at, running_template(qrs, is_reference))
    cuts = cut(x, at, BEAT)
    template = running_template(cuts, is_reference)
    return WindowBeats(
        x=x,
        centre=at,
        moved=moved,
        pre_rr=pre_rr,
        post_rr=post_rr,
        steady_rr=steady_rr,
        normal_rr=normal_rr(pre_rr, is_reference),
        cluster=cluster,
        cluster_correlation=correlation,
        cluster_means=means,
        dominant=dominant,
        is_reference=is_reference,
        cuts=cuts,
        template=template,
        own_samples=_own_samples(pre_rr, post_rr),
        scale=rms(template[:, region_columns("qrs")]) + 1e-6,
    )


def _rr_intervals(centre):
    """(seconds to the beat before, to the beat after), each (m,); beyond the ends the median of the
    eight intervals there, 1 s for a single beat."""
    rr = np.maximum(np.diff(centre), SHORTEST_RR * RATE) / RATE
    if len(rr) == 0:
        rr = np.ones(1)
    before = np.concatenate([[np.median(rr[:8])], rr])[: len(centre)]
    after = np.concatenate([rr, [np.median(rr[-8:])]])[-len(centre) :]
    return before, after


def _own_samples(pre_rr, post_rr):
    """Samples of BEAT that lie more than 120 ms from the neighbours' centres: float32 (m, 196) of
    0 and 1."""
    after_previous = BEAT > -(pre_rr[:, None] - 0.12) * RATE
    before_next = BEAT < (post_rr[:, None] - 0.12) * RATE
    return (before_next & after_previous).astype(np.float32)
