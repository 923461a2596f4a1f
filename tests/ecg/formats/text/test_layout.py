"""Where a table begins, and how its rows are written."""

from pathlib import Path

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats.text.cells import cells_of, is_missing, is_number, is_time
from ecg.formats.text.layout import decimal_sign, find_layout, is_one_column

PATH = Path("a.txt")
BODY = ["0.1{0}1", "0.2{0}2", "0.3{0}3", "0.4{0}4"]


@pytest.mark.parametrize("delimiter", ["\t", ";", ",", "|", " ", "   "])
@pytest.mark.parametrize(
    "head", [[], ["250 Hz", "", "time, ecg"], ["Rate: 250"], ["250 SPS"], ["# 1 2"]]
)
def test_delimiters_and_heads(delimiter, head):
    layout = find_layout(head + [line.format(delimiter) for line in BODY], PATH)
    assert (
        layout.delimiter == delimiter.strip(" ")
        or delimiter.isspace()
        and layout.delimiter in " \t"
    )
    assert layout.skip == len(head) and layout.rows[0] == ["0.1", "1"]


@pytest.mark.parametrize(
    "line, delimiter", [("sep=;", ";"), ("sep=\t", "\t"), ('"sep=\\t"', "\t"), ("sep=,", ",")]
)
def test_the_first_line_names_the_delimiter(line, delimiter):
    layout = find_layout(
        [line, "a b" + delimiter + "c", *(row.format(delimiter) for row in BODY)], PATH
    )
    assert layout.delimiter == delimiter and layout.skip == 2


@pytest.mark.parametrize(
    "row",
    [
        "2024-05-01 12:00:00.{k},0.5",
        "01.05.2024;12:00:0{k};0,5",
        "01/05/2024,3:05:0{k} PM,0.5",
        "[10:00:05.{k} 26/07/2026],0.5",
        "H10 1234,{k},0.5,N",
        "{k},N,SR,0.5,1",
        '"0,{k}","0,5"',
        "'0:05.{k}',0.5",
        "-,0.{k},--",
    ],
)
def test_what_may_be_in_a_row(row):
    lines = ["some head", *(row.format(k=k) for k in range(1, 9))]
    layout = find_layout(lines, PATH)
    assert layout.skip == 1 and len(layout.rows[0]) > 1


def test_what_is_no_table():
    for lines in ([], ["a,b", "c,d", "e,f"], ["Age: 5", "Rate: 7", "Name: 3"], ["2024-05-01"] * 5):
        with pytest.raises(InputError, match="no table"):
            find_layout(lines, PATH)


def test_delimiters_at_the_ends_are_no_column():
    layout = find_layout(["1,2,,", "3,4,,", "5,6,,", "7,8,,"], PATH)
    assert layout.rows == [["1", "2"], ["3", "4"], ["5", "6"]]  # the last may be cut
    assert len(find_layout(["1,", "2,", "3,", "4,"], PATH).rows[0]) == 1


def test_decimal_signs():
    assert decimal_sign(find_layout(["0,5;1,5"] * 4, PATH)) == ","
    assert decimal_sign(find_layout(["0.5;1.5"] * 4, PATH)) == "."
    assert decimal_sign(find_layout(['"0,5","1,5"'] * 4, PATH)) == ","
    assert decimal_sign(find_layout(["12:00:00,5;1.5"] * 4, PATH)) == "."  # of a clock


def test_one_column_with_commas_or_two_of_whole_numbers():
    rng = np.random.default_rng(3)
    x = 100 * np.sin(np.arange(50) / 5)
    commas = [f"{v:.3f}".replace(".", ",") for v in x + rng.normal(0, 1, 50)]
    assert is_one_column(find_layout(commas, PATH))
    assert is_one_column(find_layout(["-12,05", "3,5", "4,25", "1,0"], PATH))
    two = [f"{v:.0f},{w:.0f}" for v, w in zip(x, 512 + 0.5 * x)]
    assert not is_one_column(find_layout(two, PATH))
    counted = [f"{k},{v}" for k, v in enumerate(rng.integers(0, 999, 50))]
    assert not is_one_column(find_layout(counted, PATH))
    assert not is_one_column(find_layout(["1,", "2,", "3,", "4,"], PATH))


def test_cells():
    assert cells_of("\"a, b\" , 2,'c'", ",") == ["a, b", "2", "c"]
    assert all(map(is_number, ["1", "-1.5", "+.5", "1e-3", "0,5", "−2"]))
    assert not any(map(is_number, ["", "a", "1.2.3", "12:00", "1 2"]))
    assert all(map(is_missing, ["", "-", "--", "?", "NaN", "N/A", "#N/A", "0x8000", "null"]))
    assert all(
        map(is_time, ["0:05.1", "10:00", "3:05:07 PM", "2024-05-01", "1.5.24", "1-May-2024"])
    )
    assert all(map(is_time, ["2024-05-01T10:00:00.5Z", "2024/05/01 10:00:00", "2024年5月1日"]))
    assert not any(map(is_time, ["1.5", "a", "", "10", "1-2", "V1"]))
