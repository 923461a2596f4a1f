"""What the results of each recording of an archive are called, so that none overwrites another's.

The results of night.edf are night.csv, night.cnn and night.json in its folder below --out. Where
two recordings would have the same there, their names say the kind of file too (night_csv and
night_edf), or where that is the same, the folders they lie in (monday_night and tuesday_night).
The names are those of the files alone, in whatever order these are given; but results that stand
already keep their name, and files that are no results of the recording are never written over.
"""

import contextlib
import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ecg import artifacts, formats
from ecg.artifacts import InputError
from ecg.formats import wfdb
from ecg.formats.packed import is_packed, unpacked_suffix
from ecg.formats.recording import recording_name
from ecg.output import COLUMNS

MOST_FOLDERS = 3  # of those above a file that its name may say
# how the results of label_file begin
CSV_HEAD = ",".join(COLUMNS).encode()
JSON_HEAD = b'{\n "recording": '


class Task(NamedTuple):
    """A recording of an archive. path: as it was given. folder, name: of its results, `name` is ""
    where there is none that would not overwrite another's. path_sha256: by which its results are
    known again, whatever becomes of its samples."""

    path: Path
    folder: Path
    name: str
    path_sha256: str


class _Results(NamedTuple):
    """What stands under a name: the recording it was made from, by path and by content; both None
    where it is nobody's, but something else that must not be lost."""

    path_sha256: str | None = None
    input_sha256: dict | None = None


def plan(found: Mapping[Path | None, Sequence[Path]], out: str | Path) -> list[Task]:
    """The tasks of an archive, each recording once.

    found: {folder: recordings in it}. Below `out` a recording's results lie as it lies below its
    folder; those of None, files that were given one by one, in `out` itself."""
    tasks: dict[tuple[Path, str], Task] = {}
    for root, paths in found.items():
        for path in paths:
            below = path.parent.relative_to(root) if root is not None else Path()
            task = Task(path, Path(out) / below, "", path_sha256(path))
            tasks.setdefault((task.folder, task.path_sha256), task)
    of_folder: dict[Path, list[Task]] = defaultdict(list)
    for task in tasks.values():
        of_folder[task.folder].append(task)
    names = {
        (folder, digest): name
        for folder, mine in of_folder.items()
        for digest, name in _named(folder, mine).items()
    }
    return [task._replace(name=names[key]) for key, task in tasks.items()]


def refuse_one_name(files: Iterable[str | Path]) -> None:
    """Raise InputError where two recordings have one name, and without --out would have one file
    for their annotations."""
    names: dict[str, Path] = {}
    for file in map(Path, files):
        other = names.setdefault(recording_name(file).casefold(), file)
        if path_sha256(other) != path_sha256(file):
            raise InputError(
                f"{other} and {file} have one name, and so would their annotations: use --out DIR"
            )


def path_sha256(path: Path) -> str:
    """Of where a recording lies: the same for 100, 100.hea and 100.dat."""
    base = wfdb.wfdb_base(path) if _is_record(path) else path
    return hashlib.sha256(os.fsencode(base.resolve())).hexdigest()[:16]


def input_sha256(path: Path) -> dict[str, str]:
    """{file name: SHA-256} of the files that a recording is read from."""
    base = wfdb.wfdb_base(path)
    files = (
        [path]
        if path.is_file() and path.suffix not in (".hea", ".dat")
        else sorted(
            p for p in base.parent.glob(base.name + ".*") if p.suffix in (".hea", ".dat", ".mat")
        )
    )
    return {file.name: artifacts.sha256(file) for file in files}


def is_results(path: Path) -> bool:
    """Whether a file is what label_file, --csv or --json wrote, and no recording."""
    head = {".csv": CSV_HEAD, ".json": JSON_HEAD}.get(path.suffix)
    if head is None:
        return False
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return file.read(len(head)) == head
    return False


# ----------------------------------------------------------------------------------------- choosing


def _named(folder: Path, tasks: list[Task]) -> dict[str, str]:
    """{path_sha256: name} of the recordings whose results go into `folder`; "" where there is
    none."""
    wanted = {task.path_sha256: list(dict.fromkeys(_candidates(task.path))) for task in tasks}
    there = {name: _results(folder, name) for names in wanted.values() for name in names}
    names = _names_that_stand(tasks, wanted, there)
    taken = {name.casefold() for name in names.values()}
    taken |= {name.casefold() for name, results in there.items() if results is not None}
    by_files_alone = _different(dict.fromkeys(wanted, 0), wanted, set())
    others = {digest: k for digest, k in by_files_alone.items() if digest not in names}
    for digest, k in _different(others, wanted, taken).items():
        names[digest] = wanted[digest][k] if k < len(wanted[digest]) else ""
    return names


def _different(at, wanted, taken):
    """Names that are neither taken nor alike, the plainest from `at` on: {path_sha256: place of the
    name among its `wanted` ones, which may be beyond the last}."""
    at = dict(at)
    while again := _to_be_named_otherwise(at, wanted, taken):
        for digest in again:
            at[digest] += 1
    return at


def _names_that_stand(tasks, wanted, there):
    """{path_sha256: name} of the recordings whose results stand there already: known by where the
    recording lies, or where it has moved, by its content."""
    names = {}
    for task in tasks:
        for name in wanted[task.path_sha256]:
            if there[name] and there[name].path_sha256 == task.path_sha256:
                names[task.path_sha256] = name
                break
    for task in tasks:
        if task.path_sha256 in names:
            continue
        for name in wanted[task.path_sha256]:
            inputs = there[name] and there[name].input_sha256
            if inputs and name not in names.values() and inputs == input_sha256(task.path):
                names[task.path_sha256] = name
                break
    return names


def _to_be_named_otherwise(at, wanted, taken):
    """Which recordings need their next name: theirs is taken, or is that of another whose name is
    as plain or plainer."""
    of_name = defaultdict(list)
    for digest, k in at.items():
        if k < len(wanted[digest]):
            of_name[wanted[digest][k].casefold()].append(digest)
    again = []
    for name, digests in of_name.items():
        plainest = min(at[digest] for digest in digests)
        first = [digest for digest in digests if at[digest] == plainest]
        if name in taken or len(first) > 1:
            again += digests if name in taken else first
        else:
            again += [digest for digest in digests if digest not in first]
    return again


def _candidates(path: Path) -> Iterator[str]:
    """The names that a recording's results may have, the plainest first."""
    record = _is_record(path)
    stem = wfdb.wfdb_base(path).name if record else recording_name(path)
    suffix = unpacked_suffix(path) + (".gz" if is_packed(path) else "")
    kind = "_wfdb" if record else suffix.replace(".", "_")
    yield recording_name(path)
    yield _safe(stem + kind)
    folders = path.resolve().parent.parts[1:]
    for many in range(1, min(len(folders), MOST_FOLDERS) + 1):
        above = "_".join(folders[-many:])
        yield _safe(f"{above}_{stem}")
        yield _safe(f"{above}_{stem}{kind}")


def _safe(name):
    """A name as the WFDB tools take it too, in any alphabet."""
    return re.sub(r"[^\w-]+", "_", name)


def _is_record(path):
    """Whether `path` is one of the names of a WFDB record."""
    suffix = unpacked_suffix(path)
    others = any(suffix in each.suffixes for each in formats.FORMATS)
    may_be = not others or suffix in formats.WFDB_SUFFIXES
    return may_be and wfdb.header_path(path).is_file()


def _results(folder: Path, name: str) -> _Results | None:
    """What stands under a name; None where nothing would be lost: nothing, or results that were
    not finished."""
    table, document = folder / f"{name}.csv", folder / f"{name}.json"
    if os.path.exists(table) and not is_results(table):  # a name may be too long to exist
        return _Results()
    if not os.path.exists(document):
        return None
    if not is_results(document):
        return _Results()
    try:
        found = artifacts.load_json(document, "inference.py")
    except InputError:  # damaged
        return None
    made_from = found.get("made_from")
    if not isinstance(made_from, dict):  # what --json wrote
        return _Results()
    return _Results(found.get("path_sha256"), made_from.get("input_sha256"))
