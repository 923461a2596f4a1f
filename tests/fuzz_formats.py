"""Damaged files against every reader: each is read, or refused in one line, in 20 s and 1 GB.

    make fuzz                                            # 10,000 files a reader
    .venv/bin/python -m tests.fuzz_formats --only matlab --many 1000
    .venv/bin/python -m tests.fuzz_formats --only matlab --case 417 --keep /tmp/one

The files are those of fuzz_seeds.py, damaged by fuzz_mutations.py; case k of a reader is the same
file in every run with the same --seed. They are read in processes of their own, which are ended
when they hang. Exit status 1 where a file is neither read nor refused."""

import argparse
import contextlib
import importlib
import multiprocessing
import multiprocessing.connection
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats import read_recording
from ecg.formats.recording import Recording
from tests.fuzz_mutations import mutated
from tests.fuzz_seeds import SEEDS, Seed

LIMIT_S = 20.0
LIMIT_BYTES = 1 << 30
REAL_EVERY = 20  # of the cases one is a damaged real file, which are larger
# of the workers: address space that threads and pools set aside is no memory that a file takes
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
PACKAGES = (
    *("ecg.formats", "pandas", "scipy.io", "scipy.signal", "wfdb", "edfio", "h5py", "bioread"),
    *("pyarrow.parquet", "pydicom", "ecgdatakit"),
)
GOOD = "read", "refused"
BAD = "traceback", "crash", "hang", "memory"


Reader = Callable[..., Recording]


class Failure(NamedTuple):
    """A case that is neither read nor refused in a line: which, how, and what was said."""

    name: str
    case: int
    outcome: str
    said: str


class _Hang(BaseException):
    """The time is up; no reader catches it by `except Exception`."""


def damaged(
    files: list[tuple[Path, bool]],
    seed: int,
    case: int,
    folder: Path,
    reseal: Callable[[bytes], bytes] | None = None,
) -> Path:
    """Case number `case`, written into `folder` with what belongs to it; the path to read. reseal:
    makes the checksums of most cases right again."""
    built = [path for path, real in files if not real]
    real = [path for path, is_real in files if is_real]
    rng = np.random.default_rng([seed, case])
    choice = real if real and (not built or case % REAL_EVERY == 0) else built
    path = choice[int(rng.integers(len(choice)))]
    belonging = [path] if choice is real else sorted(path.parent.iterdir())
    hurt = belonging[int(rng.integers(len(belonging)))]
    for each in belonging:
        raw = each.read_bytes()
        if each == hurt:
            raw = mutated(raw, rng)
            raw = reseal(raw) if reseal is not None and case % 5 else raw
        (folder / each.name).write_bytes(raw)
    return folder / path.name


def outcome_of(path: Path, case: int, read: Reader = read_recording) -> tuple[str, str]:
    """(what became of reading a file, what was said)"""
    try:
        found = read(path, fs=250 if case % 2 else None, second="auto")
        return ("read", "") if isinstance(found, Recording) else ("traceback", repr(found))
    except InputError as error:
        said = str(error)
        if "machine's memory" in said:
            return "memory", said
        a_line = said.strip() and all(c.isprintable() for c in said)
        return ("refused", said) if a_line else ("traceback", ascii(said)[:400])
    except MemoryError:
        return "memory", traceback.format_exc(limit=-3)
    except _Hang:
        return "hang", traceback.format_exc(limit=-3)
    except BaseException:  # also an exit that a package calls
        return "traceback", traceback.format_exc(limit=-4)


# ----------------------------------------------------------------------------------------- workers


def _work(pipe, task, cases):
    """Try cases, telling of each when it begins and how it ends."""
    files, name, seed, read, limit, reseal = task
    _become_small()
    signal.signal(signal.SIGPROF, _time_is_up)  # of the processor: others may need it too
    for case in cases:
        with tempfile.TemporaryDirectory(prefix=f"fuzz_{case}_") as folder:
            path = damaged(files, seed + zlib.crc32(name.encode()), case, Path(folder), reseal)
            pipe.send((case, None, ""))
            signal.setitimer(signal.ITIMER_PROF, limit)
            try:
                outcome, said = outcome_of(path, case, read)
            except _Hang:
                outcome, said = "hang", ""
            signal.setitimer(signal.ITIMER_PROF, 0)
            pipe.send((case, outcome, said))
    pipe.close()


def _time_is_up(*_):
    raise _Hang


def _become_small():
    """What packages need for themselves is loaded; LIMIT_BYTES more is all there is. What they
    write to the terminal goes nowhere."""
    for name in PACKAGES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + LIMIT_BYTES, resource.RLIM_INFINITY))


class _Worker:
    """A process that tries some cases of a reader, and is begun anew behind one that ends it."""

    def __init__(self, task, cases):
        self.task, self.cases = task, cases
        self.start()

    def start(self):
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        arguments = (other, self.task, self.cases)
        self.process = context.Process(target=_work, args=arguments, daemon=True)
        self.process.start()
        other.close()
        self.at, self.since = None, time.monotonic()

    def ended(self, how):
        """The process is gone, or hangs: what became of its case; it goes on behind that."""
        self.process.kill()
        self.process.join()
        case = self.cases[0] if self.at is None else self.at
        said = f"exit code {self.process.exitcode}"
        self.cases = self.cases[self.cases.index(case) + 1 :]
        if self.cases:
            self.start()
        return case, how, said

    def receive(self):
        """The next (case, outcome, said), None where a case has only begun or all are done."""
        try:
            case, outcome, said = self.pipe.recv()
        except EOFError:
            if self.at is None and not self.cases:
                return None
            return self.ended("crash")
        self.since = time.monotonic()
        self.at = case if outcome is None else None
        if outcome is None:
            return None
        self.cases = self.cases[self.cases.index(case) + 1 :]
        return case, outcome, said

    def hangs(self):
        patience = 3 * self.task[4] + 10 if self.at is not None else 120
        return self.process.is_alive() and time.monotonic() - self.since > patience


def try_reader(
    seed_files: Seed,
    many: int,
    seed: int,
    jobs: int,
    read: Reader = read_recording,
    limit: float = LIMIT_S,
) -> tuple[Counter[str], list[Failure]]:
    """(how often each outcome was, the failures) of `many` cases of one reader. limit: s a file."""
    counts: Counter[str] = Counter()
    failures: list[Failure] = []
    with tempfile.TemporaryDirectory(prefix="fuzz_seeds_") as folder:
        files, name = list(seed_files.files(Path(folder))), seed_files.name
        task = (files, name, seed, read, limit, seed_files.reseal)
        workers = [_Worker(task, list(range(k, many, jobs))) for k in range(min(jobs, many))]
        while workers := [each for each in workers if each.cases]:
            ready = multiprocessing.connection.wait([each.pipe for each in workers], timeout=1)
            told = [each.receive() for each in workers if each.pipe in ready]
            told += [each.ended("hang") for each in workers if each.cases and each.hangs()]
            for case, outcome, said in filter(None, told):
                counts[outcome] += 1
                if outcome in BAD:
                    failures.append(Failure(seed_files.name, case, outcome, said))
    return counts, failures


# ----------------------------------------------------------------------------------------- command


def main(argv: list[str] | None = None) -> int:
    """The command; its exit status."""
    args = _arguments(argv)
    os.environ |= ENVIRONMENT
    known = [each for each in SEEDS if args.only is None or each.name in args.only]
    if args.case is not None:
        return _one_case(known[0], args)
    print(f"{'reader':12}{'files':>8}" + "".join(f"{word:>11}" for word in (*GOOD, *BAD, "s")))
    failures: list[Failure] = []
    for each in known:
        began = time.monotonic()
        counts, failed = try_reader(each, args.many, args.seed, args.jobs)
        failures += failed
        numbers = "".join(f"{counts[word]:11,}" for word in (*GOOD, *BAD))
        print(
            f"{each.name:12}{sum(counts.values()):8,}{numbers}{time.monotonic() - began:11.0f}",
            flush=True,
        )
    for failure in failures[:50]:
        print(f"\n{failure.outcome}: --only {failure.name} --case {failure.case}\n{failure.said}")
    return int(bool(failures))


def _one_case(seed_files, args):
    """Write one case to a folder and read it here."""
    folder = Path(args.keep or tempfile.mkdtemp(prefix="fuzz_case_"))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fuzz_seeds_") as seeds:
        files = list(seed_files.files(Path(seeds)))
        number = args.seed + zlib.crc32(seed_files.name.encode())
        path = damaged(files, number, args.case, folder, seed_files.reseal)
    outcome, said = outcome_of(path, args.case)
    print(f"{path}\n{outcome} {said}")
    return int(outcome in BAD)


def _arguments(argv):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=[each.name for each in SEEDS], metavar="NAME")
    parser.add_argument("--many", type=int, default=10_000, help="files a reader (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="(%(default)s)")
    parser.add_argument("--case", type=int, help="one case of one reader, read in this process")
    parser.add_argument("--keep", metavar="DIR", help="where --case leaves its file")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
