"""One run at a time where two would spoil each other's files."""

import contextlib
import os
from pathlib import Path

from ecg.errors import InputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_held: dict[Path, int] = {}  # folder: its open file
_made: list[Path] = []  # folders made to be held, the innermost first


def lock(handle: int) -> bool:
    """Lock an open file or folder until it is closed; whether it was free. True where the file
    system has no locks."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def hold(folder: str | Path, option: str) -> None:
    """Keep a folder for this run until `release`, or until the program ends, however it ends.
    `option` names it on the command line. Raises InputError where another run has it."""
    folder = Path(folder)
    if fcntl is None or folder.resolve() in _held:
        return
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _made.extend(missing)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
    if not lock(handle):
        os.close(handle)
        raise InputError(
            f"{folder}: another run writes there at this moment: wait for it, or give another "
            f"{option}"
        )
    _held[folder.resolve()] = handle


def release() -> None:
    """Give back what this run holds; a folder that was made for it and stayed empty goes."""
    while _held:
        os.close(_held.popitem()[1])
    while _made:
        with contextlib.suppress(OSError):
            _made.pop(0).rmdir()
