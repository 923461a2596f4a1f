"""What a described beat is: the names of its features, and the arrays that hold them."""

from typing import NamedTuple

import numpy as np

# The classes that the context network knows; it learns no beat of class Q.
CONTEXT_CLASSES = ["N", "S", "V", "F"]

QRS_SAMPLES, WHOLE_SAMPLES = 30, 42  # samples of the two shapes in DescribedBeats.shapes

# In the order of the feature functions, one group a paragraph: rhythm, irregularity, shape, P wave,
# cluster, neighbours. A model card names the features that its network was trained on.
FEATURE_NAMES = tuple(
    """
pre_normal post_normal pre_p75 post_p75 pre_p75_100 post_p75_100 pre_med5 post_med5
pre_med50 post_med50 pre_med200 post_med200 pre_post pair_normal
rr-4 rr-3 rr-2 rr-1 rr+2 rr+3 rr+4 pre_max8 pre_min8 drop8 rise8 pre_med3_before rank8 rank200
short5 short15 short60 rate_normal rate_med200 rate_p95 fast_share
onset20 offset20 onset100 offset100 regular5

rmssd15 mad15 jumps15 turns15 iqr15 rmssd30 mad30 jumps30 turns30 iqr30
rmssd60 mad60 jumps60 turns60 iqr60 mad_usual

corr_p diff_p corr_qrs diff_qrs corr_st diff_st corr_t diff_t corr_whole diff_whole
amplitude area polarity slope
width20 width20_ratio width35 width35_ratio width50 width50_ratio t_size
corr_p_d diff_p_d corr_qrs_d diff_qrs_d corr_st_d diff_st_d corr_t_d diff_t_d
corr_whole_d diff_whole_d amplitude_d area_d polarity_d slope_d
width20_d width20_ratio_d width35_d width35_ratio_d width50_d width50_ratio_d t_size_d moved

p_projection p_energy p_level p_best p_where p_bump
hidden_p hidden_peak hidden_projection hidden_gain
p_projection_d p_energy_d p_level_d p_best_d p_bump_d
hidden_p_d hidden_peak_d hidden_projection_d hidden_gain_d

own is_dominant share share60 family_pre family_post family_spread family_width family_corr
family_p pre_family family_dominant

alike-2 same-2 corr_qrs-2 width35_ratio-2 corr_p-2
alike-1 same-1 corr_qrs-1 width35_ratio-1 corr_p-1
alike+1 same+1 corr_qrs+1 width35_ratio+1 corr_p+1
alike+2 same+2 corr_qrs+2 width35_ratio+2 corr_p+2
""".split()
)


class DescribedBeats(NamedTuple):
    """The m beats of a recording, described in one lead.

    features: float32 (m, len(FEATURE_NAMES)), finite, within +-20: what the network sees.
    shapes: float32 (m, 72), what `average_similar_beats` compares: the QRS complex at 125 Hz (30)
    and the beat from P to T at 62.5 Hz (42), each without its mean and of norm 1.
    reach: int (m, 2), first and last + 1 of the beats that a beat may be compared with.
    """

    features: np.ndarray
    shapes: np.ndarray
    reach: np.ndarray


def feature(beats: DescribedBeats, name: str) -> np.ndarray:
    """One feature of all beats, float32 (m,)."""
    return beats.features[:, FEATURE_NAMES.index(name)]
