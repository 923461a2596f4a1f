"""Files that pass between the stages: where they are, writing them whole or not at all, loading
them with a clear error.

A stage never leaves half a file behind: everything is written to a temporary name in the same
folder and renamed. A user's mistake is an `InputError`: one line on stderr, exit status 2. In a
notebook it is a ValueError."""

import contextlib
import hashlib
import importlib.metadata
import json
import math
import os
import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ecg import __version__

HOME = Path(__file__).resolve().parent.parent
SPLITS = ("train", "val", "test")


class InputError(ValueError):
    """Something the user gave cannot be used. The message names the file or option, what is wrong
    and what to do."""


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


@contextlib.contextmanager
def writing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well, delete it
    when it does not.

    The temporary name keeps the suffix, because NumPy, matplotlib and ONNX choose the format by
    it."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}.tmp-", suffix=path.suffix, dir=path.parent
        )
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def save_npy(path: str | Path, array: np.ndarray | dict[str, list]) -> None:
    """An array as .npy; a dict becomes an array of one object, itself."""
    with writing(path) as temporary:
        np.save(temporary, np.asanyarray(array))


def save_text(path: str | Path, text: str) -> None:
    with writing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


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
    try:
        return json.loads(require(path, made_by).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise InputError(f"{path} is not valid JSON: make it again with {made_by}") from None


def sha256(path: str | Path) -> str:
    """SHA-256 of a file, hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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


def load_manifest(data: str | Path) -> dict:
    """The manifest of data/processed_data: which rows these are, from where, split how."""
    return load_json(processed(data) / "manifest.json", "python data_preprocess.py")


def load_split(data: str | Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """(X float32 (n, 187, 1) standardised, y int64 (n,)) of split `train`, `val` or `test`;
    memory-mapped."""
    arrays = []
    for letter in "Xy":
        path = require(processed(data) / f"{letter}_{split}.npy", "python data_preprocess.py")
        try:
            arrays.append(np.load(path, mmap_mode="r", allow_pickle=False))
        except ValueError:
            raise InputError(
                f"{path} is damaged: make it again with python data_preprocess.py"
            ) from None
    x, y = arrays
    if len(x) != len(y):
        raise InputError(
            f"{processed(data)}: X_{split} and y_{split} differ in length: "
            "make them again with python data_preprocess.py"
        )
    return x, y
