"""How much a file may ask for, before it is taken: a few KB can promise more than any memory holds.

What is read, unpacked or filled with missing samples is held against these limits first, and
refused with the number."""

import os
from pathlib import Path

from ecg.artifacts import InputError

SHARE_OF_MEMORY = 0.5  # of the machine's: a recording is held once, and half as much again beside
UNPACKED_AT_MOST = 100  # times: text of an ECG becomes 4 to 20 times as long, a flat lead more
SMALL = 1 << 24  # bytes that any file may be unpacked to


def memory() -> int:
    """Bytes of memory that this machine, or the container in which this runs, has."""
    if not hasattr(os, "sysconf"):  # Windows, where a file that is too large is a MemoryError
        return 1 << 62
    try:
        found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    except (OSError, ValueError):  # a system that does not tell
        found = [1 << 62]
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            found.append(int(Path(limit).read_text()))
        except (OSError, ValueError):  # no container, or no limit
            continue
    return min(found)


def refuse_too_large(size: float, path: Path, holds: str = "holds") -> None:
    """Raises InputError where `size` bytes, which the file `path` holds or asks for, are more than
    this machine can work on."""
    most = SHARE_OF_MEMORY * memory()
    if size > most:
        raise InputError(
            f"{path} {holds} {size / 1e9:,.1f} GB, of which this machine's memory takes "
            f"{most / 1e9:,.1f}: cut it into parts"
        )


def most_unpacked(packed: int) -> int:
    """Bytes that a packed file, or a part of one, of `packed` bytes may become."""
    return max(SMALL, UNPACKED_AT_MOST * packed)
