"""The benchmark of ventricular fibrillation, small."""

import re

import numpy as np
import wfdb

from benchmarks import vf as benchmark
from ecg.training.vf_data import Truth
from tests.ecg.rhythm.vf_signals import FS, beating, collapse


def _spans(*seconds):
    return (np.array(seconds, float).reshape(-1, 2) * 100).astype(np.int64)


def test_scores_by_hand():
    truth = Truth(_spans((10, 30), (100, 104)), _spans((30, 40), (60, 80)))
    found = _spans((8, 36), (62, 79), (78, 90), (120, 125))
    score = benchmark.score(found, truth, 100, 20000)
    assert score.seconds == 200 and score.vf == 24 and score.found == 20
    # 8 to 10, 80 to 90, 120 to 125 s; what is UNSURE counts neither way
    assert score.beside == 17
    assert score.false == 2, "the second lies in UNSURE, the third mostly beside it"
    assert score.edges == [(-2.0, 6.0)]


def test_the_tables(tmp_path, capsys):
    for name, signal in (("one", collapse(60, 40, 30)), ("two", beating(60))):
        record = dict(fs=FS, units=["mV"], sig_name=["ECG"], fmt=["16"], write_dir=str(tmp_path))
        wfdb.wrsamp(name, p_signal=signal[:, None], **record)
        at, symbols = ([60 * FS, 100 * FS], ["[", "]"]) if name == "one" else ([FS], ["N"])
        wfdb.wrann(name, "atr", np.array(at), symbols, fs=FS, write_dir=str(tmp_path))
    benchmark.main(["--records", str(tmp_path), "--keep", str(tmp_path / "kept")])
    text = capsys.readouterr().out
    share = float(re.search(r"2 records +0.05 h +([\d.]+) % of +40 s", text)[1])
    assert share > 90 and " 0 false" in text
    delay = re.search(r"1 onsets; s to the alarm, quartiles: ([\d.]+)", text)
    assert 1 <= float(delay[1]) <= 8 and "0 without one" in text
    assert float(re.search(r"3  ([\d.]+) s of CPU", text)[1]) < 120


def test_a_folder_without_recordings_is_refused(refused, tmp_path):
    line = refused("benchmarks/vf.py", "--records", tmp_path, "--keep", tmp_path / "kept")
    assert "holds no WFDB record" in line
