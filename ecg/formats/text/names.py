"""The rows right above a text table: the names of its columns and their units."""

import re

from ecg.formats.text.cells import cells_of, is_missing, is_number, is_time
from ecg.formats.text.says import is_statement
from ecg.formats.units import is_plain, voltage

HIGHEST_ROWS = 5  # rows above a table that may describe its columns
UNITS_SHARE = 0.8  # of the cells of a row of units; V and the like stand among names too
_OTHER_UNIT = re.compile(
    r"[munµμ]?s(ecs?)?|(milli|micro|nano)?s(ec(onds?)?)?|mins?|minutes?|h|hours?"
    r"|[hHms:]{2,8}([.:,]?[mfs0]+)?|[ymd]{2,4}[-/.][ymd]{2,4}[-/.][ymd]{2,4}.*"
    r"|[mkµμu]?g|m/s(\^?2|²)|m/\(s\^?2\)|deg(rees)?(/s|/sec| ?c)?|rad/s|°/s|dps|°|°? ?[cfk]|celsius"
    r"|%|bpm|beats/min|1/min|/min|mm ?hg|[kmch]*pa|cm ?h2o|l/min|ml/min|[mµμu]l"
    r"|[kmµμun]?(ohms?|Ω)|([µμu]|micro|milli)?s(iemens)?|[µμunm]t|gauss|local_flux|[mkµμu]a|[mk]?hz|[kmµμu]w|kn"
    r"|pm|mm|cm|lux|db|no_units|毫秒|秒|分",
    re.IGNORECASE,
)
# rows of Consensys and others between names and units
_KIND_ROW = re.compile(r"(un)?cal(ibrated)?|raw|float\d*|double|u?int\d*|string", re.IGNORECASE)
_BRACKETS = re.compile(r"\s*[(\[{]\s*([^()\[\]{}]*?)\s*[)\]}]\s*$")
_BEHIND = re.compile(
    r"\s*(?:[/,]|\bin\b)\s*([mnuµμ]?v|(?:milli|micro)?volts?)$"  # ECG/mV, ECG in V
    r"|[ _\-]+([mnuµμ]v|(?:milli|micro)volts?)$",  # ecg_uV; a V behind a blank is a lead
    re.IGNORECASE,
)
_GLUED = re.compile(r"(?<=[A-Za-z0-9])([mnuµμ]V)$")  # ECGmV


def is_unit(cell: str) -> bool:
    """Whether a word is a unit, of voltage or another, or says that there is none."""
    return voltage(cell) is not None or (
        cell != "" and (is_plain(cell) or _OTHER_UNIT.fullmatch(cell) is not None)
    )


def split_unit(name: str) -> tuple[str, str | None]:
    """(name without its unit, unit or None): `MLII (mV)`, `ecg_uV`, `V5 [µV]`, `ECG/mV`"""
    if (match := _BRACKETS.search(name)) and is_unit(match[1]):
        return name[: match.start()].strip() or name, match[1]
    if match := _BEHIND.search(name):
        return name[: match.start()].strip() or name, match[1] or match[2]
    if match := _GLUED.search(name):
        return name[: match.start()], match[1]
    return name, None


def column_names(
    lines: list[str], delimiter: str, width: int
) -> tuple[list[str], list[str | None], list[str]]:
    """(names, "" where a column has none; units, None where it has none; the lines that say that)
    of the `width` columns of a table, from the lines right above it; empty lists where they do not
    name them."""
    found = _rows_above(lines, delimiter, width)
    if width == 1:  # a remark looks like a name
        said = [line for line in lines if line[:1] not in ("#", "%")]
        found = _rows_above(said, delimiter, width) or found
    rows, used = [row for row, _ in found], [line for _, line in found]
    units: list[str | None] = [None] * width
    if rows and _are_units(rows[-1], len(rows)):
        units = [_bare(cell) or None for cell in rows.pop()]
    while len(rows) > 1 and all(_KIND_ROW.fullmatch(cell) or not cell for cell in rows[-1]):
        rows.pop()
    while len(rows) > 1 and width > 1 and len(set(rows[-1])) == 1:
        rows.pop()  # the device, over and over
    if not rows:
        return ([""] * width, units, used) if any(units) else ([], [], [])
    split = [split_unit(name) for name in rows[-1]]
    units = [inline or unit for (_, inline), unit in zip(split, units)]
    return [name for name, _ in split], units, used


def _are_units(row, many):
    """Whether a row of names or units is one of units; `many` rows describe the columns."""
    cells = [_bare(cell) for cell in row if cell]
    share = sum(map(is_unit, cells)) / max(1, len(cells))
    if not any(voltage(cell) is not None or is_plain(cell) for cell in cells):
        return many > 1 and share == 1 and len(cells) > 1
    return share >= (UNITS_SHARE if many > 1 else 1) and (many > 1 or row[0] != "V")


def _bare(cell):
    """A cell without brackets about all of it: `(mV)`; not `m/(s^2)`."""
    return re.sub(r"^[(\[{]\s*(.*?)\s*[)\]}]$", r"\1", cell)


def _rows_above(lines, delimiter, width) -> list[tuple[list[str], str]]:
    """(cells, line) of the last of `lines`, as far as they are as wide as the table and name
    something rather than say something of the recording."""
    rows: list[tuple[list[str], str]] = []
    while lines and not lines[-1].strip(" \t,;"):
        lines = lines[:-1]
    for line in reversed(lines[-HIGHEST_ROWS:]):
        bare = line.strip("\r\n ").lstrip("#%").strip("\r\n ")
        row = _cells_of_names(bare, delimiter, width)
        if row is None or _is_no_name(row, width) or is_statement(bare, row):
            if rows or line[:1] not in "#%":  # a remark between names and rows
                break
            continue
        rows.insert(0, (row, line))
    return rows


def _cells_of_names(line, delimiter, width):
    """The `width` cells of a line above a table, None where it has more or fewer."""
    if width == 1:
        cells = cells_of(line, "\t")
        return cells[:1] if len(cells) == 1 or not any(cells[1:]) else None
    splits = [cells_of(line, delimiter)]
    if delimiter == " ":  # `# time, ecg`, `Elapsed time   MLII   V5`
        splits = [*(cells_of(line, each) for each in ",;\t"), *splits, re.split(r"\s{2,}", line)]
    for cells in splits:
        if len(cells) > width and not any(cells[width:]):
            cells = cells[:width]
        if len(cells) == width:
            return cells
    return None


def _is_no_name(row, width):
    """Whether a row above a table names no columns: numbers, hardly anything, a sentence."""
    if any(is_number(cell) or is_time(cell) for cell in row):
        return True
    if width == 1:
        return len(row[0]) > 40 or len(row[0].split()) > 5 or not row[0]
    return sum(cell == "" or is_missing(cell) for cell in row) > max(1, width // 3)
