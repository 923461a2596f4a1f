"""Before a script imports anything else: what is said where a library is missing or the import is
stopped, and how the program ends when it is told to.

    import ecg.start  # first of all

Only what runs as a program is changed: not a notebook, not a test, not a worker of another."""

import os
import signal
import sys
import warnings
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
PLACES = HOME, HOME / "benchmarks", HOME / "ecg" / "ec57"  # of the scripts
STOPPED, TERMINATED = 130, 143  # exit status: 128 and the number of the signal


def program() -> str:
    """The name of the script, or of the package behind `python -m PACKAGE`."""
    script = Path(sys.argv[0])
    return script.parent.name if script.name == "__main__.py" else script.name


def tell(text: object) -> None:
    """One line on stderr, after the name of the program; nothing where stderr is closed."""
    line = f"{program()}: {' '.join(str(text).split())}"
    if sys.stderr is not None:
        line = line.encode(sys.stderr.encoding or "ascii", "backslashreplace").decode(
            sys.stderr.encoding or "ascii"
        )
        try:
            print(line, file=sys.stderr, flush=True)
        except OSError:  # a full disk behind it
            pass


def _is_script():
    """Whether one of this project's scripts is what Python was started with."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    return file is not None and Path(file).resolve().parent in PLACES


def _failed(kind, error, trace):
    """In place of the traceback of what fails while the libraries are imported."""
    if issubclass(kind, KeyboardInterrupt):
        tell("stopped")
        os._exit(STOPPED)
    if issubclass(kind, ImportError):
        missing = f"the library {error.name}" if isinstance(error, ModuleNotFoundError) else error
        absent = " is not installed here" if isinstance(error, ModuleNotFoundError) else ""
        tell(f"{missing}{absent}: run make run, or pip install -r requirements.txt")
        os._exit(2)
    sys.__excepthook__(kind, error, trace)


def _terminate(number, frame):
    """SIGTERM: as Ctrl-C, so that nothing half-written stays."""
    tell("stopped")
    raise SystemExit(TERMINATED)


def _prepare():
    sys.excepthook = _failed
    signal.signal(signal.SIGTERM, _terminate)
    # a library's warning is no reason to end, whatever PYTHONWARNINGS says
    if os.environ.pop("PYTHONWARNINGS", None) is not None or sys.warnoptions:
        warnings.filters[:] = [each for each in warnings.filters if each[0] != "error"]  # type: ignore[index]


if _is_script():
    _prepare()
