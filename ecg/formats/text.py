"""Text tables: CSV, TSV and the like, with whatever stands above them (exports of the Apple Watch,
rdsamp, LabChart ...).

The head tells how the table is written (text_head.py), then its columns are read
(text_columns.py); one is the lead, another may be the time (text_time.py)."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ecg.artifacts import InputError
from ecg.formats.recording import Given, Recording, build_recording, choose_lead
from ecg.formats.text_columns import INDEX_NAME, TIME_NAME, column_numbers, read_columns
from ecg.formats.text_head import Head, read_head
from ecg.formats.text_time import by_time, seconds, time_column

if TYPE_CHECKING:  # half a second that other formats do without
    import pandas as pd


class _Chosen(NamedTuple):
    """The columns of a table that are needed; the others go: a day of a lead is 250 MB."""

    leads: list[str]
    number: int
    lead: "pd.Series"
    unit: str | None
    times: "pd.Series | None"
    times_name: str


def from_text(path: Path, given: Given) -> Recording:
    """One lead of a text table, a row a sample. The rate is that of its time column, else the one
    that is named above it; rows that the times lack are NaN."""
    head = read_head(path)
    chosen = _choose_columns(path, given, head)
    x, fs, unit = column_numbers(chosen.lead, path), head.fs, chosen.unit
    notes: tuple[str, ...] = ()
    if chosen.times is not None:
        if given.unit is None:
            unit = unit or "mV"  # so far in silence, where a table without times says it aloud
        times, notes = seconds(chosen.times, chosen.times_name, path)
        if times is not None:
            fs, x, gaps = by_time(x, times, path)
            notes += gaps
    return build_recording(path, given, chosen.leads, chosen.number, x, fs, unit, notes)


def _choose_columns(path: Path, given: Given, head: Head) -> _Chosen:
    """The lead that is wanted, and the time where the user does not give the rate."""
    columns = read_columns(path, head.encoding, head.skip, head.delimiter, head.decimal)
    named = len(columns) == len(head.names)
    names = head.names if named else [f"column {k}" for k in range(len(columns))]
    units = head.units if named else [None] * len(columns)
    times = time_column(columns, names, named)
    keep = [
        k
        for k, name in enumerate(names)
        if k != times and not (named and (INDEX_NAME.match(name) or TIME_NAME.match(name)))
    ]
    if not keep:
        raise InputError(f"{path} holds a time column alone, no ECG")
    leads = [names[k] for k in keep]
    if not named and len(keep) == 1:
        leads = [_lead_above(head.lines, leads[0])]
    number = choose_lead(leads, given.lead, path)
    return _Chosen(
        leads,
        number,
        columns[keep[number]],
        units[keep[number]] or head.unit,
        None if times is None or given.fs is not None else columns[times],
        names[times] if named and times is not None else "",
    )


def _lead_above(lines, default):
    """The lead that one of the lines above a table of one column names: `Lead,Lead I`."""
    last_words = (re.split(r"[,;:=\t ]+", line.strip().strip('"'))[-1] for line in lines)
    return next(
        (word for word in last_words if re.fullmatch(r"I{1,3}|aV[RLF]|V[1-6]", word)), default
    )
