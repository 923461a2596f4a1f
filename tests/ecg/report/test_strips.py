"""What matters has a strip."""

import numpy as np

from ecg import translations
from ecg.beats import CLASSES
from ecg.report.strips import MOST_STRIPS, STRIP_S, choose_strips
from ecg.synthetic import synthetic_recording
from tests.labelled_recording import labelled_recording
from tests.rhythm_told import told_rhythm


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


def test_fibrillation_has_a_strip_from_its_beginning():
    recording, table, summary = labelled_recording(synthetic_recording(120, 360, seed=0))
    episodes = (0, 20, "N"), (20, 40, "AF"), (40, 90, "AF"), (90, 96, "VF"), (96, 120, "N")
    translate = translations.translator()
    plain = choose_strips(recording, table, summary, translate)
    assert not any("fibrillation" in strip.title for strip in plain)
    table.attrs["rhythm"] = told_rhythm(*episodes)
    first, second, *_ = choose_strips(recording, table, summary, translate)
    assert "Longest ventricular fibrillation or flutter" in first.title
    assert (first.start, first.mark) == (88, 90)
    assert "Longest atrial fibrillation or flutter" in second.title
    assert (second.start, second.mark) == (38, 40)
