"""What lies in the folders of an archive: the recordings, and what is skipped and why."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ecg import formats
from ecg.archive.names import is_results
from ecg.artifacts import InputError
from ecg.formats import wfdb
from ecg.formats.packed import unpacked_suffix

MOST_NAMES = 10  # of skipped files that are named
# annotations that may lie beside a recording of any format
ANNOTATIONS = {".atr", ".ann", ".ari", ".cnn", ".cor", ".ecg", ".qrs", ".wqrs"}
FOREIGN = {
    "pictures": (
        *(".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".svg", ".heic"),
        *(".eps", ".ps"),
    ),
    "documents": (
        *(".pdf", ".doc", ".docx", ".odt", ".rtf", ".html", ".htm", ".md", ".rst", ".ppt"),
        *(".pptx", ".xls", ".xlsx", ".ods"),
    ),
    "packed folders, which must be unpacked first": (
        *(".zip", ".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz"),
    ),
}


class Skipped(NamedTuple):
    """Files that are no recordings for the same reason, sorted."""

    reason: str
    files: list[Path]

    def __str__(self) -> str:
        names = ", ".join(map(str, self.files[:MOST_NAMES]))
        more = len(self.files) - MOST_NAMES
        return (
            f"skipped {len(self.files)} ({self.reason}): {names}"
            f"{f' and {more} more' if more > 0 else ''}"
        )


def recordings_in(path: Path, out: Path) -> list[Path]:
    """The recordings in a folder and below, or the one that `path` is; but not what lies below
    `out`, where results go, nor results themselves. Raises InputError where there is none."""
    found = formats.find_recordings(path)
    if not path.is_dir():
        return found
    found = [each for each in found if not _is_ours(each, path, out)]
    if not found:
        raise InputError(f"{path} holds no recordings, only results of this program")
    return found


def skipped_in(found: Mapping[Path | None, Sequence[Path]], out: Path) -> list[Skipped]:
    """What else lies in the folders of an archive and below them, by reason: not the files that
    belong to a recording, nor hidden ones, nor what lies below `out`.

    found: {folder: recordings in it}; None: those that were given one by one."""
    by_reason: dict[str, set[Path]] = defaultdict(set)
    for folder in found:
        if folder is not None:
            for path, reason in _skipped(folder, set(found[folder]), out):
                by_reason[reason].add(path)
    return [Skipped(reason, sorted(files)) for reason, files in sorted(by_reason.items())]


def _skipped(folder, recordings, out) -> Iterator[tuple[Path, str]]:
    """(file, why it is no recording)."""
    files = [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path not in recordings
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and not _is_ours(path, folder, out)
    ]
    parts = _parts_of_records(files)
    records = {wfdb.wfdb_base(path) for path in files if path.suffix == ".hea"}
    named_alike = recordings | {path.with_suffix("") for path in recordings}
    for path in files:
        if path in parts or path.suffix in ANNOTATIONS and path.with_suffix("") in named_alike:
            continue
        if reason := _reason(path, records):
            yield path, reason


def _is_ours(path, folder, out):
    """Whether a file in `folder` is a result: it lies where results go, or looks like one."""
    place, own = out.resolve(), folder.resolve()
    below = place != own and place.is_relative_to(own) and path.resolve().is_relative_to(place)
    return below or path.suffix == ".cnn" or is_results(path)


def _parts_of_records(files):
    """Headers, and the files that a header names."""
    headers = [path for path in files if path.suffix == ".hea"]
    named = {
        header.parent / word
        for header in headers
        for word in header.read_text("latin-1").split()
        if "/" not in word and "\0" not in word
    }
    return {*headers, *named}


def _reason(path, records):
    """Why a file that is no recording is none; "" where it belongs to a WFDB record."""
    suffix = unpacked_suffix(path)
    kinds = (kind for kind, suffixes in FOREIGN.items() if suffix in suffixes)
    if kind := next(kinds, None):
        return kind
    readable = any(suffix in each.suffixes for each in formats.FORMATS)
    if path.with_suffix("") in records:
        is_copy = readable and suffix not in formats.WFDB_SUFFIXES
        return "a WFDB record of the same name is read" if is_copy else ""
    if suffix == ".dat" or suffix == ".mat" and not readable:
        return "no WFDB header (.hea) of the same name beside it"
    if readable:
        return f"no {suffix} file of a kind that is read"
    return f"no reader for {suffix} files" if suffix else "no reader for files without a suffix"
