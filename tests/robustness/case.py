"""A wrong thing that a user gives a stage, what must come of it: a row of docs/robustness.md."""

import hashlib
import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

from tests.conftest import HOME, in_process

GROUPS = ("recordings", "models", "options", "environment")  # cases_NAME.py, in this order
MOST_LINES = 3  # on stderr
LIMIT_S = 300.0  # of a process; an interpreter starts slowly on a busy machine


@dataclass(frozen=True)
class Case:
    """given, given_zh: what is given, in a few words, English and Chinese. stage: the script.
    arguments: its command line, or a function that puts the inputs into an empty folder and gives
    it; the stage runs in that folder. seen: a part of what is said on stderr; {file} in it stands
    for the name of the first argument that is a file there. code: the exit status; after 0 the
    stage may have written new files. process: whether an interpreter is started for it; env, input:
    more environment, and what comes on stdin."""

    given: str
    given_zh: str
    stage: str
    arguments: Callable[[Path], Sequence] | Sequence
    seen: str
    code: int = 2
    process: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    input: str | None = None

    def command(self, folder: Path) -> list[str]:
        """The arguments, their inputs made in `folder`."""
        made = self.arguments(folder) if callable(self.arguments) else self.arguments
        return [str(each) for each in made]

    def run(self, folder: Path, command: Sequence[str]) -> SimpleNamespace:
        """The stage with these arguments in `folder`: returncode, stdout, stderr."""
        if not self.process:
            return in_process(self.stage, list(command), folder, dict(self.env), self.input)
        return subprocess.run(  # type: ignore[return-value]
            [sys.executable, str(HOME / self.stage), *command],
            cwd=folder,
            text=True,
            errors="replace",
            capture_output=True,
            env={**os.environ, **self.env},
            timeout=LIMIT_S,
            input=self.input,
        )

    def words(self, folder: Path, command: Sequence[str]) -> str:
        """`seen`, with the name of the file in it."""
        files = (Path(each).name for each in command if os.path.isfile(folder / each))
        return self.seen.replace("{file}", next(files, "{file}"))


def cases() -> dict[str, list[Case]]:
    """{group: its cases}, all that there are."""
    place = "tests.robustness.cases_"
    return {name: importlib.import_module(place + name).CASES for name in GROUPS}


def contents(folder: Path) -> dict[str, str]:
    """{path below `folder`: SHA-256 of a file, else what it is} of all that lies there."""
    return {str(path.relative_to(folder)): _content(path) for path in sorted(folder.rglob("*"))}


def _content(path):
    if path.is_symlink():
        return f"link to {os.readlink(path)}"
    if not path.is_file():
        return "folder" if path.is_dir() else "no plain file"
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except PermissionError:
        return "not readable"


def changed(before: Mapping[str, str], after: Mapping[str, str], new: bool = False) -> list[str]:
    """What lies there no more, or is another, or, unless `new` files are allowed, was not there."""
    names = before if new else {**before, **after}
    return sorted(name for name in names if before.get(name) != after.get(name))
