"""What a run may write over: an earlier output of the same kind, known by its content; with
--overwrite anything else; an input of the run never, nor what came with the program.

`run_of` says what the inputs of a run are; outside of a run, in a notebook, only folders are safe.
"""

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ecg.errors import InputError

SHIPPED = Path(__file__).resolve().parent.parent / "weight" / "shipped"
DEMO = SHIPPED.parent.parent / "data" / "demo"
MADE_BY = "ecg_beats"  # in the metadata of figures and pages, by which they are known again
HEAD, TAIL = 4096, 65536  # bytes of a file that are looked at


class Run(NamedTuple):
    """A run of a stage. inputs: files it reads, resolved. folders: that hold inputs. places:
    folders whose files the stage names, not the user. overwrite: whether --overwrite was given."""

    inputs: frozenset[Path] = frozenset()
    folders: tuple[Path, ...] = ()
    places: tuple[Path, ...] = ()
    overwrite: bool = False


_run: Run | None = None


@contextlib.contextmanager
def run_of(
    inputs: Iterable[str | Path], places: Iterable[str | Path] = (), overwrite: bool = False
) -> Iterator[None]:
    """While the block runs, its `inputs` (files, names of WFDB records, folders) are safe, and
    anything that is no earlier output. places: folders where the stage chooses the names."""
    global _run
    paths = [Path(each) for each in inputs if "\0" not in str(each)]
    files = frozenset(file for path in paths for file in _files_of(path))
    folders = tuple(path.resolve() for path in paths if path.is_dir())
    before, own = _run, tuple(Path(place).resolve() for place in places)
    _run = Run(files, folders, own, overwrite)
    try:
        yield
    finally:
        _run = before


def _files_of(path: Path) -> Iterator[Path]:
    """The files behind the name of a recording: itself; of a WFDB record, the header and the files
    that it names."""
    with contextlib.suppress(OSError):
        if path.is_file():
            yield path.resolve()
        header = path if path.suffix == ".hea" else path.parent / f"{path.name}.hea"
        header = header if header.is_file() or not path.name else path.with_suffix(".hea")
        if not header.is_file() or header.stat().st_size > 1 << 20:
            return
        yield header.resolve()
        words = re.split(r"\s+", header.read_text("latin-1"))
        for word in {*words, f"{header.stem}.dat", f"{header.stem}.atr"}:
            if not (name := Path(word).name):
                continue
            file = header.parent / name
            for part in (file, file.with_suffix(".hea"), file.with_suffix(".dat")):
                if part.is_file():
                    yield part.resolve()


def check(path: str | Path) -> None:
    """Raise InputError where `path` may not be written: a folder, an input of this run, or a file
    that is no earlier output."""
    path = Path(path)
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder: give the name of a file")
        there = path.is_file() and path.stat().st_size > 0
        real = path.resolve()
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be written ({why})") from None
    if _run is None:
        return
    if real.parent == SHIPPED or real.is_relative_to(DEMO):
        option = " (--weight)" if real.parent == SHIPPED else ""
        raise InputError(
            f"{path} comes with the program and stays as it is: give another folder{option}"
        )
    if there and real in _run.inputs:
        raise InputError(f"{path} is an input of this run, never written over: give another name")
    if there and not _run.overwrite and not _is_earlier_output(path, real, _run):
        raise InputError(
            f"{path} is there already and is no earlier output of this kind: give another name, "
            "or --overwrite"
        )
    if there and any(real.is_relative_to(folder) for folder in _run.folders):
        if not _marked(path):  # with --overwrite too
            raise InputError(f"{path} lies among the inputs of this run: give another name")


def _is_earlier_output(path, real, run):
    """Whether a file is one that a run like this has left there."""
    if any(real.is_relative_to(place) for place in run.places):
        return _looks_like_its_name(path)
    return _marked(path)


# ---- known by the content ------------------------------------------------------------------------

BEATS = b"sample,time_s,label,confidence,"
_CLEANED = re.compile(rb'"time \(s\)","[^"\n]+"\n0,')
# first keys of the documents that stages write where --json says
_DOCUMENT = re.compile(rb'[\[{]\n ("(recording|records|gross|versions|day)": |\{\n  ")')


def _marked(path: Path) -> bool:
    """Whether a file says by its content that this program made it, whatever it is called."""
    rules = [_MARKS[path.suffix.lower()]] if path.suffix.lower() in _MARKS else _ANY
    head, tail = _ends(path)
    return any(rule(head, tail) for rule in rules)


def _ends(path):
    """(the first bytes, the last bytes) of a file."""
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD)
            file.seek(max(0, path.stat().st_size - TAIL))
            return head, file.read(TAIL)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


def _table(head, _):
    return head.startswith(BEATS) or _CLEANED.match(head) is not None


def _figure(head, tail):
    return MADE_BY.encode() in head or MADE_BY.encode() in tail


_MARKS: dict[str, Callable[[bytes, bytes], bool]] = {
    ".csv": _table,
    ".json": lambda head, _: _DOCUMENT.match(head) is not None,
    ".hea": lambda head, _: re.search(rb"^# ?synthetic\s", head, re.M) is not None,
    ".npz": lambda _, tail: b"made_by.npy" in tail,
    **dict.fromkeys((".png", ".svg", ".pdf", ".html"), _figure),
    # WFDB annotation whose notes begin with the time resolution, under a name of ours
    ".cnn": lambda head, _: b"## time resolution: " in head[:32] or head == b"\0\0",
}
_ANY = [_MARKS[suffix] for suffix in (".csv", ".json", ".html")]  # under a suffix of the user's
# how files begin that a stage names itself
_BEGIN = {
    ".npy": b"\x93NUMPY",
    ".pth": b"PK",
    ".onnx": b"\x08",
    ".png": b"\x89PNG",
    ".html": b"<!DOCTYPE html>",
}


def _looks_like_its_name(path: Path) -> bool:
    """Whether a file where only this program chooses names is what its suffix says; weights have
    their card beside them."""
    if path.suffix == ".pth" and not path.name.startswith("checkpoint"):
        card = path.with_suffix(".json")
        if not card.is_file() or b'"architecture"' not in _ends(card)[0]:
            return False
    head, _ = _ends(path)
    if path.suffix == ".json":
        return head.lstrip()[:1] in (b"{", b"[")
    return head.startswith(_BEGIN.get(path.suffix, b""))
