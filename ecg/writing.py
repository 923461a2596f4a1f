"""Writing a file whole or not at all: under a temporary name in the same folder, then renamed. A
device, a pipe and /dev/stdout are written through."""

import contextlib
import glob
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ecg import locks, overwriting
from ecg.errors import InputError

WINDOWS = os.name == "nt"
LEFT_S = 60.0  # a temporary file as old as this that nobody holds was left by a run that was killed


@contextlib.contextmanager
def writing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well, delete it
    when it does not.

    The temporary name keeps the suffix, because NumPy, matplotlib and ONNX choose the format by
    it. Raises InputError where `path` cannot be written, or may not (ecg.overwriting)."""
    path = Path(path)
    overwriting.check(path)
    if _is_device(path):
        with _through(path) as temporary:
            yield temporary
        return
    target = Path(os.path.realpath(path))  # behind a link: the link stays
    prefix = f".{os.fsdecode(os.fsencode(path.stem)[:80])}.tmp-"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=path.suffix, dir=target.parent)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be written ({why})") from None
    temporary = Path(name)
    try:
        if WINDOWS:  # which renames no open file
            os.close(handle)
        locks.lock(handle)
        _remove_left(target.parent, prefix, path.suffix)
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
    except OSError as error:
        raise _cannot(path, temporary, error) from None
    finally:
        temporary.unlink(missing_ok=True)
        if not WINDOWS:
            os.close(handle)


def _cannot(path, temporary, error):
    """The InputError of an error while `path` was written; the error itself where it is of another
    file."""
    ours = {None, str(temporary), os.fsencode(temporary), str(path)}
    if error.errno is None or error.filename not in ours:
        return error
    return InputError(f"{path}: cannot be written ({error.strerror})")


def _is_device(path: Path) -> bool:
    """Whether a path is no plain file: a device, a pipe, or what stands for an open file."""
    with contextlib.suppress(OSError):
        mode = os.stat(path).st_mode
        return not stat.S_ISREG(mode) or path.absolute().parts[1:2] in (("dev",), ("proc",))
    return False


@contextlib.contextmanager
def _through(path):
    """Yield a temporary path elsewhere; its bytes go to the device at the end."""
    with tempfile.TemporaryDirectory(prefix="ecg-") as folder:
        temporary = Path(folder) / f"written{path.suffix}"
        temporary.touch()
        yield temporary
        try:
            with open(temporary, "rb") as made, open(path, "wb") as device:
                shutil.copyfileobj(made, device)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror})") from None


def _remove_left(folder, prefix, suffix):
    """Remove what runs that were killed have left of this file: old, and held by nobody."""
    pattern = f"{glob.escape(prefix)}*{glob.escape(suffix)}"
    for left in folder.glob(pattern):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime < LEFT_S:
                continue
            handle = os.open(left, os.O_RDWR)
            try:
                if locks.lock(handle):
                    left.unlink()
            finally:
                os.close(handle)


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
