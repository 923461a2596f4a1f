"""Samples as they come: of a pipe, or of a recording that is replayed."""

import io
import time
from collections.abc import Iterator

import numpy as np

from ecg.artifacts import InputError

LONGEST_LINE = 100_000  # bytes: 40 numbers a line are 1,000
FORMATS = {"text": None, "i16": "<i2", "i32": "<i4", "f32": "<f4", "f64": "<f8"}


def read_stream(file: io.BufferedIOBase, kind: str, leads: int = 1) -> Iterator[np.ndarray]:
    """Chunks float64 (n, leads) of an open binary file, as they come.

    kind: a key of FORMATS; leads: numbers a line (with blanks, commas or semicolons between), or
    samples one after the other of each time. A missing sample is `nan` in text, and in the 16-bit
    format -32768, as in WFDB. Raises InputError for what is no number, and for another number of
    them."""
    rest, line, dtype = b"", 0, FORMATS[kind]
    while chunk := file.read1(1 << 16):
        rest += chunk
        if dtype is None:
            *lines, rest = rest.split(b"\n")
            if len(rest) > LONGEST_LINE:
                raise InputError(
                    f"standard input, line {line + len(lines) + 1}: more than {LONGEST_LINE:,} "
                    "bytes without an end: one sample a line is expected, or --format i16, i32, "
                    "f32, f64"
                )
            yield _numbers(lines, line, leads)
            line += len(lines)
        else:
            size = np.dtype(dtype).itemsize * leads
            whole = len(rest) // size * size
            values, rest = np.frombuffer(rest[:whole], dtype).astype(np.float64), rest[whole:]
            values = np.where(values == -32768, np.nan, values) if kind == "i16" else values
            yield values.reshape(-1, leads)
    if dtype is None:
        yield _numbers([rest] if rest.strip() else [], line, leads)
    elif rest:
        raise InputError(
            f"standard input ends within a sample: {len(rest)} bytes are left over; is it --format "
            f"{kind} --leads {leads}?"
        )


def _numbers(lines, before, leads):
    """(n, leads) of lines of text; before: how many lines have come."""
    words = [text.replace(b",", b" ").replace(b";", b" ").split() for text in lines]
    try:
        return np.array([[float(word) for word in each] for each in words if each]).reshape(
            -1, leads
        )
    except ValueError:  # no number, or not so many
        for k, each in enumerate(words):
            _check_line(each, lines[k], before + k + 1, leads)
        raise


def _check_line(words, text, number, leads):
    """Raises InputError for a line that is not as many numbers as there are leads."""
    where = f"standard input, line {number}: {text[:40].decode(errors='replace')!r}"
    try:
        found = len([float(word) for word in words])
    except ValueError:
        raise InputError(
            f"{where} is no number; one number a line is expected, several with --leads, or "
            "--format i16, i32, f32, f64"
        ) from None
    if found not in (0, leads):
        raise InputError(
            f"{where} holds {found} numbers, not {leads}: give their number as --leads"
        )


def replay(signal: np.ndarray, fs: float, speed: float) -> Iterator[np.ndarray]:
    """Chunks of a recording (n, leads), a tenth of a second at a time, at `speed` times real time;
    0: as fast as they are taken."""
    size, start = max(1, round(0.1 * fs)), time.monotonic()
    for i in range(0, len(signal), size):
        if speed:
            time.sleep(max(0.0, start + i / fs / speed - time.monotonic()))
        yield signal[i : i + size]
