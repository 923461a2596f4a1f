"""A beat against its own patient: rhythm, shape against the patient's own template, neighbours.

The shape of a normal beat differs more between two people than a normal from an ectopic beat in one
person, so a model that sees a beat alone does not carry over to the next patient. Here every beat
becomes a list of features (`FEATURE_NAMES`) that compare it with the patient's own usual beat and
usual rhythm: ratios, correlations and logarithms, so that gain, polarity and sampling rate drop
out. No labels are needed for it, and no torch.

    beats = describe(ecg, fs, r_peaks)          # the whole recording, in pages of half an hour
    # what a bedside monitor can know: the same code on a moving window
    beats = describe(ecg, fs, r_peaks, past=300, delay=60)
    # the network over beats.features; then beats that are alike are averaged
    context_logits(model, [beats])
    context_logits(model, [beats, of_the_second_lead])  # every lead by itself, then their mean
    classify_beats(model, ecg, fs, r_peaks)     # all of it: class probabilities, paced beats too

A page (or a moving window) goes through these steps:

    windowing         which stretches of signal a recording is described in
    alignment         the signal at 250 Hz and 0.5-40 Hz; every R peak moved to the energy centre of
                      its QRS complex (a detector's jitter costs nothing)
    reference         QRS shapes clustered; the dominant shape chosen by size and by *not being
                      premature*; normal RR interval and template as running averages over its beats
    window_beats      all of this at every beat: `WindowBeats`, what features are computed from
    rhythm_features, shape_features, p_wave_features, cluster_features
                      the groups of features, each a function WindowBeats -> {name: (m,)}
    features          the names of all features in order; `DescribedBeats`, which holds them
    description       the steps together: `describe`
    pacing            which beats a pacemaker has started
    similar           beats of the patient that are alike are averaged
    leads             how far each of two leads is believed, and their mean
    classify          the network over described beats
    statistics        running statistics that several of these use

To add a feature: compute it in the function of its group, and write its name at the same place into
`FEATURE_NAMES`. Models must then be trained again: they name the features that they know.
"""

from ecg.context.alignment import RATE
from ecg.context.classify import classify_beats, context_logits, network_logits
from ecg.context.description import describe
from ecg.context.features import CONTEXT_CLASSES, FEATURE_NAMES, DescribedBeats
from ecg.context.leads import average_leads, lead_quality, lead_weights
from ecg.context.pacing import paced
from ecg.context.similar import average_similar_beats
from ecg.context.windowing import HOP, windows

__all__ = [
    "CONTEXT_CLASSES",
    "FEATURE_NAMES",
    "HOP",
    "RATE",
    "DescribedBeats",
    "average_leads",
    "average_similar_beats",
    "classify_beats",
    "context_logits",
    "describe",
    "lead_quality",
    "lead_weights",
    "network_logits",
    "paced",
    "windows",
]
