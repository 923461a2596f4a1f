"""The reports equal bxb's and sumstats' own output."""

import pytest

from ecg import ec57
from ecg.formats import annotation
from ecg.mitdb import PACED


@pytest.fixture(scope="module")
def golden(mitdb, ec57_folder):
    names = annotation.annotated_records(mitdb, "atr")
    return {name: ec57.compare_record(mitdb, name, "atr", "prd", ec57_folder) for name in names}


@pytest.fixture(scope="module")
def ec57_folder(request):
    return request.getfixturevalue("ec57")


@pytest.mark.parametrize(
    "made, file",
    [
        (ec57.format_line, "qrs_veb_sveb.txt"),
        (ec57.format_standard, "bxb_standard.txt"),
        (ec57.format_summary, "summary_all.txt"),
        (ec57.format_shutdown, "shutdown.txt"),
    ],
)
def test_equals_bxb_to_the_character(golden, ec57_folder, made, file):
    assert len(golden) == 48
    assert made(golden).splitlines() == (ec57_folder / file).read_text().splitlines()


def test_equals_sumstats_without_paced_records(golden, ec57_folder):
    names = annotation.without_records(list(golden), PACED, "mitdb")
    made = ec57.format_summary({name: golden[name] for name in names})
    expected = (ec57_folder / "summary_nonpaced.txt").read_text()
    assert made.splitlines() == expected.splitlines()


def test_escape_beats_are_normal_under_aami(golden, mitdb, ec57_folder):
    aami = ec57.compare_record(mitdb, "222", "atr", "prd", ec57_folder, class_map="aami")
    assert golden["222"].counts[1].sum() == 421
    assert aami.counts[1].sum() == 421 - 212  # its 212 beats j
    assert aami.counts.sum() == golden["222"].counts.sum()
