"""The windows in which a recording is described."""

from ecg import context


def test_every_beat_lies_in_one_window():
    for duration in (0.5, 59, 1800, 5000, 86400):
        for arguments in ({}, {"past": 300, "delay": 60}):
            rows = context.windows(duration, **arguments)
            assert rows[0][0] == 0 and rows[-1][1] >= duration
            assert all(a[1] == b[0] for a, b in zip(rows, rows[1:]))
            assert all(
                start <= low and (high <= stop or stop >= duration)
                for low, high, start, stop in rows
            )
