"""The table of heart-rate variability, of a made-up record."""

import numpy as np

from benchmarks import hrv as benchmark
from ecg.formats.annotation import Annotation, write_annotation
from tests.patient import synthetic_patient
from tests.recordings import write_wfdb


def test_table_of_a_made_up_record(tmp_path, capsys):
    ecg, peaks, ectopic = synthetic_patient()
    write_wfdb(tmp_path, "made", signals=(ecg, 0.5 * ecg))
    symbols = np.where(ectopic, "V", "N").tolist()
    write_annotation(tmp_path, "made", peaks, symbols, 250, "atr")
    benchmark.main(["--records", str(tmp_path)])
    out = capsys.readouterr().out
    name, count, nn, sdnn = out.splitlines()[0].split()[:4]
    expected = np.diff(peaks)[~ectopic[1:] & ~ectopic[:-1]] * 4
    assert (name, int(count), nn) == ("made", len(expected), "NN")
    assert int(sdnn) == round(float(np.std(expected, ddof=1)))
    assert sum(each.startswith(("records: ", "5 minutes: ")) for each in out.splitlines()) == 2


def test_withheld_stretches_are_the_annotated_ones():
    at = np.array([10, 100, 200, 300, 400])
    symbols, notes = ["+", "+", "+", "[", "]"], ["(AFIB", "(AFL", "(N", "", ""]
    found = benchmark.withheld(Annotation(at, symbols, np.zeros(5, int), notes, 250), 500)
    assert found == [(10, 200, "atrial fibrillation"), (300, 400, "ventricular flutter")]


def test_differences():
    figures = dict(sdnn_ms=50.0, rmssd_ms=20.0, pnn50_percent=10.0)
    other = dict(sdnn_ms=51.0, rmssd_ms=None, pnn50_percent=13.0)
    none = dict.fromkeys(figures)
    text = benchmark.differences([[figures, other], [none, figures], [figures, none]])
    assert text.startswith("1 with both figures, 1 withheld of detected beats only, 1 of the")
    assert "RMSSD" not in text
    assert text.splitlines()[1].split()[-4:] == ["2.0", "2.0", "2.0", "%"]
    assert text.splitlines()[2].split()[-2:] == ["3.0", "points"]
