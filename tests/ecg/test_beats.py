"""Cutting rows: the published rows to the bit, a literal loop, the ends, flat and missing
signal."""

import csv
import hashlib

import numpy as np
import pytest
import wfdb

from ecg import beats

# SHA-256 in (record, sample) order; in the order of the published test file; of the rest in
# (class, record, sample) order
ALL_ROWS = "91a473f8aa67f8ca0908eb69e72d53afae1e5d21a0c7f32e70015962f2552d97"
TEST_ROWS = "6f64721ee4fffe369be7e0cd8136ed1a0b9cf7871df1455001ddbfa824b8b6fd"
TRAIN_ROWS = "9efde051b70cb8e2f048865d40043b5220da91ed8a2c23fe2f456edd3374cf80"


def sha(rows):
    return hashlib.sha256(np.ascontiguousarray(rows, dtype=np.float32).tobytes()).hexdigest()


@pytest.fixture(scope="module")
def cut(mitdb):
    """rows, and record, sample, class of each, of the 48 records."""
    parts = []
    for path in sorted(mitdb.glob("*.hea")):
        x = wfdb.rdrecord(str(path.with_suffix("")), channels=[0], physical=False).d_signal[:, 0]
        annotation = wfdb.rdann(str(path.with_suffix("")), "atr")
        label = beats.classes_of(annotation.symbol)
        rows, index = beats.cut_rows(x, annotation.sample, label >= 0)
        parts.append(
            (rows, np.full(len(rows), int(path.stem)), annotation.sample[index], label[index])
        )
    return [np.concatenate(part) for part in zip(*parts)]


def test_all_rows_to_the_bit(cut):
    rows, _, _, label = cut
    assert np.bincount(label).tolist() == [90589, 2779, 7236, 803, 8039]
    assert sha(rows) == ALL_ROWS


def test_published_split_to_the_bit(cut, kaggle):
    rows, record, sample, label = cut
    place = {key: i for i, key in enumerate(zip(record.tolist(), sample.tolist()))}
    with open(kaggle / "test_index.csv", newline="") as file:
        test = np.array(
            [place[int(row["record"]), int(row["sample"])] for row in csv.DictReader(file)]
        )
    assert sha(rows[test]) == TEST_ROWS
    train = np.setdiff1d(np.arange(len(rows)), test)
    assert sha(rows[train[np.lexsort((sample[train], record[train], label[train]))]]) == TRAIN_ROWS
    published = np.loadtxt(kaggle / "mitbih_test_first10.csv", delimiter=",")
    np.testing.assert_array_equal(rows[test[:10]], published[:, :187].astype(np.float32))
    np.testing.assert_array_equal(label[test[:10]], published[:, 187])
    known = {row.tobytes() for row in rows[train]}
    for row in np.loadtxt(kaggle / "mitbih_train_10rows.csv", delimiter=",")[:, :187].astype(
        np.float32
    ):
        assert row.tobytes() in known


def literal(x, a, is_beat):
    """The rule, one beat after the other."""
    a, rows, index = [*map(int, a), len(x)], [], []
    for k in range(len(a) - 2):
        if is_beat[k]:
            segment = np.asarray(
                x[a[k] : a[k + 1] + (a[k + 2] - a[k + 1]) // 5 : 3], dtype=np.float64
            )
            low, high = (segment.min(), segment.max()) if len(segment) else (0, 0)
            segment = (segment - low) / (high - low if high > low else 1)
            rows.append(np.pad(segment[:187], (0, max(0, 187 - len(segment)))).astype(np.float32))
            index.append(k)
    return np.array(rows).reshape(-1, 187), np.array(index, dtype=np.int64)


@pytest.mark.parametrize("dtype", [np.int16, np.float64])
def test_same_as_a_literal_loop(dtype):
    rng = np.random.default_rng(0)
    x = (1000 * rng.standard_normal(40000)).astype(dtype)
    # all phases of 3, intervals from 1 sample to beyond a row
    a = np.sort(rng.choice(len(x), 300, replace=False))
    a = np.concatenate([[0], a[(a > 5) & (a < 30000)], [30003, 30004, 31000, len(x) - 1]])
    assert set(a % 3) == {0, 1, 2} and np.diff(a).max() > 187 * 3
    is_beat = rng.random(len(a)) < 0.8
    rows, index = beats.cut_rows(x, a, is_beat)
    expected, at = literal(x, a, is_beat)
    np.testing.assert_array_equal(index, at)
    np.testing.assert_array_equal(rows, expected)


@pytest.mark.parametrize("boundaries", [[], [10], [10, 20]])
def test_few_boundaries(boundaries):
    rows, index = beats.cut_rows(np.arange(100), boundaries, np.ones(len(boundaries), bool))
    assert len(rows) == len(index) == max(len(boundaries) - 1, 0) and rows.shape[1] == 187


def test_flat_segment_is_zeros():
    rows, _ = beats.cut_rows(np.full(1000, 7.0), [100, 300, 500], np.ones(3, bool))
    np.testing.assert_array_equal(rows, 0)


def test_segment_with_missing_samples_has_no_row():
    x = np.sin(np.arange(3600) / 20)
    x[1000:1005] = np.nan
    peaks = np.arange(100, 3600, 300)
    rows, at = beats.extract_beats(x, peaks, 360)
    touched = [
        100 + 300 * k
        for k in range(len(peaks))
        if 100 + 300 * k <= 1004 and 400 + 300 * k + 60 > 1000
    ]
    assert np.isfinite(rows).all()
    np.testing.assert_array_equal(at, np.setdiff1d(peaks[:-1], touched))


@pytest.mark.parametrize(
    "bad, word",
    [
        (dict(r_peaks=[5, 4]), "increase"),
        (dict(r_peaks=[5, 5000]), "outside"),
        (dict(r_peaks=[-1, 5]), "outside"),
        (dict(ecg=np.zeros((50, 2))), "shape"),
        (dict(beat_length=250), "187"),
    ],
)
def test_wrong_arguments_are_refused(bad, word):
    with pytest.raises(ValueError, match=word):
        beats.extract_beats(**{"ecg": np.zeros(1000), "r_peaks": [5, 50], "fs": 360, **bad})


def test_every_symbol_has_its_class():
    assert (
        beats.classes_of("NLRejAaJSVEF/fQ+~|!").tolist()
        == [0] * 5 + [1] * 4 + [2] * 2 + [3] + [4] * 3 + [-1] * 4
    )


def test_standardised_rows_come_back():
    rng = np.random.default_rng(0)
    rows = rng.random((50, 187), np.float32)
    mean, scale = rng.random(187).tolist(), (0.1 + rng.random(187)).tolist()
    x = beats.standardise(rows, mean, scale)[:, :, None]
    assert x.dtype == np.float32 and beats.unstandardise(x[:0], mean, scale).shape == (0, 187)
    for dtype in (np.float32, np.float64):
        back = beats.unstandardise(x, mean, scale, dtype)
        assert back.dtype == dtype and back.shape == rows.shape
        np.testing.assert_allclose(back, rows, atol=1e-6)
    beyond = np.full((2, 187), 100.0)
    assert beats.unstandardise(beyond, mean, scale).max() == 1
    assert beats.unstandardise(beyond, mean, scale, clip=False).max() > 1
