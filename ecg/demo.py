"""The recordings that come with the program, in data/demo: the first minute of MIT-BIH's 44 records
without paced beats, and an excerpt of one of them that holds beats S, V and F and a run of V. They
are real and few: for trying things out, for tests, and no ground for any figure.

    python -m ecg.demo data/mitdb      cuts them again from the database, into data/demo
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from ecg import cli, overwriting
from ecg.artifacts import InputError
from ecg.evaluation.reference import against_reference_text
from ecg.formats.annotation import read_annotation
from ecg.mitdb import DS1, DS2
from ecg.overwriting import DEMO

EXCERPT = DEMO / "excerpt"
PATIENT = "213"  # of the excerpt: of DS2, so models trained under `interpatient` never saw it
# s. A whole fifth minute: there ecg/fingerprint.py knows again what a model was trained on
EXCERPT_START = 900
EXCERPT_SECONDS = 240
SECONDS = 60  # of every record, from its beginning
RUN_START = 140  # s in the excerpt: bigeminy, then the run
UNSEEN = "context_interpatient"  # a shipped model that never saw this patient
ABOUT = f"the first {SECONDS} s of 44 records of MIT-BIH"


def excerpt() -> Path:
    """The header of the excerpt. Raises InputError where the program came without it."""
    return _there(EXCERPT / f"{PATIENT}.hea")


def records() -> Path:
    """The folder of the first minutes. Raises InputError where the program came without them."""
    return _there(DEMO / f"{DS1[0]}.hea").parent


def _there(path):
    if not path.is_file():
        raise InputError(
            f"{path} is missing: it comes with the repository, and python -m ecg.demo DIR cuts it "
            "from a folder of MIT-BIH's records"
        )
    return path


def unseen_text(beats: pd.DataFrame) -> str:
    """What the terminal tells of the excerpt's beats as UNSEEN has labelled them (a table as
    `ecg.beat_table.label_beats` gives it)."""
    samples, symbols, *_ = read_annotation(excerpt())
    name = f"{PATIENT}.atr"
    return (
        f"This recording comes with the program: {WHAT}.\n"
        f"The same beats by {UNSEEN}, a model that never saw this patient:\n"
        f"{against_reference_text(beats, samples, symbols, name)}"
    )


def _clock(*seconds):
    """900, 1140 s -> 15:00 to 19:00"""
    return " to ".join(f"{s // 60}:{s % 60:02d}" for s in map(int, seconds))


WHAT = f"record {PATIENT} of MIT-BIH, {_clock(EXCERPT_START, EXCERPT_START + EXCERPT_SECONDS)}"


# ------------------------------------------------------------------------------- made again


def cut(source: Path, name: str, start: float, seconds: float, folder: Path) -> None:
    """Write `seconds` s of a WFDB record from `start` s, with its annotation atr, into `folder`.

    Samples stay what they are, to the bit, in format 212; annotations keep all that they say. The
    rhythm in force at the beginning is told there. Each file appears whole or not at all. Raises
    InputError where another's record of this name lies in the folder."""
    import wfdb  # slow to import, and only written with

    if not folder.resolve().is_relative_to(DEMO):  # where the user's own may lie
        overwriting.check(folder / f"{name}.hea")
    fs = wfdb.rdheader(str(source / name)).fs
    first, last = round(start * fs), round((start + seconds) * fs)
    record = wfdb.rdrecord(str(source / name), sampfrom=first, sampto=last, physical=False)
    when = _clock(start, start + seconds)
    told = f"MIT-BIH Arrhythmia Database, record {name}, {when}. ODC-By 1.0, see README.md"
    with tempfile.TemporaryDirectory(prefix=".tmp-", dir=folder) as temporary:
        wfdb.wrsamp(
            name,
            fs=fs,
            units=record.units,
            sig_name=record.sig_name,
            d_signal=record.d_signal,
            fmt=["212"] * record.n_sig,
            adc_gain=record.adc_gain,
            baseline=record.baseline,
            comments=[*record.comments, told],
            write_dir=temporary,
        )
        wfdb.wrann(name, "atr", write_dir=temporary, **_annotation(source / name, first, last))
        for suffix in (".dat", ".atr", ".hea"):
            (Path(temporary) / (name + suffix)).replace(folder / (name + suffix))


def _annotation(record, first, last):
    """The arguments of wfdb.wrann for the annotations at samples `first` to `last` of a record."""
    import wfdb

    found = wfdb.rdann(str(record), "atr", sampto=last - 1)
    inside = np.flatnonzero(found.sample >= first)
    earlier = [k for k, note in enumerate(found.aux_note) if note[:1] == "("]
    kept = [*[k for k in earlier if k < inside[0]][-1:], *inside]
    return {
        "sample": np.maximum(found.sample[kept] - first, 0),
        "fs": found.fs,
        "symbol": [found.symbol[k] for k in kept],
        "subtype": found.subtype[kept],
        "chan": found.chan[kept],
        "num": found.num[kept],
        "aux_note": [found.aux_note[k] for k in kept],
    }


def options() -> cli.Parser:
    """The command line."""
    parser = cli.stage_parser(__doc__, prog="python -m ecg.demo")
    parser.add_argument("records", metavar="RECORDS_DIR", help="folder of MIT-BIH's records")
    cli.add(parser, "--out", default=str(DEMO), help="folder that they are written to")
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    source, folder = Path(args.records), Path(args.out)
    for name in (*DS1, *DS2):
        read_annotation(source / name)  # a record that is missing is one line
    (folder / EXCERPT.name).mkdir(parents=True, exist_ok=True)
    for name in (*DS1, *DS2):
        cut(source, name, 0, SECONDS, folder)
    cut(source, PATIENT, EXCERPT_START, EXCERPT_SECONDS, folder / EXCERPT.name)
    print(f"wrote {len(DS1 + DS2)} records and {EXCERPT.name}/{PATIENT} to {folder}")


if __name__ == "__main__":
    cli.run(main)
