"""Recordings or CSV -> rows, splits, scaler, SMOTE, in data/processed_data/.

    python data_preprocess.py                    # Kaggle's CSVs, else records, else download
    python data_preprocess.py --records ~/mitdb  # WFDB records; rebuilds mitbih_{train,test}.csv
    python data_preprocess.py --protocol interpatient           # train, test on different people
    python data_preprocess.py --protocol patients --records MY  # so with your own annotated records
    python data_preprocess.py --source demo --data demo/data    # no download: 44 real minutes

The split comes first; scaler and SMOTE see training rows only (but for `--protocol tutorial`, which
shows what the other order pretends). X_train.npy holds the real rows first, then SMOTE's;
manifest.json says how many (n_real). `--source demo` takes the recordings in data/demo, real ones,
split by patient; Noisy_ECG_Signal.py --records DIR makes synthetic ones for `--records DIR`.
"""

import ecg.start  # noqa: F401

# isort: split
import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from ecg import artifacts, beats, cli, dataset, demo, fingerprint, heartbeat_csv, locks, mitdb
from ecg.artifacts import InputError
from ecg.dataset import Rows
from ecg.formats.wfdb_header import says_synthetic
from ecg.processed_data import Processed, save_processed, scale_and_balance

SOURCES = ("auto", "csv", "records", "download", "demo")
PROTOCOLS = ("kaggle", "interpatient", "patients", "tutorial")
BY_PATIENT = ("interpatient", "patients")  # protocols that split by record
# options that rows from a source have no use for
UNUSED: dict[str, tuple[str, ...]] = {
    "csv": ("records", "reference", "url"),
    "records": ("url",),
    "demo": ("records", "reference", "url"),
    "download": (),
}


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    group = parser.add_argument_group("where the rows come from")
    group.add_argument("--source", choices=SOURCES, default="auto", help="of the rows")
    cli.add(group, "--records", help="folder of annotated WFDB records (default: DATA/mitdb)")
    cli.add(group, "--reference")
    group.add_argument("--url", metavar="URL", default=mitdb.URL, help="of --source download")
    group = parser.add_argument_group("what becomes of them")
    text = f"{', '.join(PROTOCOLS)} (default: kaggle; demo: interpatient)"
    group.add_argument("--protocol", choices=PROTOCOLS, metavar="NAME", help=text)
    cli.add(group, "--seed", default=42, help="of the split and of SMOTE")
    cli.add(group, "--data")
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    args.protocol = args.protocol or ("interpatient" if args.source == "demo" else "kaggle")
    source, folder = choose_source(args.source, args.protocol, args.data, args.records)
    cli.refuse_unused(args, UNUSED[source], f"would be ignored: these rows come from {source}")
    locks.hold(artifacts.processed(args.data), "--data")
    train, test, inputs = gather_rows(args, source, folder)
    train, test, removed = remove_invalid(train, test)
    splits = share_out(train, test, args.protocol, args.seed)
    processed = scale_and_balance(splits, args.protocol, args.seed)
    synthetic = any(says_synthetic(folder / name) for name in inputs if name.endswith(".hea"))
    manifest = describe(args, source, inputs, synthetic, removed, splits, processed)
    manifest |= signals_learnt(source, folder, splits)
    save_processed(args.data, processed, manifest)
    print_report(manifest)
    print(f"wrote {artifacts.processed(args.data)}/")


# ----------------------------------------------------------------------------------------- sources


def choose_source(
    source: str, protocol: str, data: str | Path, records: str | Path | None
) -> tuple[str, Path]:
    """What --source auto means here, and the folder of the records."""
    if source == "demo":
        return source, demo.records()
    folder = Path(records) if records else Path(data) / "mitdb"
    archive = Path(data) / "archive"
    csvs = any(heartbeat_csv.csv_path(archive, split).exists() for split in ("train", "test"))
    if source == "auto":
        has_records = any(folder.glob("*.hea"))
        if records or (protocol in BY_PATIENT and has_records):
            source = "records"
        elif csvs:
            source = "csv"
        else:
            source = "records" if has_records else "download"
    if protocol in BY_PATIENT and source == "csv":
        raise InputError(
            f"--protocol {protocol} needs to know whose beat each row is, and the CSVs in "
            f"{archive} do not tell: give --records DIR or --source download"
        )
    if protocol == "patients" and source == "download":
        raise InputError(
            "--protocol patients splits your own annotated WFDB records: give their folder with "
            "--records DIR"
        )
    if source == "records" and not folder.is_dir():
        raise InputError(
            f"{folder} is missing: give the folder of the WFDB records with --records DIR, or use "
            "--source download"
        )
    return source, folder


def gather_rows(
    args: argparse.Namespace, source: str, folder: Path
) -> tuple[Rows, Rows | None, dict[str, str]]:
    """(train, test, inputs {file: SHA-256}); where the protocol splits by record, all rows and None
    instead of train and test."""
    archive = Path(args.data) / "archive"
    if source == "csv":
        inputs = hashes(sorted(archive.glob("mitbih_t*.csv")))
        return *heartbeat_csv.read_csvs(archive), inputs
    if source == "download":
        folder = mitdb.download(folder, args.url)
    rows = dataset.cut_records(folder, args.reference)
    records, suffixes = set(rows.record), (".dat", ".hea", f".{args.reference}")
    inputs = hashes(
        path
        for path in sorted(folder.iterdir())
        if path.stem in records and path.suffix in suffixes
    )
    published = mitdb.kaggle_split(rows)
    if published is not None:
        rebuild_csvs(archive, *published)
    if args.protocol in BY_PATIENT:
        return rows, None, inputs
    return *(published or random_fifth(rows, args.seed)), inputs


def hashes(paths: Iterable[Path]) -> dict[str, str]:
    """{name of the file: SHA-256}"""
    return {path.name: artifacts.sha256(path) for path in paths}


def rebuild_csvs(archive: Path, train: Rows, test: Rows) -> None:
    """Write the published rows as mitbih_train.csv and mitbih_test.csv where no such file is."""
    for split, rows in (("train", train), ("test", test)):
        path = heartbeat_csv.csv_path(archive, split)
        if not path.exists():
            heartbeat_csv.write_csv(path, rows)
            companion = heartbeat_csv.companion_path(path)
            print(f"wrote {path} ({len(rows.y):,} rows, equal to Kaggle's) and {companion.name}")
        elif not heartbeat_csv.is_ours(path):
            print(f"left {path} as it is: it is not of our making")


def random_fifth(rows: Rows, seed: int) -> tuple[Rows, Rows]:
    """(train, test) of records that are not MIT-BIH's: a fifth of each class is the test."""
    print(
        "these are not the 48 records of MIT-BIH: the published split does not apply, "
        "a fifth of each class is the test"
    )
    dataset.require_each_class(rows, 5, "a split into train, validation and test")
    train, test = dataset.stratified_fifth(rows.y, seed)
    return rows.take(np.sort(train)), rows.take(np.sort(test))


# ----------------------------------------------------------------------------------------- splits


def remove_invalid(train: Rows, test: Rows | None) -> tuple[Rows, Rows | None, dict[str, int]]:
    """(train, test, {which: number of rows that were removed}); test may be None."""
    if test is None:
        rows, removed = dataset.without_invalid(train, "rows")
        return rows, None, {"all": removed}
    train, from_train = dataset.without_invalid(train, "train rows")
    test, from_test = dataset.without_invalid(test, "test rows")
    return train, test, {"train": from_train, "test": from_test}


def share_out(train: Rows, test: Rows | None, protocol: str, seed: int) -> dict[str, Rows]:
    """{"train", "val", "test": rows} as the protocol wants them; test is None where it splits by
    record."""
    if protocol == "interpatient":
        splits = dataset.split_interpatient(train)
    elif protocol == "patients":
        splits = dataset.split_patients(train, seed)
    else:
        assert test is not None  # only rows that are split by record come in one
        splits = dataset.split_kaggle(train, test, seed)
    classes = np.count_nonzero(list(splits["train"].counts.values()))
    if classes < 2 or min(len(rows.y) for rows in splits.values()) == 0:
        raise InputError(
            "the training rows hold fewer than two classes, or a part is empty: give more records"
        )
    return splits


# ----------------------------------------------------------------------------------------- report


def describe(
    args: argparse.Namespace,
    source: str,
    inputs: Mapping[str, str],
    synthetic: bool,
    removed: Mapping[str, int],
    splits: Mapping[str, Rows],
    processed: Processed,
) -> dict:
    """The manifest: what the rows are, from where, split how; the numbers that standardise them."""
    return {
        "source": source,
        "synthetic": synthetic,
        "protocol": args.protocol,
        "seed": args.seed,
        "n_real": processed.n_real,
        "removed": removed,
        "counts": counts_by_step(splits, processed),
        "classes": beats.CLASSES,
        "scaler": {"mean": processed.scaler.mean_, "scale": processed.scaler.scale_},
        "records": {
            name: sorted(set(filter(None, rows.record.tolist())))
            for name, rows in processed.sources.items()
        },
        "inputs_sha256": inputs,
        "versions": artifacts.versions(),
    }


def signals_learnt(source: str, folder: Path, splits: Mapping[str, Rows]) -> dict[str, str]:
    """{the manifest's key: marks (ecg/fingerprint.py)} of the recordings behind the training and
    validation rows; nothing where it is not known which these are. folder: of the records."""
    if source == "csv":
        published = mitdb.rows_sha256(splits["test"].x) == mitdb.TEST_ROWS_SHA
        return {fingerprint.KEY: fingerprint.published()} if published else {}
    names = sorted({*splits["train"].record, *splits["val"].record})
    return {fingerprint.KEY: fingerprint.of_records(folder / f"{name}.hea" for name in names)}


def counts_by_step(splits: Mapping[str, Rows], processed: Processed) -> dict[str, dict[str, int]]:
    """{step: {class: rows}}: after the split, and after SMOTE where it has added rows."""
    counts = {name: rows.counts for name, rows in splits.items()}
    for name in ("train", "val"):
        x, y = processed.arrays[name]
        if len(y) > len(splits[name].y):
            counts[f"{name}+SMOTE"] = Rows.unknown(x, y).counts
    return counts


def print_report(manifest: Mapping) -> None:
    """Class counts, one line a class and one column a step, and what else a reader must know."""
    kind = "SYNTHETIC" if manifest["synthetic"] else "real"
    print(
        f"{kind} beats, source {manifest['source']}, protocol {manifest['protocol']}, "
        f"seed {manifest['seed']}"
    )
    if manifest["source"] == "demo":
        print(f"{demo.ABOUT}: to try things out; their figures say little")
    steps = manifest["counts"]
    print("class " + "".join(f"{name:>14}" for name in steps))
    for name in beats.CLASSES:
        print(f"{name:<6}" + "".join(f"{counts[name]:>14,}" for counts in steps.values()))
    print("all   " + "".join(f"{sum(counts.values()):>14,}" for counts in steps.values()))
    removed = ", ".join(f"{n} of {name}" for name, n in manifest["removed"].items())
    print(f"removed (all zero or not finite): {removed}")
    if manifest["protocol"] == "tutorial":
        print(
            "scaler and SMOTE came before the split: the validation rows are not unseen, "
            "their figure flatters"
        )


if __name__ == "__main__":
    cli.run(main)
