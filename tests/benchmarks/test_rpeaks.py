"""How the benchmark of the detectors counts."""

import numpy as np

from benchmarks.rpeaks_parts import rates, rhythms, scores
from benchmarks.rpeaks_parts.records import Record


def test_matching():
    reference, found = np.array([100, 200, 300, 1000]), np.array([90, 210, 215, 400, 1054])
    assert sorted(map(tuple, scores.match(reference, found, 54).tolist())) == [
        (0, 0),
        (1, 1),
        (3, 4),
    ]
    assert (
        len(scores.match(reference, found[:0], 54))
        == len(scores.match(reference[:0], found, 54))
        == 0
    )
    record = Record(np.zeros(1200), 360.0, reference, [(950, 1100)])
    assert scores.errors(record, found)[:3] == (2, 1, 2)


def test_tables_of_fast_and_absent_hearts(capsys):
    table = rates.rates(
        "steady", lambda rate, fs, snr: rhythms.tachycardia(rate, fs, True, snr), [75, 270], [250]
    )
    assert all(0.97 <= least <= most <= 1.03 for least, most in table.values())
    still = rates.standstill([10], [250])
    assert max(inside for inside, _ in still.values()) <= 2
    out = capsys.readouterr().out
    assert "270/min" in out and "80 P a minute" in out


def test_real_beats_put_closer_together(excerpt):
    assert rates.spliced(excerpt.parent, [260]) == {260: 1.0}
