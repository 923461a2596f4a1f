"""Folders in which a recording is of one class, as that of the PhysioNet/CinC Challenge 2017: its
REFERENCE.csv holds a line RECORD,CLASS a recording: N normal, A atrial fibrillation, O other
rhythm, ~ noise."""

import csv
from pathlib import Path

from ecg import artifacts
from ecg.artifacts import InputError

REFERENCE = "REFERENCE.csv"
CLASSES = "NAO~"  # in the order of ecg.rhythm.track.RHYTHMS


def recordings_by_class(folder: Path, wanted: str = CLASSES) -> dict[str, str]:
    """{record: class} of the recordings of a folder whose class is among the letters `wanted`, in
    order of their names. Raises InputError where REFERENCE.csv is missing, has a line of another
    form, or names no such recording."""
    path = artifacts.require(folder / REFERENCE, "it has a line RECORD,CLASS a recording")
    found: dict[str, str] = {}
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            if len(row) != 2 or row[1].strip() not in CLASSES:
                raise InputError(
                    f"{path}: {','.join(row)!r} is no line RECORD,CLASS (N, A, O or ~)"
                )
            if row[1].strip() in wanted and (folder / f"{row[0]}.hea").exists():
                found[row[0]] = row[1].strip()
    if not found:
        raise InputError(f"{path} names no recording of class {' or '.join(wanted)} that is there")
    return dict(sorted(found.items()))
