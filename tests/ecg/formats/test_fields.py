"""Numbers that headers state."""

import pytest

from ecg.artifacts import InputError
from ecg.formats.fields import SCALES, check, check_scale, stated


@pytest.mark.parametrize(
    "text, whole, number", [("250", True, 250), (" -3 ", True, -3), ("2.5e2", False, 250)]
)
def test_a_number_is_read(text, whole, number):
    assert stated(text, "rate", "a.edf", -10, 1000, whole) == number


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "abc", "", "٣", "1 2", "0x10"])
@pytest.mark.parametrize("whole", [False, True])
def test_what_is_no_number_is_refused_by_name(text, whole):
    with pytest.raises(InputError, match=r"a\.edf: its rate is ('|empty).*which is no .*number"):
        stated(text, "rate", "a.edf", -1e9, 1e9, whole)


def test_whole_numbers_are_written_out():
    for text in ("1e3", "2.0", "1_000"):
        with pytest.raises(InputError, match="no whole number"):
            stated(text, "rate", "a.edf", 0, 1e6, whole=True)


@pytest.mark.parametrize("number", [-1, 1001, float("nan"), float("inf")])
def test_what_is_out_of_range_is_refused_with_the_range(number):
    with pytest.raises(InputError, match=r"its rate is .*cannot be \(0 to 1000\)"):
        check(number, "rate", "a.edf", 0, 1000)
    check(0, "rate", "a.edf", 0, 1000)
    check(1000, "rate", "a.edf", 0, 1000)


def test_a_scale_has_either_sign_and_is_not_0():
    for good in (200, -200, 1e-9, *SCALES):
        check_scale(good, "gain", "a.edf")
    for bad in (0, float("nan"), float("inf"), 1e-300, -1e300):
        with pytest.raises(InputError, match="its gain is"):
            check_scale(bad, "gain", "a.edf")


def test_a_long_field_is_not_quoted_whole():
    with pytest.raises(InputError) as caught:
        stated("x" * 10_000, "rate", "a.edf", 0, 1)
    assert len(str(caught.value)) < 200
