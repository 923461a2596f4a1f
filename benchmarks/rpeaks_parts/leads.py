"""R peaks in the first lead alone, and in all ECG leads of a record together."""

import time
from collections.abc import Iterable
from pathlib import Path

from tqdm import tqdm

from benchmarks.rpeaks_parts.records import read_record
from benchmarks.rpeaks_parts.scores import errors, figures
from ecg import formats
from ecg.artifacts import InputError
from ecg.rpeaks import find_beats_in_leads


def all_leads(folders: Iterable[Path]) -> dict:
    """{folder: {"one lead", "all leads": figures, "time": CPU time of all leads over that of one}},
    printed: every annotated record of each folder, one to one within 150 ms."""
    out: dict[str, dict] = {}
    print(
        f"{'records':24}{'':12}{'Se':>8}{'+P':>8}{'F1':>9}{'missed':>8}{'invented':>9}{'time':>7}"
    )
    for folder in folders:
        rows: dict[str, list] = {"one lead": [], "all leads": []}
        for base in tqdm(annotated(folder), desc=folder.name, unit="record", disable=None):
            record = read_record(base)
            leads = formats.read_recording(base, 0, second="auto").signals()
            for name, used in (("one lead", leads[:1]), ("all leads", leads)):
                start = time.process_time()
                found = find_beats_in_leads(used, record.fs).peaks
                spent = time.process_time() - start
                rows[name].append((base.name, spent, *errors(record, found)))
        scored = {name: figures(of_name) for name, of_name in rows.items()}
        ratio = scored["all leads"]["s a record"] / scored["one lead"]["s a record"]
        for name, r in scored.items():
            label = f"{folder.name}, {r['records']}"
            print(
                f"{label:24}{name:12}{r['Se']:8.3f}{r['+P']:8.3f}"
                f"{r['F1']:9.3f}{r['missed']:8d}{r['invented']:9d}"
                f"{ratio if name == 'all leads' else 1:6.2f}x"
            )
        out[folder.name] = {**scored, "time": ratio}
    return out


def annotated(folder: Path) -> list[Path]:
    """The records of a folder that have an annotation atr."""
    bases = sorted(path.with_suffix("") for path in folder.glob("*.atr"))
    bases = [base for base in bases if base.with_suffix(".hea").is_file()]
    if not bases:
        raise InputError(f"{folder} holds no WFDB records with an annotation atr: name another")
    return bases
