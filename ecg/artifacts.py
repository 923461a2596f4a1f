"""Files that pass between the stages: where they are, writing them whole or not at all, loading
them with a clear error.

A stage never leaves half a file behind: everything is written to a temporary name in the same
folder and renamed. A user's mistake is an `InputError`: one line on stderr, exit status 2. In a
notebook it is a ValueError."""

import contextlib
import functools
import hashlib
import importlib.metadata
import json
import math
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ecg import __version__
from ecg.beats import CLASSES, WIDTH
from ecg.errors import InputError as InputError  # the name that the other rooms know
from ecg.schema import manifest_fault
from ecg.writing import writing as writing

HOME = Path(__file__).resolve().parent.parent
SPLITS = ("train", "val", "test")


def locate(folder: str | Path) -> Path:
    """A folder given by its default name: in the working directory, else beside the scripts (a
    notebook lives elsewhere)."""
    folder = Path(folder)
    if folder.is_absolute() or folder.exists() or not (HOME / folder).exists():
        return folder
    return HOME / folder


def shown(path: str | Path) -> str:
    """`path` as a person would type it: from the working directory, or from where the scripts
    are."""
    path = Path(path).resolve()
    for folder in (Path.cwd(), HOME):
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return str(path)


def require(path: str | Path, made_by: str) -> Path:
    """`path` when it exists; else an InputError that says which command makes it."""
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} is missing: {made_by} makes it")
    return path


def save_npy(path: str | Path, array: np.ndarray | dict[str, list]) -> None:
    """An array as .npy; a dict becomes an array of one object, itself."""
    with writing(path) as temporary:
        np.save(temporary, np.asanyarray(array))


def save_text(path: str | Path, text: str) -> None:
    with writing(path) as temporary:
        # a name that is no UTF-8 holds surrogates: they become \\udc.., which JSON reads
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def save_json(path: str | Path, value: Any) -> None:
    """JSON that any reader takes: NaN and infinity become null, NumPy scalars and arrays plain
    numbers and lists."""
    save_text(path, json.dumps(plain(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def plain(value: Any) -> Any:
    """`value` as save_json writes it, all that it holds included."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Path):
        return str(value)
    return value


def load_json(path: str | Path, made_by: str) -> dict:
    """The JSON object in a file. Raises InputError, which names `made_by`, where it is missing or
    damaged."""
    path = require(path, made_by)
    if not path.is_file():
        raise InputError(f"{path} is no file: {made_by} makes it")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):  # no JSON, no UTF-8, a number of 5,000 digits
        raise InputError(f"{path} is not valid JSON: make it again with {made_by}") from None
    if not isinstance(found, dict):
        raise InputError(f"{path} holds no JSON object: make it again with {made_by}")
    return found


def sha256(path: str | Path) -> str:
    """SHA-256 of a file, hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def known_sha256(path: str | Path) -> str:
    """`sha256` of a file that is asked for again and again: read again when it has changed."""
    path = Path(path).resolve()
    return _known_sha256(path, *_state(path))


@functools.lru_cache(maxsize=256)
def _known_sha256(path, *_):
    return sha256(path)


def _state(path):
    """What changes when a file does: when it was written, its size, which it is."""
    told = path.stat()
    return told.st_mtime_ns, told.st_size, told.st_ino


def versions() -> dict[str, str]:
    """Versions of this program, of Python and of the libraries that decide a result, for manifests,
    model cards and reports."""
    names = (
        "numpy",
        "scipy",
        "scikit-learn",
        "imbalanced-learn",
        "torch",
        "onnx",
        "onnxruntime",
        "wfdb",
    )
    found = {"ecg_beats": __version__, "python": platform.python_version()}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def processed(data: str | Path) -> Path:
    """The folder of the processed rows below that of the data."""
    return Path(data) / "processed_data"


REPROCESS = "make it again with python data_preprocess.py"


def load_manifest(data: str | Path) -> dict:
    """The manifest of data/processed_data: which rows these are, from where, split how. Raises
    InputError, which names the key, for one that this program cannot work with."""
    path = processed(data) / "manifest.json"
    finish_move(path.parent)
    manifest = load_json(path, "python data_preprocess.py")
    if fault := manifest_fault(manifest):
        raise InputError(f"{path}: {fault}: {REPROCESS}")
    return manifest


def load_split(data: str | Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """(X float32 (n, 187, 1) standardised, y int64 (n,)) of split `train`, `val` or `test`;
    memory-mapped. Raises InputError for what is not the rows that the manifest tells of."""
    finish_move(processed(data))
    path = require(processed(data) / "manifest.json", "python data_preprocess.py").resolve()
    outputs, n_real = _outputs(Path(data), *_state(path))
    x, y = (_load_rows(processed(data) / f"{letter}_{split}.npy", outputs) for letter in "Xy")
    if len(x) != len(y):
        raise InputError(
            f"{processed(data)}: X_{split} and y_{split} differ in length: "
            "make them again with python data_preprocess.py"
        )
    if split == "train" and n_real > len(y):
        raise InputError(
            f"{processed(data)}/manifest.json: n_real is {n_real}, y_train.npy holds "
            f"{len(y)} rows: {REPROCESS}"
        )
    return x, y


@functools.lru_cache(maxsize=8)
def _outputs(data, *_):
    """(SHA-256 of each file of rows by its name, n_real), which the manifest tells."""
    manifest = load_manifest(data)
    return manifest.get("outputs_sha256", {}), manifest["n_real"]


def _load_rows(path, outputs):
    """The array in a file of data/processed_data, memory-mapped. The file is checked once in each
    state of it."""
    require(path, "python data_preprocess.py")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        fault = _rows_fault(path.resolve(), *_state(path))
        stale = outputs.get(path.name, known_sha256(path)) != known_sha256(path)
    except Exception:  # NumPy has an exception type for each kind of damage
        raise InputError(f"{path} is damaged: {REPROCESS}") from None
    if fault:
        raise InputError(f"{path} {fault}: {REPROCESS}")
    if stale:
        raise InputError(f"{path} is not the file that manifest.json tells of: {REPROCESS}")
    return array


@functools.lru_cache(maxsize=64)
def _rows_fault(path, *_):
    """What is wrong with an array of data/processed_data, or None."""
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(array, np.ndarray):
        return "holds several arrays"
    shape, kind = ((WIDTH, 1), np.float32) if path.name.startswith("X") else ((), np.int64)
    if array.ndim < 1 or array.shape[1:] != shape or array.dtype != kind:
        wanted = "float32 (n, 187, 1)" if shape else "int64 (n,)"
        return f"holds {array.dtype} {array.shape}, not {wanted}"
    if not shape:
        wrong = (array < 0) | (array >= len(CLASSES))
        value = array[wrong][:1].tolist()
        return (
            f"holds the class {value[0]}: there are 0 to {len(CLASSES) - 1}" if len(value) else None
        )
    finite = all(np.isfinite(array[i : i + 4096]).all() for i in range(0, len(array), 4096))
    return None if finite else "holds NaN or infinity"


# ---- a set of files that changes as one ---------------------------------------------------------

WHOLE = ".whole"  # a folder of files that are all there, on their way into the folder around it


@contextlib.contextmanager
def writing_set(folder: str | Path) -> Iterator[Path]:
    """Yield an empty folder inside `folder`; when the block ends well its files take their places
    in `folder` together, replacing older ones. When it does not, or the program is killed, all
    older ones stay; killed on the way, the next that reads or writes there finishes it."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        finish_move(folder)
        _remove_left(folder)
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=folder))
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
    try:
        yield made
        try:
            made.rename(folder / WHOLE)
        except OSError:
            raise InputError(f"{folder}: another run writes there at this moment") from None
        finish_move(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _remove_left(folder):
    """Remove what a run that was killed has left of its new files; one of this hour may go on."""
    for left in folder.glob(".new-*"):
        if time.time() - left.stat().st_mtime > 3600:
            shutil.rmtree(left, ignore_errors=True)


def finish_move(folder: str | Path) -> None:
    """Move what lies in folder/.whole, where that is, to where it belongs."""
    whole = Path(folder) / WHOLE
    if not whole.is_dir():
        return
    try:
        for path in sorted(whole.iterdir()):
            with contextlib.suppress(FileNotFoundError):  # another process does the same
                path.replace(Path(folder) / path.name)
        with contextlib.suppress(FileNotFoundError):
            whole.rmdir()
    except OSError as error:
        raise InputError(
            f"{folder}: its new files in {WHOLE} cannot be moved there ({error.strerror})"
        ) from None


def save_arrays(path: str | Path, data: Any) -> None:
    """Keep a NamedTuple of arrays as a .npz file, by their names."""
    with writing(path) as temporary:
        with open(temporary, "wb") as file:
            np.savez(file, **data._asdict())


def load_arrays(path: str | Path, kind: Any) -> Any:
    """What `save_arrays` kept of the NamedTuple `kind`; no pickle is read."""
    with np.load(path, allow_pickle=False) as stored:
        return kind(**{name: stored[name] for name in kind._fields})
