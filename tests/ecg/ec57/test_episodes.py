"""Episodes of two annotations: made by hand with a known answer."""

import numpy as np
import pytest

from ecg import ec57
from ecg.evaluation import metrics
from ecg.formats.annotation import Annotation, write_annotation
from tests.annotations import FS

END = 1000 * FS


def spans(*seconds):
    return np.array(seconds, dtype=np.float64).reshape(-1, 2) * FS


def compared(reference, test, **options):
    return ec57.compare_episodes(spans(*reference), spans(*test), FS, END, **options)


def rhythm(*events):
    """[(second, symbol, note)] as an annotation."""
    seconds, symbols, notes = zip(*events) if events else ((), (), ())
    samples = np.array(seconds, dtype=np.int64) * FS
    return Annotation(samples, list(symbols), np.zeros(len(samples), int), list(notes), FS)


# ---- episodes of an annotation ----------------------------------------------------------------


def test_a_rhythm_lasts_until_another():
    said = rhythm(
        (0, "+", "(N"),
        (10, "+", "(AFIB"),
        (12, "N", ""),
        (15, "[", ""),  # another kind of mark
        (20, "+", "(AFIB"),
        (25, '"', "(N"),  # a comment
        (26, "+", "MISSB"),
        (30, "+", "(AFL"),
        (40, "+", "(AFIB"),
    )
    assert (ec57.rhythm_episodes(said, end=END) / FS).tolist() == [[10, 30], [40, 1000]]
    assert ec57.rhythm_episodes(said)[-1, 1] == np.inf
    assert (ec57.rhythm_episodes(said, ec57.FLUTTER) / FS).tolist() == [[30, 40]]
    both = ec57.rhythm_episodes(said, ec57.AF + ec57.FLUTTER, END)
    assert (both / FS).tolist() == [[10, 1000]]
    assert ec57.rhythm_episodes(rhythm()).shape == (0, 2)


def test_fibrillation_lasts_from_bracket_to_bracket():
    symbols = ["]", "[", "+", "[", "]", "N", "["]
    found = ec57.fibrillation_episodes(range(7), symbols, 9)
    assert found.tolist() == [[1, 4], [6, 9]]
    assert ec57.fibrillation_episodes([], []).shape == (0, 2)


# ---- comparison -------------------------------------------------------------------------------


def test_overlap_of_any_length_is_found():
    result = compared(
        [(400, 500), (600, 610), (700, 800), (850, 900)],
        [(499, 520), (530, 540), (605, 705), (750, 760), (900, 910)],
    )
    assert (result.found, result.missed, result.true, result.false) == (3, 1, 3, 2)
    assert (result.reference_s, result.test_s, result.overlap_s) == (260, 151, 1 + 5 + 5 + 10)
    assert result.figures() == {
        "episode": {"Se": pytest.approx(75), "+P": pytest.approx(60)},
        "duration": {"Se": pytest.approx(100 * 21 / 260), "+P": pytest.approx(100 * 21 / 151)},
    }


def test_what_lies_before_five_minutes_does_not_count():
    result = compared([(0, 100), (250, 350)], [(20, 60), (280, 299), (340, 360)])
    assert result[:4] == (1, 0, 1, 0)
    assert (result.reference_s, result.test_s, result.overlap_s) == (50, 20, 10)
    early = compared([(0, 100), (200, 300)], [(20, 60)])
    assert early == ec57.EpisodeComparison(0, 0, 0, 0, 0, 0, 0)
    assert compared([(0, 100), (200, 300)], [(20, 60)], learning=0)[:4] == (1, 1, 1, 0)


def test_an_open_episode_ends_with_the_recording():
    result = compared([(900, np.inf)], [(950, 1200)])
    assert (result.reference_s, result.test_s, result.overlap_s) == (100, 50, 50)
    with pytest.raises(ValueError, match="no end"):
        ec57.compare_episodes(spans((900, np.inf)), spans(), FS)


def test_one_of_the_two_has_none():
    missed, invented = compared([(400, 500)], []), compared([], [(400, 500)])
    assert missed[:4] == (0, 1, 0, 0) and invented[:4] == (0, 0, 0, 1)
    assert missed.figures()["episode"] == {"Se": 0, "+P": None}
    assert missed.figures()["duration"] == {"Se": 0, "+P": None}
    assert invented.figures()["episode"] == {"Se": None, "+P": 0}
    assert invented.figures()["duration"] == {"Se": None, "+P": 0}
    none = compared([], []).figures()
    assert none == {event: {"Se": None, "+P": None} for event in ("episode", "duration")}


def test_touching_episodes_do_not_overlap():
    """They are two, and one annotation's may touch each other."""
    assert compared([(400, 500), (500, 600)], [(600, 700)])[:4] == (0, 2, 0, 1)
    assert compared([(400, 500), (500, 600)], [(450, 550)])[:4] == (2, 0, 1, 0)
    with pytest.raises(ValueError, match="overlap"):
        compared([(400, 500), (499, 600)], [])


def test_order_does_not_matter():
    reference, test = [(400, 500), (600, 610), (700, 800)], [(499, 520), (605, 705)]
    assert compared(reference[::-1], test[::-1]) == compared(reference, test)


def test_flutter_is_neither_right_nor_wrong():
    flutter = spans((500, 600), (700, 720), (740, 800))
    result = compared(
        [(400, 500)],
        [(490, 510), (530, 560), (590, 605), (690, 750)],  # ends, lies, begins, holds and ends
        flutter=flutter,
    )
    assert result[:4] == (1, 0, 1, 2)
    assert result.test_s == 10 + 0 + 5 + 30 and result.overlap_s == 10
    assert result.flutter_at_start_s == 10
    assert compared([(400, 500)], [(400, 600)], flutter=spans()) == compared(
        [(400, 500)], [(400, 600)]
    )


def test_random_episodes_as_counted_sample_by_sample():
    rng = np.random.default_rng(5)
    for _ in range(20):
        a, b = (np.sort(rng.choice(END, 14, replace=False)).reshape(-1, 2) for _ in range(2))
        result = ec57.compare_episodes(a, b, FS, END, learning=0)
        marks = np.zeros((2, END), bool)
        for k, each in enumerate((a, b)):
            for first, last in each:
                marks[k, first:last] = True
        assert result.found == sum(marks[1, first:last].any() for first, last in a)
        assert result.false == sum(not marks[0, first:last].any() for first, last in b)
        counts = np.array([marks[0].sum(), marks[1].sum(), marks.all(axis=0).sum()])
        np.testing.assert_allclose(result[4:7], counts / FS, rtol=1e-12)


# ---- several records --------------------------------------------------------------------------


def test_summary_is_of_all_episodes_together():
    results = {
        "a": compared([(400, 500), (600, 700)], [(400, 450)]),
        "b": compared([], [(400, 500)]),
    }
    summary = ec57.summarize_episodes(results)
    assert summary.gross["episode"] == {"Se": 50, "+P": 50}
    assert summary.gross["duration"]["Se"] == 25
    assert summary.gross["duration"]["+P"] == pytest.approx(100 / 3)
    assert summary.average["episode"] == {"Se": 50, "+P": 50}
    assert summary.records["b"]["duration"] == {"Se": None, "+P": 0}
    # what intervals over records are made of
    draws = metrics.resampled(list(results.values()), 30, 1)
    part, whole = ec57.episode_ratios(draws)["duration"]["Se"]
    assert part.shape == whole.shape == (30,)
    assert set(np.round(whole).tolist()) == {0, 200, 400}
    assert ec57.summarize_episodes({}).gross["episode"]["Se"] is None


def test_records_from_files(tmp_path):
    """Without a header the last annotation ends what is open."""
    for annotator, start, stop in (("atr", 310, 320), ("rhy", 315, 330)):
        write_annotation(
            tmp_path,
            "r",
            np.array([10, start, start + 2, stop, 390, 400]) * FS,
            ["+", "+", "[", "+", "+", "N"],
            FS,
            annotator,
            ["(N", "(AFIB", "", "(AFL", "(AFIB", ""],
        )
    af = ec57.compare_episodes_of_record(tmp_path, "r", "atr", "rhy")
    assert af == ec57.EpisodeComparison(2, 0, 2, 0, 20, 25, 15)
    vf = ec57.compare_episodes_of_record(tmp_path, "r", "atr", "rhy", kind="vf")
    assert vf == ec57.EpisodeComparison(1, 0, 1, 0, 88, 83, 83)
    left_out = ec57.compare_episodes_of_record(tmp_path, "r", "atr", "rhy", exclude_flutter=True)
    assert left_out == af._replace(test_s=15)
