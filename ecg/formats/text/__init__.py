"""Text tables: CSV, TSV and the like, with whatever stands above them (exports of recorders and
their software, of spreadsheets, of other programs).

The head tells how the table is written and what is in it (text/head.py), then its columns are read
(text/columns.py); those that are no clocks are the channels (table.py)."""

from pathlib import Path

from ecg.formats.leads import is_ecg, is_something_else
from ecg.formats.recording import Contents, Given
from ecg.formats.table import contents_of_table
from ecg.formats.text.columns import read_columns
from ecg.formats.text.head import Head, read_head
from ecg.formats.text.labchart import block_starts, read_blocks


def from_text(path: Path, given: Given) -> Contents:
    """The channels of a text table, a row a sample. The rate is that of its time column, else the
    one that is named above it; rows that the times lack are NaN. Raises InputError for what holds
    no table, whose rows differ in length, or whose times tell no rate."""
    head = read_head(path)
    columns, head, notes = _columns(path, head)
    contents = contents_of_table(
        columns,
        head.names,
        head.units,
        head.fs,
        head.unit,
        head.facts,
        notes,
        given,
        path,
        kinds=head.kinds,
        converters=head.converters,
        filters=head.filters,
    )
    if len(contents.channels) == 1 and head.lead:
        channel = contents.channels[0]
        if not is_ecg(channel.name) and not is_something_else(channel.name, channel.kind):
            return contents._replace(channels=[channel._replace(name=head.lead)])
    return contents


def _columns(path: Path, head: Head):
    """(columns, the head with as many names, notes) of a table."""
    notes: tuple[str, ...] = ()
    if head.is_labchart and len(starts := block_starts(path, head.encoding)) > 1:
        columns, notes = read_blocks(path, head.encoding, starts, head.decimal)
        if len(columns) > len(head.names):  # its rows have no time; their blocks have
            head = head._replace(
                names=["time", *head.names],
                units=["s", *head.units],
                kinds=["", *head.kinds],
                converters=[None, *head.converters],
            )
    else:
        columns = read_columns(
            path, head.encoding, head.skip, head.delimiter, head.decimal, named=any(head.names)
        )
    if head.no_samples:
        columns = [column.iloc[head.no_samples :].reset_index(drop=True) for column in columns]
    many, missing = len(columns), len(columns) - len(head.names)
    head = head._replace(
        names=head.names[:many] + [""] * missing,
        units=head.units[:many] + [None] * missing,
        kinds=head.kinds[:many] + [""] * missing,
        converters=head.converters[:many] + [None] * missing,
    )
    return columns, head, notes
