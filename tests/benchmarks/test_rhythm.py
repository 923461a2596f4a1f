"""The table of atrial fibrillation in annotated recordings."""

import numpy as np
import pytest

from benchmarks import rhythm as benchmark
from ecg.evaluation.records_rhythm import compare_rhythm
from ecg.formats.annotation import Annotation, write_annotation
from ecg.rhythm import network
from tests.ecg.rhythm.looks import told
from tests.patient import synthetic_patient
from tests.recordings import write_wfdb

FS = 250


def record(rhythm, *marks):
    at = np.array([s for s, _ in marks], np.int64) * FS
    reference = Annotation(at, ["+"] * len(at), np.zeros(len(at), int), [m for _, m in marks], FS)
    return compare_rhythm(rhythm, reference, FS, 1800 * FS)


def test_records_without_af_have_no_line():
    records = {
        "a": record(told((600, 1200, "AF")), (0, "(N"), (900, "(AFL"), (1500, "(N")),
        "b": record(told((0, 1800, "N")), (0, "(N")),
        "c": record(told((600, 660, "AF"))),  # its reference tells no rhythm
        "d": record(told((0, 1800, "N"))),
    }
    head, first, second = benchmark.table(records)
    assert head.split() == ["record", "reference", "called", "both", "Se", "+P"]
    assert first.split() == ["a", "10.00", "10.00", "5.00", "50.0", "50.0"]
    assert second.split() == ["c", "-", "1.00"]


def test_report(capsys):
    from pathlib import Path

    args = benchmark.options().parse_args(["--draws", "20"])
    records = {
        "a": record(told((600, 1200, "AF")), (0, "(N"), (900, "(AFIB"), (1500, "(N")),
        "b": record(told((600, 690, "AF")), (0, "(N")),
        "c": record(told((600, 660, "AF"))),
    }
    benchmark.report(Path("made"), records, args)
    out = capsys.readouterr().out
    assert out.startswith("made: 3 records, 2 of them with an annotated rhythm")
    assert "records without AF or flutter: 3.60 min/h in 0.4 h" in out  # 1.5 min in 25
    assert "tells no rhythm: 2.40 min/h in 0.4 h of 1 records" in out


@pytest.fixture
def folder(tmp_path):
    ecg, peaks, ectopic = synthetic_patient()
    write_wfdb(tmp_path, "made", signals=(ecg, 0.5 * ecg))
    symbols = ["+", *np.where(ectopic, "V", "N").tolist()]
    notes = ["(N", *[""] * len(peaks)]
    write_annotation(tmp_path, "made", np.append(0, peaks), symbols, FS, "atr", notes)
    return tmp_path


def test_a_made_up_record_end_to_end(folder, capsys):
    if network.open_model() is None:
        pytest.skip("no rhythm network in weight/")
    benchmark.main(["--records", str(folder), "--learning", "10"])
    out = capsys.readouterr().out
    assert "1 records, 1 of them with an annotated rhythm" in out
    assert "0.00 min/h" in out  # frequent V are no AF
