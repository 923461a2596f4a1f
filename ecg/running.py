"""How a stage runs: its outputs are checked before work begins, its inputs are safe, and whatever
fails for a reason outside of the program is one line."""

import argparse
import contextlib
import errno
import functools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from ecg import browser, locks, overwriting, start
from ecg.errors import InputError

HOME = Path(__file__).resolve().parent.parent
OUTPUT_FILES = "csv", "json", "save", "report", "pdf", "out"  # where the value is a FILE, not a DIR
FOLDERS = "data", "weight", "runs", "out", "annotation", "keep"
PLACES = "data", "weight", "runs", "out", "keep"  # folders in which the stage chooses the names
# what a stage reads, unless it says otherwise
INPUTS = "file", "files", "records", "errors", "strips", "normal", "init", "noise"

Result = TypeVar("Result")


def stage(
    options: Callable[[], argparse.ArgumentParser], inputs: Sequence[str] = INPUTS
) -> Callable[[Callable[[argparse.Namespace], Result]], Callable[..., Result]]:
    """Decorator of a stage's `main(args)`, which then is `main(argv=None)`: the command line is
    parsed by the parser that `options()` gives, outputs are checked, and --quiet is seen to.

    inputs: the arguments that name what the stage reads, which is never written over."""

    def decorate(body: Callable[[argparse.Namespace], Result]) -> Callable[..., Result]:
        @functools.wraps(body)
        def main(argv: Sequence[Any] | None = None) -> Result:
            parser = options()
            args = parser.parse_args(argv)
            refuse_empty(parser, args)
            read = [each for name in inputs for each in _values(args, name)]
            files = {each.dest for each in parser._actions if each.metavar == "FILE"}
            places = [each for name in PLACES if name not in files for each in _values(args, name)]
            # a folder may be found beside the scripts (artifacts.locate)
            places += [HOME / each for each in (*places, "docs", "benchmarks")]
            overwrite = getattr(args, "overwrite", False)
            with overwriting.run_of(read, places, overwrite), quiet(args.quiet):
                check_outputs(parser, args)
                try:
                    return body(args)
                finally:
                    locks.release()

        return main

    return decorate


def _values(args, name):
    """The names behind an argument: none, one or several."""
    value = getattr(args, name, None)
    values = value if isinstance(value, (list, tuple)) else [value]
    return [each for each in values if isinstance(each, (str, Path))]


def refuse_empty(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Raise InputError for an option or a FILE that is an empty name."""
    for action in parser._actions:
        if action.dest in getattr(args, "given", ()) or not action.option_strings:
            if any(str(each) == "" for each in _values(args, action.dest)):
                name = action.option_strings[-1] if action.option_strings else action.metavar
                raise InputError(f"{name} is empty: give a name")


def check_outputs(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """Raise InputError for an output that cannot be written, or may not; for two of one name; for a
    folder that is a file; for a PDF that no browser is there to print."""
    named: dict[Path, str] = {}
    for action in parser._actions:
        values = [Path(each) for each in _values(args, action.dest)]
        option = action.option_strings[-1] if action.option_strings else ""
        if action.dest in OUTPUT_FILES and action.metavar == "FILE" and option:
            for path in values:
                overwriting.check(path)
                _check_folder(path.parent, path)
                other = named.setdefault(path.resolve(), option)
                if other != option and not str(path).startswith("/dev/"):
                    raise InputError(f"{other} and {option} both name {path}: give two names")
        elif action.dest in FOLDERS:
            for path in values:
                if path.is_file():
                    raise InputError(f"{option} {path} is a file: give a folder")
                if hasattr(args, "epochs") and path.resolve() == overwriting.SHIPPED:
                    raise InputError(
                        f"{option} {path} holds weights that come with the program and stay as "
                        "they are: give another folder"
                    )
    if getattr(args, "pdf", None):
        browser.find_browser()


def _check_folder(folder, path):
    """Raise InputError where a file cannot be made in a folder, which may not be there yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    reason = errno.ENOTDIR if not folder.is_dir() else errno.EACCES
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{path}: cannot be written ({os.strerror(reason)})")


@contextlib.contextmanager
def quiet(wanted: bool = True) -> Iterator[None]:
    """No report on stdout and no progress bar; warnings and errors go their way."""
    if not wanted:
        yield
        return
    from tqdm import tqdm  # not needed for --help

    shown = tqdm.__init__
    silent = functools.partialmethod(shown, disable=True)
    tqdm.__init__ = silent  # type: ignore[method-assign, assignment]
    try:
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            yield
    finally:
        tqdm.__init__ = shown  # type: ignore[method-assign]


def parse_early(options: Callable[[], argparse.ArgumentParser]) -> None:
    """Parse the command line of a program that has not loaded its libraries yet: `--help` and the
    refusal of a mistyped option end it here, in a tenth of the time. It is parsed again by
    `stage`."""
    try:
        options().parse_args()
    except (SystemExit, InputError, OSError) as end:
        ending = end

        def again():
            raise ending

        run(again)


def run(main: Callable[[], int | None]) -> NoReturn:
    """Run a stage's `main()` as a program: an InputError is one line on stderr and exit status 2,
    and so is what files, memory and terminal do to it.

    A closed pipe (`python STAGE.py | head`) and Ctrl-C end the program quietly, with the status a
    shell expects."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):  # closed, or no file
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        status = _status(main)
    except InputError as error:
        start.tell(error)
        status = 2
    except BrokenPipeError:
        _close_stdout()
        status = 141
    except KeyboardInterrupt:
        start.tell("stopped")
        status = start.STOPPED
    except MemoryError as error:
        start.tell(f"there is not enough memory for this ({error or 'none left'}): give less of it")
        status = 2
    except OSError as error:
        if error.errno is None:
            raise
        start.tell(f"{_of(error)} ({error.strerror})")
        _close_stdout()
        status = 2
    sys.exit(status)


def _status(main):
    """The exit status of `main()`; what it has printed has left the program by then."""
    try:
        status = main()
    except SystemExit as end:  # --help, --version
        status = end.code
    if sys.stdout is not None:
        sys.stdout.flush()
    return status or 0


def _of(error):
    """What an OSError is about."""
    if error.filename is None:
        return "the output cannot be written"
    return f"{os.fsdecode(error.filename)}: cannot be read or written"


def _close_stdout():
    """What is still to be printed goes nowhere: else Python fails on it at the end."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@functools.cache
def say_once(text: str) -> None:
    """On stderr, once, however many recordings a run labels."""
    print(text, file=sys.stderr)


def print_line(text: str) -> None:
    print(text, flush=True)
