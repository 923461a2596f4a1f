"""Packages that only some formats need: imported when such a file is read."""

import importlib
from pathlib import Path
from types import ModuleType

from ecg.artifacts import InputError


def need(module: str, path: Path) -> ModuleType:
    """`module`, imported. Raises InputError, which names its package and how to get it, where it is
    not installed; `path` is the file that needs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = (error.name or module).partition(".")[0]
        raise InputError(
            f"{path} needs the package {package}: pip install -r requirements-formats.txt"
        ) from None
