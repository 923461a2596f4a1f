"""The comparison of annotations equals bxb's own output, and its rules hold on cases made by hand."""
import numpy as np
import pytest
import wfdb

from ecg import ec57
from ecg.artifacts import HOME, InputError

FS = 100


def annotate(events):
    """[(second, symbol) or (second, symbol, subtype)] -> samples, symbols, subtypes"""
    events = [(*event, 0)[:3] for event in events]
    return [round(t * FS) for t, _, _ in events], [s for _, s, _ in events], [x for _, _, x in events]


def compared(reference, test, **options):
    r, t = annotate(reference), annotate(test)
    return ec57.compare(*r[:2], *t[:2], FS, ref_subtypes=r[2], test_subtypes=t[2], **{"learning": 0, **options})


def cell(result, name):
    return int(result.counts["NSVFQOX".index(name[0]), "nsvfqox".index(name[1])])


@pytest.fixture(scope="module")
def golden(mitdb, ec57_folder):
    names = ec57.records_in(mitdb, "atr")
    return {name: ec57.compare_record(mitdb, name, "atr", "prd", ec57_folder) for name in names}


@pytest.fixture(scope="module")
def ec57_folder(request):
    return request.getfixturevalue("ec57")


@pytest.mark.parametrize("made, file", [(ec57.format_line, "qrs_veb_sveb.txt"), (ec57.format_standard, "bxb_standard.txt"),
                                        (ec57.format_summary, "summary_all.txt"), (ec57.format_shutdown, "shutdown.txt")])
def test_equals_bxb_to_the_character(golden, ec57_folder, made, file):
    assert len(golden) == 48
    assert made(golden).splitlines() == (ec57_folder / file).read_text().splitlines()


def test_equals_sumstats_without_paced_records(golden, ec57_folder):
    chosen = {name: golden[name] for name in ec57.choose(list(golden), ec57.PACED, "mitdb")}
    assert ec57.format_summary(chosen).splitlines() == (ec57_folder / "summary_nonpaced.txt").read_text().splitlines()


def test_program_prints_the_same(capsys, mitdb, ec57_folder):
    others = [name for name in ec57.records_in(mitdb, "atr") if name not in ("100", "208")]
    ec57.main([str(mitdb), "--test", "prd", "--test-dir", str(ec57_folder), "--format", "line", "--exclude", *others])
    golden = (ec57_folder / "qrs_veb_sveb.txt").read_text().splitlines()
    assert capsys.readouterr().out.splitlines() == [line for line in golden if line[:4] in ("Reco", " 100", " 208")]


def test_escape_beats_are_normal_under_aami(golden, mitdb, ec57_folder):
    aami = ec57.compare_record(mitdb, "222", "atr", "prd", ec57_folder, class_map="aami")
    assert golden["222"].counts[1].sum() == 421 and aami.counts[1].sum() == 421 - 212   # its 212 beats j
    assert aami.counts.sum() == golden["222"].counts.sum()


def test_equally_near_takes_the_later():
    result = compared([(10, "N")], [(9.9, "V"), (10.1, "S")])
    assert cell(result, "Ns") == 1 and cell(result, "Ov") == 1


def test_one_to_one_and_window():
    result = compared([(10, "N"), (11, "V"), (12, "N")], [(10.15, "N"), (10.9, "V"), (11.02, "N"), (12.16, "N")])
    assert (cell(result, "Nn"), cell(result, "Vn"), cell(result, "Ov"), cell(result, "On"), cell(result, "No")) == (1, 1, 1, 1, 1)
    assert result.pairs.tolist() == [[0, 0], [-1, 1], [1, 2], [2, -1], [-1, 3]]


def test_learning_period_and_end_do_not_count():
    beats = [(t, "N") for t in range(1, 601)]
    result = compared(beats, beats, learning=300, n_samples=500 * FS)
    assert result.counts.sum() == cell(result, "Nn") == 200
    assert result.rr_error_ms == 0


def test_fibrillation_is_left_out():
    reference = [(1, "N"), (2, "N"), (2.5, "["), (8, "]"), (9, "N")]
    result = compared(reference, [(1, "N"), (2, "N"), (4, "V"), (5, "V"), (9, "N")])
    assert result.counts.sum() == cell(result, "Nn") == 3
    assert result.rr_error_ms == 0            # only 1 -> 2: the interval across [ is no RR interval


def test_shutdown_of_test_and_of_reference():
    """Beats missed while the analyser says it cannot read are in column x, detections where the reference says so in row X."""
    reference = [(1, "N"), (2, "V"), (3, "S"), (4, "N"), (5, "N"), (5.5, "~", -1), (7.5, "~", 0), (8, "N"), (9, "N")]
    test = [(1, "N"), (1.5, "~", 48), (3.5, "~", 0), (4, "N"), (5, "N"), (6, "V"), (7, "N"), (8, "N")]
    result = compared(reference, test)
    assert (cell(result, "Vx"), cell(result, "Sx"), cell(result, "Xv"), cell(result, "Xn"), cell(result, "No")) == (1, 1, 1, 1, 1)
    assert cell(result, "Nn") == 4 and result.counts.sum() == 9
    assert result.shutdown_s == 2.0
    found = ec57.ratios(result.counts)
    assert found["QRS"] == {"Se": (4, 7), "+P": (4, 6)}
    assert found["VEB"] == {"Se": (0, 1), "+P": (0, 1), "FPR": (1, 6)}
    assert found["SVEB"]["Se"] == (0, 1)
    assert "Beats missed in shutdown:  28.57% (2/7)" in ec57.format_standard({"x": result})
    assert "    2 seconds" in ec57.format_standard({"x": result})
    assert ec57.line_counts(result.counts)[14:18] == [1, 1, 1, 1]          # Ov' No' So' Vo' hold X and x too


def test_lone_shutdown_reaches_to_the_neighbours():
    """One mark in the middle (AHA's convention): from 150 ms after the annotation before to 150 ms before the one after."""
    reference = [(t, "N") for t in range(1, 8)]
    result = compared(reference, [(1, "N"), (2, "N"), (4, "~", 0x30), (6, "N"), (7, "N")])
    assert sum(result.counts[:, 6]) == cell(result, "Nx") == 3
    assert result.shutdown_s == pytest.approx(3.7)


def test_unpenalised_confusions():
    """Fusion and unclassifiable beats called V, and unclassifiable ones called S, are no false positives; F called S is."""
    reference = [(1, "F"), (2, "Q"), (3, "Q"), (4, "F"), (5, "N"), (6, "V"), (7, "A")]
    test = [(1, "V"), (2, "V"), (3, "S"), (4, "S"), (5, "N"), (6, "V"), (7, "S")]
    found = compared(reference, test).figures()
    assert found["VEB"] == {"Se": 100, "+P": 100, "FPR": 0}
    assert found["SVEB"]["+P"] == 50


def test_summary_of_records():
    a = compared([(1, "N"), (2, "V")], [(1, "N"), (2, "V")])
    b = compared([(1, "N"), (2, "N"), (3, "N")], [(1, "N"), (2, "V")])
    found = ec57.summarize({"a": a, "b": b})
    assert found["gross"]["QRS"]["Se"] == 80 and found["average"]["QRS"]["Se"] == pytest.approx((100 + 200 / 3) / 2)
    assert found["records"]["b"]["VEB"]["Se"] is None and found["average"]["VEB"]["Se"] == 100
    assert found["gross"]["VEB"]["+P"] == 50


def test_nothing_to_compare():
    empty = ec57.compare([], [], [], [], FS)
    assert empty.counts.sum() == 0 and np.isnan(empty.rr_error_ms) and empty.pairs.shape == (0, 2)
    assert empty.figures()["QRS"] == {"Se": None, "+P": None}
    only_extra = compared([], [(1, "N")])
    assert cell(only_extra, "On") == 1
    assert "-" in ec57.format_summary({"x": empty})


def test_order_does_not_matter_and_lengths_must_agree():
    a = compared([(1, "N"), (2, "V"), (3, "N")], [(1, "N"), (2, "V"), (3, "N")])
    b = compared([(3, "N"), (1, "N"), (2, "V")], [(2, "V"), (3, "N"), (1, "N")])
    assert (a.counts == b.counts).all()
    assert sorted(b.pairs.tolist()) == [[0, 1], [1, 2], [2, 0]]
    with pytest.raises(ValueError, match="2 samples, 1 symbols"):
        ec57.compare([1, 2], ["N"], [1], ["N"], FS)


def test_bad_input_is_said_in_plain_words(capsys, refused, tmp_path):
    def message(*args):
        with pytest.raises(InputError) as caught:
            ec57.main([str(tmp_path), *args])
        return str(caught.value)

    assert "no folder" in refused("ecg/ec57.py", tmp_path / "absent", env={"PYTHONPATH": str(HOME)})
    assert "*.atr" in message()
    wfdb.wrann("r", "atr", np.array([100, 200]), symbol=["N", "N"], fs=FS, write_dir=str(tmp_path))
    assert "r.cnn is missing" in message()
    assert "no such record" in message("--exclude", "9")
    assert "leaves no record" in message("--exclude", "r")
    assert "seconds" in message("--learning", "-1")
    wfdb.wrann("r", "cnn", np.array([100, 200]), symbol=["N", "V"], fs=FS, write_dir=str(tmp_path))
    ec57.main([str(tmp_path), "--learning", "0", "--format", "line"])
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["r", "1"]
    (tmp_path / "r.hea").write_text("nonsense\n")
    assert "no WFDB header" in message()
