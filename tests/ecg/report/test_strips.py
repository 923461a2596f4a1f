"""What matters has a strip."""

import numpy as np

from ecg import translations
from ecg.beats import CLASSES
from ecg.report.strips import MOST_STRIPS, STRIP_S, choose_strips
from ecg.synthetic import synthetic_recording
from tests.labelled_recording import labelled_recording


def test_what_matters_has_a_strip():
    made = synthetic_recording(120, 360, seed=0)
    labels = made.labels.copy()
    labels[40:45] = CLASSES.index("V")
    labels[80] = CLASSES.index("S")
    keep = np.ones(len(labels), bool)
    keep[[100, 101, 102]] = False  # a pause
    made = made._replace(labels=labels[keep], r_peaks=made.r_peaks[keep])
    recording, table, summary = labelled_recording(made)
    strips = choose_strips(recording, table, summary, translations.translator())
    inside = {title: s for s in strips for title in s.title.split(" · ")}
    run = next(s for title, s in inside.items() if title.startswith("Longest V run: 5 beats"))
    assert run.start <= made.r_peaks[40] / 360 <= run.start + STRIP_S
    pause = next(s for title, s in inside.items() if title.startswith("Longest pause"))
    assert pause.start <= made.r_peaks[99] / 360 <= pause.start + STRIP_S
    assert any("Least certain" in title for title in inside) and any(
        "Fastest: " in title for title in inside
    )
    assert len(strips) <= MOST_STRIPS
