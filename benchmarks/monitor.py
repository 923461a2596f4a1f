"""The monitor measured: false alarms per hour, and the stream against the whole recording.

    python benchmarks/monitor.py --alarms --records data/svdb         # by networks that never saw
                                                                      # the record (--folds)
    python benchmarks/monitor.py --alarms --records data/mitdb --final context_interpatient_plus
    python benchmarks/monitor.py --alarms --records data/cudb         # its episodes.csv: VF
    python benchmarks/monitor.py --alarms data/mitdb/202 data/mitdb/222     # these records only
    python benchmarks/monitor.py data/mitdb/119 data/mitdb/200        # labels, delays, alarms

Recordings are replayed as fast as possible. --alarms holds the alarms against the annotation of
every record in a folder or of FILE ... (monitor_parts/false_alarms.py), or the folder's
episodes.csv; each record is judged
by the first network of --folds that was trained without it, or, with --final, by one model: records
that it was trained on are left out, and said. Noise, the rhythm and ventricular fibrillation are
told by the networks of --weight, or the shipped ones; which records these were trained on is said
too. FILE ... holds stream and whole recording against each other
(monitor_parts/agreement.py).
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import inference  # noqa: E402
import monitor as stage  # noqa: E402
from benchmarks.common.folds import Folds  # noqa: E402
from benchmarks.monitor_parts.agreement import agreement, print_agreement  # noqa: E402
from benchmarks.monitor_parts.false_alarms import RecordAlarms, print_table, replay_record  # noqa: E402
from ecg import artifacts, cli, formats  # noqa: E402
from ecg.artifacts import InputError  # noqa: E402
from ecg.formats.annotation import annotated_records, read_annotation  # noqa: E402
from ecg.prediction import card_of, is_context_model  # noqa: E402
from ecg.rhythm import fibrillation  # noqa: E402
from ecg.training import vf_data  # noqa: E402

FOR_FILES = "lead", "second", "fs", "unit", "invert", "model"
FOR_ALARMS = "records", "reference", "folds", "jobs"


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help="recordings to replay")
    group = parser.add_argument_group("false alarms")
    group.add_argument("--alarms", action="store_true", help="of a folder's records, or of FILE")
    cli.add(group, "--records", "--reference", "--jobs")
    folds = "networks of a cross-validation over the records"
    group.add_argument("--folds", metavar="DIR", default="weight/folds", help=folds)
    group = cli.add_recording_options(parser, "--second")
    cli.add(group, "--invert", choices=("yes", "no"), default="no")
    stage.add_models_and_limits(parser)
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    if args.alarms:
        cli.refuse_unused(args, FOR_FILES, "is for FILE ..., not for --alarms")
        return count_false_alarms(args)
    cli.refuse_unused(args, FOR_ALARMS, "needs --alarms")
    if not args.files or "-" in args.files:
        raise InputError("recordings are replayed: name at least one FILE, or --alarms --records")
    models, results = stage.models_for(args)._asdict(), []
    for file in tqdm(args.files, desc="replaying", unit="recording", disable=None):
        recording = formats.read_recording(file, args.lead, args.fs, args.unit, args.second)
        leads = recording.signals()
        leads[0] = -leads[0] if args.invert == "yes" else leads[0]
        figures = agreement(leads, recording.fs, **models, **stage.limits_of(args))[0]
        results.append((recording.name, figures))
    return print_agreement(results)


# ---------------------------------------------------------------------------------- false alarms


def count_false_alarms(args: argparse.Namespace) -> None:
    """The table of --alarms."""
    folder, names = records_for(args)
    chosen = networks_for(args, folder.name, names)
    tasks = [
        joblib.delayed(alarms_of)(
            folder / name, network, args.reference, stage.limits_of(args), args.weight
        )
        for name, network in chosen.items()
    ]
    say_what_was_seen(args.weight, folder.name, chosen)
    done = joblib.Parallel(n_jobs=args.jobs, return_as="generator")(tasks)
    print_table(list(tqdm(done, total=len(tasks), desc="replaying", unit="record", disable=None)))


def records_for(args: argparse.Namespace) -> tuple[Path, list[str]]:
    """(the folder, the names of the records in it) that the command line asks for."""
    if (args.records is None) == (not args.files):
        raise InputError("--alarms counts over annotated records: name --records DIR, or FILE ...")
    if args.records is None:
        files = [Path(file) for file in args.files]
        folders = {artifacts.locate(file.parent) for file in files}
        if len(folders) > 1:
            raise InputError("--alarms takes the FILEs of one folder at a time")
        return folders.pop(), [file.name for file in files]
    folder = artifacts.locate(args.records)
    if (folder / vf_data.EPISODES).exists():
        return folder, vf_data.records_of(folder)
    return folder, annotated_records(folder, args.reference)


def networks_for(args: argparse.Namespace, folder: str, names: list[str]) -> dict:
    """{record: the network that judges it}, one that never saw it."""
    if args.final in ("auto", "single"):
        if args.final == "single":
            raise InputError("--alarms asks a context model: --final MODEL, or --folds")
        folds = Folds(args.folds)
        return {name: folds.network(name) for name in names}
    network = inference.load(args.final, args.weight, threads=1)
    card = card_of(network)
    if not is_context_model(card):
        raise InputError(f"--final {args.final} is no context model")
    learnt = {record.split("/")[-1] for record in card["manifest"]["records"]}
    left = [name for name in names if name not in learnt]
    if not left:
        raise InputError(f"{args.final} was trained on every record of {folder}")
    if len(left) < len(names):
        print(f"{len(names) - len(left)} records left out, {args.final} was trained on them")
    return dict.fromkeys(left, network)


def say_what_was_seen(weight: str | Path, folder: str, names: Iterable[str]) -> None:
    """Print which of the records the network of ventricular fibrillation was trained on."""
    model = fibrillation.open_model(weight)
    if model is not None:
        learnt = set(card_of(model).get("manifest", {}).get("records", []))
        seen = [name for name in names if f"{folder}/{name}" in learnt]
        if seen:
            print(f"the network of ventricular fibrillation was trained on {' '.join(seen)}")


def alarms_of(
    path: Path, network: Any, reference: str, limits: dict, weight: str | Path = "weight"
) -> RecordAlarms:
    """The alarms of a record, and what should have raised them."""
    recording = formats.read_recording(path, lead=0, second="auto")
    annotation = None
    if path.with_name(f"{path.name}.{reference}").exists():
        annotation = read_annotation(path, reference, recording.fs)
    leads = [np.asarray(lead, np.float64) for lead in recording.signals()]
    truth = vf_data.truth_of(path.parent, path.name, recording.fs, len(leads[0]))
    asked = {
        "noise": stage.noise_model(weight),
        "rhythm": stage.rhythm_model(weight),
        "fibrillation": stage.fibrillation_model(weight),
    }
    context = stage.as_context(network)
    return replay_record(
        path.name, leads, recording.fs, annotation, truth, context, **asked, **limits
    )


if __name__ == "__main__":
    cli.run(main)
