"""Times as people read them: how long something lasted, and when it was.

    elapsed(65.5)                                # 1:05, since the start
    clock = clock_of(recording.facts, seconds)   # of a recording that lasts `seconds`
    clock(65.5)                                  # 21:57:31, or 1:05 where the start is not known

Nothing is known of summer time: a clock runs on from where it began.
"""

import datetime
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ecg.formats.recording import Facts

DAY = 86400  # s


def elapsed(seconds: float | None, decimals: int = 0) -> str:
    """65.5 -> '1:05', 3661 -> '1:01:01'; with decimals=1 '1:05.5'. None -> '–'."""
    if seconds is None:
        return "–"
    whole, fraction = _split(seconds, decimals)
    minutes, s = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02d}:{s:02d}" if hours else f"{minutes}:{s:02d}"
    return text + fraction


class Clock(NamedTuple):
    """Writes moments of a recording, given in s from its start: by the clock where the file says
    when it began, else as time since then.

    first: s of the day at the first sample, None where it is not known. date: of that day, None
    where it is not known. days: whether another day begins before the end; then every moment says
    its day."""

    first: float | None = None
    date: datetime.date | None = None
    days: bool = False

    @property
    def known(self) -> bool:
        """Whether moments are written by the clock."""
        return self.first is not None

    def __call__(self, seconds: float | None, decimals: int = 0) -> str:
        """'21:57:31'; in a recording of several days '07-27 00:10:05' (month and day), or
        '00:10:05 +1d' where the date is not known. None -> '–'."""
        if self.first is None or seconds is None:
            return elapsed(seconds, decimals)
        whole, fraction = _split(self.first + seconds, decimals)
        day, s = divmod(whole, DAY)
        text = f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}{fraction}"
        if not self.days:
            return text
        if self.date is None:
            return f"{text} {self._day(day)}" if day else text
        return f"{self._day(day)} {text}"

    def ticks(self, start: float, stop: float, step: float) -> Iterator[tuple[float, str]]:
        """(s from the start of the recording, text) of an axis from `start` to `stop`, at round
        times of the clock `step` s apart; where a day begins, the text is that day."""
        first = self.first or 0.0
        low = math.ceil((first + start) / step - 1e-9)
        for k in range(low, math.floor((first + stop) / step + 1e-9) + 1):
            at = k * step
            begins = self.known and at > 0 and at % DAY == 0
            text = self._day(int(at // DAY)) if begins else self._replace(days=False)(at - first)
            yield at - first, text

    def stamps(self, seconds: ArrayLike) -> list[str]:
        """Each of `seconds` (n,) to the millisecond as ISO text: '2026-07-26T21:57:31.500', without
        the date where it is not known. Of a known clock only."""
        assert self.first is not None
        ms = np.rint(1000 * (self.first + np.asarray(seconds, float))).astype("timedelta64[ms]")
        texts = np.datetime_as_string(np.datetime64(self.date or "2000-01-01", "ms") + ms, "ms")
        return [text if self.date else text.partition("T")[2] for text in texts.tolist()]

    def _day(self, day):
        """Month and day of day `day` of the recording, counted from 0."""
        if self.date is None:
            return f"+{day}d"
        return f"{self.date + datetime.timedelta(day):%m-%d}"


def clock_of(facts: Facts, seconds: float) -> Clock:
    """The clock of a recording that lasts `seconds`, as far as `facts` tell it."""
    if facts.clock is None:
        return Clock()
    t, date = facts.clock, facts.date
    first = t.hour * 3600 + t.minute * 60 + t.second + t.microsecond / 1e6
    days = (first + seconds) // DAY
    if date is not None and date.toordinal() + days > datetime.date.max.toordinal():
        date = None  # the year 9999: no date at all
    return Clock(first, date, days > 0)


def _split(seconds, decimals):
    """(whole s, '.5' with `decimals` digits or ''); what is beyond them is cut off."""
    ticks = math.floor(seconds * 10**decimals + 1e-6)
    whole, fraction = divmod(ticks, 10**decimals)
    return whole, f".{fraction:0{decimals}d}" if decimals else ""
