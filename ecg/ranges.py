"""Ranges of the numbers on the command line: what is no number, not finite, or outside is refused
with the name of the option, before anything begins."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """The type of an option: a number from `low` to `high`, both allowed; above: `low` itself is
    not. whole: of whole numbers."""

    low: float
    high: float
    whole: bool = False
    above: bool = False

    def __call__(self, text: str | float) -> float | int:
        """The number behind `text`. Raises ValueError where it is none of these."""
        try:
            value = int(text) if self.whole else float(text)
        except (ValueError, OverflowError):
            raise ValueError(f"{_short(text)}: give {self}") from None
        inside = self.low < value if self.above else self.low <= value
        if not (inside and value <= self.high):  # NaN is neither
            raise ValueError(f"{_short(text)}: give {self}")
        return value

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} {'above' if self.above else 'from'} {_said(self.low)} to {_said(self.high)}"


def _said(value):
    return f"{value:,}" if value == int(value) and abs(value) >= 1000 else f"{value:g}"


def _short(text):
    text = str(text)
    return text if len(text) <= 20 else f"{text[:17]}..."


def whole(low: int, high: int) -> Range:
    """Whole numbers from `low` to `high`."""
    return Range(low, high, whole=True)


def real(low: float, high: float) -> Range:
    """Numbers from `low` to `high`."""
    return Range(low, high)


def above(low: float, high: float) -> Range:
    """Numbers above `low`, up to `high`."""
    return Range(low, high, above=True)


# ---- those of several options --------------------------------------------------------------------

RATE = real(1, 100_000)  # Hz; what a detector or a model wants of a rate, it says itself
COUNT = whole(1, 1_000_000)
COUNT_OR_ALL = whole(0, 1_000_000_000)  # 0: all
PARTS = whole(2, 1000)  # of a cross-validation
WORKERS = whole(1, 1024)
SEED = whole(0, 2**32 - 1)  # what every library takes
LEARNING_RATE = above(0, 10)
SHARE = real(0, 1)
SECONDS = real(0, 10_000_000)  # 115 days
LENGTH = above(0, 10_000_000)  # s
HEART_RATE = real(1, 1000)  # per minute
DECIBELS = real(-200, 200)
FREQUENCY = above(0, 50_000)  # Hz
POINTS = above(0, 500)  # of a font
