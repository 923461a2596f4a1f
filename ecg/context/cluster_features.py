"""Features of the other beats: the cluster that a beat belongs to, and the beats beside it."""

import numpy as np

from ecg.context.alignment import region_columns
from ecg.context.statistics import correlation, running_share
from ecg.context.window_beats import WindowBeats


def cluster_features(beats: WindowBeats, shape: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The cluster of a beat: correlation with its own mean; whether it is the dominant one; its
    share of the window (log) and of the 60 beats around; its median prematurity (pre over normal
    RR), post, spread of prematurity, width ratio, correlation with the template and P correlation;
    prematurity over the cluster's; correlation of its mean with the dominant cluster's.

    shape: from `shape_features`."""
    cluster, count = beats.cluster, len(beats.cluster_means) + 1
    size = np.bincount(cluster, minlength=count)
    members = {k: cluster == k for k in np.flatnonzero(size)}
    share_around = np.zeros(len(cluster))
    for is_member in members.values():
        share_around[is_member] = running_share(is_member, 60)[is_member]

    def of_cluster(values, measure=np.median):
        measured = np.zeros(count)
        for k, is_member in members.items():
            measured[k] = measure(values[is_member])
        return measured[cluster]

    early, late = np.log(beats.pre_rr / beats.normal_rr), np.log(beats.post_rr / beats.normal_rr)
    usual_early = of_cluster(early)
    means = np.vstack([beats.cluster_means, np.zeros_like(beats.cluster_means[:1])])
    return {
        "own": beats.cluster_correlation,
        "is_dominant": (cluster == beats.dominant).astype(float),
        "share": np.log(size / len(cluster) + 0.002)[cluster],
        "share60": share_around,
        "family_pre": usual_early,
        "family_post": of_cluster(late),
        "family_spread": of_cluster(early, _interquartile_range),
        "family_width": of_cluster(shape["width35_ratio"]),
        "family_corr": of_cluster(shape["corr_qrs"]),
        "family_p": of_cluster(shape["corr_p"]),
        "pre_family": early - usual_early,
        "family_dominant": (means @ beats.cluster_means[beats.dominant])[cluster],
    }


def _interquartile_range(values):
    return np.subtract(*np.percentile(values, [75, 25]))


def neighbour_features(beats: WindowBeats, shape: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The beats beside it, 1 and 2 before and after: correlation of their QRS with its own; whether
    they are of the same cluster; their own correlation with the template, width ratio and P
    correlation. shape: from `shape_features`."""
    qrs = beats.cuts[:, region_columns("qrs")]
    index = np.arange(len(qrs))
    features = {}
    for lag in (-2, -1, 1, 2):
        other = np.clip(index + lag, 0, len(qrs) - 1)
        features[f"alike{lag:+d}"] = correlation(qrs, qrs[other])
        same = beats.cluster == beats.cluster[other]
        features[f"same{lag:+d}"] = same.astype(float)
        for name in ("corr_qrs", "width35_ratio", "corr_p"):
            features[f"{name}{lag:+d}"] = shape[name][other]
    return features
