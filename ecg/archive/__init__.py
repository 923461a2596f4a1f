"""Many recordings: one task each, in parallel, finished ones skipped.

names.py says what their results are called, skipped.py what of a folder is no recording."""

import contextlib
import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from ecg import artifacts, formats
from ecg.archive.names import Task, input_sha256, path_sha256, plan, refuse_one_name  # noqa: F401
from ecg.archive.skipped import recordings_in as recordings_in
from ecg.archive.skipped import skipped_in
from ecg.artifacts import InputError
from ecg.facts import without_person
from ecg.formats.recording import recording_name
from ecg.labelling import label_recording, lead_to_read
from ecg.output import as_csv, as_dict, write_labels
from ecg.signal_models import open_signal_models
from ecg.weights import choose_model, models_sha256


class Done(NamedTuple):
    """What became of a recording. path: as it was given. error: one line, None where it was
    labelled. before: whether it had been labelled before, and was skipped."""

    path: str
    error: str | None
    before: bool


def label_file(
    path: str | Path,
    folder: str | Path,
    options: Mapping[str, Any],
    load: Callable[..., Any],
    name: str | None = None,
) -> Done:
    """One task of an archive: write NAME.csv, NAME.cnn and NAME.json (summary) into `folder`.

    options: those of the command line that decide a result. load: (name, weight, engine, threads)
    -> model. name: of the results (default: that of the file; "": none is left, see `plan`). The
    .json comes last and holds what went in (SHA-256 of recording and models, options): a recording
    whose .json says the same is skipped. Paths in and small files out, so that the task runs in any
    process on any machine that sees the folders."""
    path, folder = Path(path), Path(folder)
    name = recording_name(path) if name is None else name
    try:
        if not name:
            raise InputError(
                f"{path}: in {folder} its results would overwrite what is not its own: give "
                "another --out"
            )
        identity = {
            **options,
            "input_sha256": input_sha256(path),
            "model_sha256": models_sha256(options["model"], options["weight"]),
        }
        if _is_done(folder, name, identity):
            return Done(str(path), None, True)
        second = lead_to_read(options["second"], options["model"])
        recording = formats.read_recording(
            path, options["lead"], options["fs"], options["unit"], second
        )
        recording = without_person(recording, options.get("anonymous", False))
        hashes = tuple(identity["model_sha256"].values())

        def choose(n_beats):
            model = choose_model(options["model"], n_beats, options["weight"])
            return _loaded(load, model, options["weight"], options["engine"], hashes)

        labelled = label_recording(
            recording,
            choose,
            options["invert"],
            options["mains"],
            options["second"],
            open_signal_models(options["weight"]),
        )
        artifacts.save_text(folder / f"{name}.csv", as_csv(labelled.beats, recording.facts))
        write_labels(folder, name, labelled.beats)
        document = as_dict(labelled.recording, labelled.beats, labelled.summary, with_beats=False)
        document |= {"made_from": identity, "path_sha256": path_sha256(path)}
        artifacts.save_json(folder / f"{name}.json", document)
        return Done(str(path), None, False)
    except ValueError as error:  # InputError is one: collected, told at the end
        return Done(str(path), " ".join(str(error).split()), False)


def _is_done(folder, name, identity):
    """Whether the results of a recording are there, made from the same."""
    files = [folder / f"{name}.{suffix}" for suffix in ("csv", "cnn", "json")]
    if not all(file.exists() for file in files):
        return False
    with contextlib.suppress(InputError):
        document = artifacts.load_json(files[-1], "inference.py")
        return document.get("made_from") == artifacts.plain(identity)
    return False


@functools.lru_cache(maxsize=2)
def _loaded(load, name, weight, engine, hashes):
    """A model for the tasks of this process, one thread each: how many run at a time is for --jobs
    to say. hashes: of its files, so that new weights are loaded anew."""
    return load(name, weight, engine, threads=1)


def label_archive(
    tasks: Sequence[Task],
    options: Mapping[str, Any],
    load: Callable[..., Any],
    jobs: int | None = 1,
    backend: str = "loky",
    scheduler: str | None = None,
) -> list[Done]:
    """Label many recordings, in parallel. Returns what became of each, in the order of `tasks`.

    tasks: of `plan`. options, load: as for `label_file`. jobs: recordings at a time.

    Backend `dask` hands the same tasks to the cluster whose scheduler listens at `scheduler`,
    through joblib's own backend."""
    import joblib

    calls = [
        joblib.delayed(label_file)(str(task.path), str(task.folder), options, load, task.name)
        for task in tasks
    ]
    with contextlib.ExitStack() as stack:
        if backend == "dask":
            try:
                from dask.distributed import Client
            except ImportError:
                raise InputError(
                    "--backend dask needs the package dask: pip install 'dask[distributed]'"
                ) from None
            try:
                client = stack.enter_context(Client(scheduler, timeout=20))
            except (OSError, ValueError) as error:
                raise InputError(
                    f"--scheduler {scheduler}: no Dask scheduler answers there "
                    f"({type(error).__name__})"
                ) from None
            _probe(client, scheduler)
        stack.enter_context(
            joblib.parallel_config(
                backend=backend, **({} if backend == "dask" else {"n_jobs": jobs})
            )
        )
        results = joblib.Parallel(return_as="generator" if backend != "dask" else "list")(calls)
        return list(
            tqdm(results, total=len(calls), desc="labelling", unit="recording", disable=None)
        )


def print_results(
    tasks: Sequence[Task],
    results: Sequence[Done],
    found: Mapping[Path | None, Sequence[Path]],
    out: str | Path,
) -> bool:
    """What became of an archive, on stdout: how many recordings were labelled into `out`, whose
    results have another name, what of the folders `found` was skipped; on stderr what failed.
    Returns whether anything did."""
    failed = [done for done in results if done.error]
    before = sum(done.before for done in results)
    print(
        f"labelled {len(results) - len(failed) - before} recordings into {out}, {before} were "
        f"done before, {len(failed)} failed"
    )
    for task in tasks:
        if task.name not in ("", recording_name(task.path)):
            print(f"{task.path} shares its name with another: its results are called {task.name}")
    for skipped in skipped_in(found, Path(out)):
        print(skipped)
    for done in failed:
        print(f"{done.path}: {done.error}", file=sys.stderr)
    return bool(failed)


def _probe(client, scheduler):
    """Raise InputError where the cluster has no workers, or some that lack the project: a task
    would wait for ever. What they run for it is Python's own, so that it reaches them."""
    try:
        answers = client.run(eval, "__import__('inference').__name__")
    except Exception as error:  # whatever the import raises there
        raise InputError(
            f"--scheduler {scheduler}: its workers cannot import the project ({error}): start them "
            f"in the folder of inference.py, with its libraries"
        ) from None
    if not answers:
        raise InputError(f"--scheduler {scheduler}: it has no workers: start some (dask worker)")
