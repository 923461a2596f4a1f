"""Recordings or CSV -> rows, splits, scaler, SMOTE, in data/processed_data/.

    python data_preprocess.py                                  # Kaggle's CSVs, else records, else download from PhysioNet
    python data_preprocess.py --records ~/mitdb                # WFDB records; rebuilds mitbih_train.csv and mitbih_test.csv
    python data_preprocess.py --protocol interpatient          # train and test on different people
    python data_preprocess.py --protocol patients --records MY # the same for your own annotated records
    python data_preprocess.py --source demo --data demo/data   # synthetic data, to try the stages without any download

The split comes first; scaler and SMOTE see training rows only (but for `--protocol tutorial`, which shows what the
other order pretends). X_train.npy holds the real rows first, then SMOTE's; manifest.json says how many (n_real).
"""
import argparse
import csv
import hashlib
import io
import json
import os
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from scipy import ndimage
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from ecg import artifacts, beats, records
from ecg.artifacts import InputError

URL = "https://physionet.org/files/mitdb/1.0.0/"
TEST_INDEX = artifacts.HOME / "ecg" / "kaggle_test_index.csv.gz"  # which beat of MIT-BIH is which row of mitbih_test.csv
# SHA-256 of the float32 rows in the CSVs' order: what tells the published rows from any others
TEST_ROWS_SHA = "6f64721ee4fffe369be7e0cd8136ed1a0b9cf7871df1455001ddbfa824b8b6fd"
ALL_ROWS_SHA = "91a473f8aa67f8ca0908eb69e72d53afae1e5d21a0c7f32e70015962f2552d97"

# de Chazal, O'Dwyer and Reilly 2004; the paced records 102, 104, 107 and 217 are in neither
DS1 = "101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230".split()
DS2 = "100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 233 234".split()
# a quarter of DS1's S and V beats; not 208, which holds nearly all of F, nor 203, the hardest for V
DS1_VALIDATION = "114 118 119 124 205 223".split()


class Rows(NamedTuple):
    """Beats as rows: x float32 (n, 187) in 0..1, y int64 (n,); and what a row does not hold, where it is known: record (n,) str
    (else ''), sample int64 (n,) of the R peak in its record (else -1), symbol (n,) str of its annotation (else ''), early
    float (n,): ln(RR interval before the beat / median of the 31 intervals around), else NaN."""
    x: np.ndarray
    y: np.ndarray
    record: np.ndarray
    sample: np.ndarray
    symbol: np.ndarray
    early: np.ndarray

    @classmethod
    def unknown(cls, x, y):
        """Rows of which nothing else is known."""
        n = len(y)
        return cls(x, y, np.full(n, "", dtype="U8"), np.full(n, -1), np.full(n, "", dtype="U1"), np.full(n, np.nan))

    def take(self, which):
        return Rows(*(column[which] for column in self))

    @property
    def counts(self):
        return {name: int(n) for name, n in zip(beats.CLASS_NAMES, np.bincount(self.y, minlength=5))}


ABOUT = Rows._fields[2:]     # the columns of the companion file


# --------------------------------------------------------------------------------------------------- sources

def cut_records(folder, annotator="atr"):
    """Rows of every annotated WFDB record in `folder`, in (record, sample) order; channel 0.

    All annotations are boundaries, non-beats too: with them the rows of MIT-BIH equal the published CSVs to the bit."""
    names = sorted(path.stem for path in Path(folder).glob(f"*.{annotator}") if path.with_suffix(".hea").exists())
    if not names:
        raise InputError(f"{folder} holds no WFDB record with an annotation (.hea, .dat and .{annotator}): "
                         "give the folder with --records")
    parts = []
    for name in tqdm(names, desc="cutting beats", unit="record", disable=None):
        recording = records.read_recording(Path(folder) / f"{name}.hea", lead=0)
        samples, symbols, _ = records.read_annotation(Path(folder) / name, annotator)
        ratio = beats.SOURCE_FS / recording.fs
        at = samples if ratio == 1 else np.rint(samples * ratio).astype(np.int64)
        y = beats.classes_of(symbols)
        x, index = beats.cut_rows(beats.at_source_rate(recording.signal, recording.fs), at, y >= 0)
        early = np.zeros(len(y))
        early[y >= 0] = prematurity(samples[y >= 0])
        parts.append(Rows(x, y[index], np.full(len(index), name, dtype=f"U{max(map(len, names))}"), samples[index],
                          np.array(symbols)[index], early[index]))
    return Rows(*(np.concatenate(columns) for columns in zip(*parts)))


def prematurity(samples):
    """ln(RR interval before a beat / median of the 31 intervals around it), (n,), of the beats at `samples`, within -2..2; 0 for the first."""
    if len(samples) < 2:
        return np.zeros(len(samples))
    rr = np.maximum(np.diff(samples, prepend=2 * samples[0] - samples[1]), 1)
    early = np.log(rr / ndimage.percentile_filter(rr, 50, size=31, mode="nearest"))
    early[0] = 0
    return np.round(np.clip(early, -2, 2), 4)


def kaggle_split(rows):
    """(train, test) of all MIT-BIH rows, as the published CSVs have them: test in their order, train in (class, record,
    sample) order, because the order of their train rows is not known. None when the rows are not those of MIT-BIH."""
    if _sha(rows.x) != ALL_ROWS_SHA:
        return None
    index = pd.read_csv(TEST_INDEX, dtype={"record": str})
    place = {key: i for i, key in enumerate(zip(rows.record.tolist(), rows.sample.tolist()))}
    test = np.array([place[key] for key in zip(index.record, index["sample"].tolist())])
    rest = np.setdiff1d(np.arange(len(rows.y)), test)
    train = rest[np.lexsort((rows.sample[rest], rows.record[rest], rows.y[rest]))]
    return rows.take(train), rows.take(test)


def read_csv(path):
    """(x float32 (n, 187), y int64 (n,)) of one heartbeat CSV: 187 numbers and the class 0..4 a line, no header."""
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} is missing: put Kaggle's mitbih_train.csv and mitbih_test.csv there, or use --source records "
                         "or --source download")
    width = beats.WIDTH + 1
    with open(path, encoding="utf-8", errors="replace") as file:
        first = file.readline().strip()
    if not first:
        raise InputError(f"{path} is empty: download it again")
    if first.count(",") + 1 != width:
        raise InputError(f"{path} has {first.count(',') + 1} columns, not {width} (187 samples and the class): "
                         "is it a heartbeat CSV?")
    try:
        table = pd.read_csv(path, header=None, dtype=np.float64).to_numpy()
    except (ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise InputError(f"{path}: {_bad_line(path, width) or error}") from None
    if table.shape[1] != width:
        raise InputError(f"{path} has {table.shape[1]} columns, not {width} (187 samples and the class)")
    labels = table[:, -1]
    bad = ~np.isin(labels, range(5))
    if bad.any():
        raise InputError(f"{path}, line {bad.argmax() + 1}: label {labels[bad.argmax()]:g} is not one of 0, 1, 2, 3, 4")
    return table[:, :-1].astype(np.float32), labels.astype(np.int64)


def _bad_line(path, width):
    """What is wrong with the first line that is not `width` numbers: looked for only when reading has failed."""
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        for number, cells in enumerate(csv.reader(file), 1):
            if len(cells) != width:
                return f"line {number} has {len(cells)} columns, not {width}"
            for column, cell in enumerate(cells, 1):
                try:
                    float(cell)
                except ValueError:
                    return f"line {number}, column {column}: {cell[:20]!r} is not a number"
    return None


def write_csv(path, rows):
    """One heartbeat CSV and its companion (record, sample, symbol and prematurity of each row), with as few digits as float32 needs to
    come back.

    Turning numbers into text is nearly all of the time, and most of the 16 million values repeat: each is turned once."""
    levels, which = np.unique(rows.x, return_inverse=True)
    words = np.array([str(level) for level in levels], dtype=object)[which.reshape(rows.x.shape)]
    labels = [f"{label}.0\n" for label in range(5)]
    with artifacts.writing(path) as temporary, open(temporary, "w", encoding="ascii") as file:
        for row, label in zip(words, rows.y):
            file.write(",".join(row))
            file.write("," + labels[label])
    pd.DataFrame({name: getattr(rows, name) for name in ABOUT}).to_csv(buffer := io.StringIO(), index=False)
    artifacts.save_text(_companion(path), buffer.getvalue())


def _companion(path):
    return path.with_name(path.stem + "_source.csv")


def is_ours(path):
    """Whether a heartbeat CSV was written by write_csv. Kaggle's own has 18 digits and an exponent in every cell."""
    with open(path, encoding="ascii", errors="replace") as file:
        return _companion(path).exists() and "e+00" not in file.readline()


def from_csvs(archive):
    """(train, test) from data/archive; the patient of a row where it is known: in files of our own making, and in Kaggle's
    test rows, whose order is known."""
    found = []
    for split in ("train", "test"):
        path = Path(archive) / f"mitbih_{split}.csv"
        x, y = read_csv(path)
        rows = Rows.unknown(x, y)
        if is_ours(path):
            source = pd.read_csv(_companion(path), dtype={"record": str}, keep_default_na=False)
            if len(source) != len(y):
                raise InputError(f"{_companion(path)} has {len(source)} rows, {path.name} {len(y)}: make both again with "
                                 "python data_preprocess.py --source records")
            if missing := sorted(set(ABOUT) - set(source)):
                raise InputError(f"{_companion(path)} has no column {missing[0]}: it is of an older version, make both again with "
                                 "python data_preprocess.py --source records")
            rows = Rows(x, y, *(source[name].to_numpy(dtype=getattr(rows, name).dtype) for name in ABOUT))
        elif split == "test" and _sha(x) == TEST_ROWS_SHA:
            source = pd.read_csv(TEST_INDEX, dtype={"record": str})
            rows = rows._replace(record=source.record.to_numpy(dtype="U8"), sample=source["sample"].to_numpy())
        found.append(rows)
    return found


def download(folder, url=URL):
    """The MIT-BIH Arrhythmia Database from PhysioNet (or a mirror), every file checked against the server's SHA-256 list.

    A file that is there and right is not fetched again; a part of a file is continued."""
    import requests
    folder = Path(folder)
    session = requests.Session()

    def get(name, **kwargs):
        try:
            answer = session.get(url.rstrip("/") + "/" + name, timeout=60, **kwargs)
            if answer.status_code != 416:                      # 416: the part is the whole file already
                answer.raise_for_status()
            return answer
        except requests.RequestException as error:
            reason = getattr(error.response, "reason", None) or type(error).__name__
            raise InputError(f"{url}: {name} cannot be downloaded ({reason}): try again (it continues where it stopped), "
                             "or fetch the records yourself and give --records DIR") from None

    sums = dict(reversed(line.split()) for line in get("SHA256SUMS.txt").text.splitlines() if line.strip())
    names = [f"{record}.{suffix}" for record in get("RECORDS").text.split() for suffix in ("hea", "dat", "atr")]
    folder.mkdir(parents=True, exist_ok=True)
    with tqdm(names, desc="downloading", unit="file", disable=None) as bar:
        for name in bar:
            target, part = folder / name, folder / (name + ".part")
            if target.exists() and artifacts.sha256(target) == sums.get(name):
                continue
            have = part.stat().st_size if part.exists() else 0
            answer = get(name, stream=True, headers={"Range": f"bytes={have}-"} if have else {})
            if answer.status_code != 416:
                with open(part, "ab" if answer.status_code == 206 else "wb") as file:
                    try:
                        for chunk in answer.iter_content(1 << 16):
                            file.write(chunk)
                    except requests.RequestException:
                        raise InputError(f"{url}: the connection broke at {name}: run the command again, it continues") from None
            if artifacts.sha256(part) != sums.get(name):
                part.unlink()
                raise InputError(f"{url}: {name} does not have the SHA-256 that SHA256SUMS.txt lists: run the command again")
            os.replace(part, target)
    return folder


# --------------------------------------------------------------------------------------------------- rows -> splits

def without_bad(rows, name):
    """Rows without those that are all zero or not finite, and how many these were; refused when they are over 1 %."""
    bad = ~np.isfinite(rows.x).all(axis=1) | ~rows.x.any(axis=1)
    if bad.mean() > 0.01:
        raise InputError(f"{name}: {bad.sum()} of {len(bad)} rows are all zero or not finite (over 1 %): the file is damaged")
    return rows.take(~bad), int(bad.sum())


def split_kaggle(train, test, seed):
    """80/20 of the train rows, stratified by class; the test rows stay what they are."""
    _check_counts(train, 2, "a stratified 80/20 split")
    fit, val = train_test_split(np.arange(len(train.y)), test_size=0.2, stratify=train.y, random_state=seed)
    return {"train": train.take(fit), "val": train.take(val), "test": test}


def split_interpatient(rows):
    """DS1 without six records / these six / DS2."""
    missing = sorted(set(DS1 + DS2) - set(rows.record))
    if missing:
        raise InputError(f"--protocol interpatient needs the MIT-BIH records by name; missing: {' '.join(missing[:8])}"
                         f"{' ...' if len(missing) > 8 else ''}")
    fit = sorted(set(DS1) - set(DS1_VALIDATION))
    return {name: rows.take(np.isin(rows.record, which)) for name, which in
            (("train", fit), ("val", DS1_VALIDATION), ("test", DS2))}


def split_patients(rows, seed):
    """60/20/20 of the records, at least one in each part; of 200 seeded draws the one whose classes are shared out best."""
    names, at = np.unique(rows.record, return_inverse=True)
    if len(names) < 3:
        raise InputError(f"--protocol patients needs 3 records or more, one each to train, validate and test; found {len(names)}")
    counts = np.zeros((len(names), 5))
    np.add.at(counts, (at, rows.y), 1)
    share = counts / np.maximum(counts.sum(axis=0), 1)
    part = max(1, round(len(names) / 5))
    rng = np.random.default_rng(seed)
    draws = [rng.permutation(len(names)) for _ in range(200)]

    def unfair(draw):
        return sum(np.abs(share[which].sum(axis=0) - len(which) / len(names))[counts.sum(axis=0) > 0].sum()
                   for which in (draw[:part], draw[part:2 * part]))

    best = min(draws, key=unfair)
    return {name: rows.take(np.isin(at, which)) for name, which in
            (("train", best[2 * part:]), ("val", best[part:2 * part]), ("test", best[:part]))}


def _check_counts(rows, least, what):
    for name, count in rows.counts.items():
        if 0 < count < least:
            raise InputError(f"class {name} has {count} row: {what} needs {least} of a class")


def oversample(x, y, seed):
    """SMOTE up to the largest class. Returns (x, y, smote) with the given rows first and the synthetic ones after them.

    k is 5 neighbours, or n - 1 in a class of n <= 5 rows; a class of one row is left alone (Chawla et al. 2002)."""
    counts = np.bincount(y, minlength=5)
    synthetic, smote = [], None
    for k in (1, 2, 3, 4, 5):
        wanted = {c: int(counts.max()) for c in range(5)
                  if 2 <= counts[c] < counts.max() and min(5, counts[c] - 1) == k}
        if wanted:
            smote = SMOTE(sampling_strategy=wanted, k_neighbors=k, random_state=seed)
            more_x, more_y = smote.fit_resample(x, y)
            synthetic.append((more_x[len(x):], more_y[len(x):]))
    xs, ys = zip((x, y), *synthetic)
    return np.concatenate(xs).astype(np.float32), np.concatenate(ys), smote


def scale_and_balance(splits, protocol, seed):
    """Standardise and oversample. Returns ({split: (x, y)}, n_real, mean, scale, scaler, smote, {split: Rows of real rows})."""
    scaler = StandardScaler()
    if protocol == "tutorial":                                  # the leak, on purpose: fitted on what is validated on
        both = Rows(*(np.concatenate(pair) for pair in zip(splits["train"], splits["val"])))
        scaler.fit(both.x)
        x, y, smote = oversample(beats.standardise(both.x, scaler.mean_, scaler.scale_), both.y, seed)
        fit, val = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=seed)
        fit = np.concatenate([fit[fit < len(both.y)], fit[fit >= len(both.y)]])      # real rows first
        arrays = {"train": (x[fit], y[fit]), "val": (x[val], y[val])}
        n_real = int((fit < len(both.y)).sum())
        known = Rows(*map(np.concatenate, zip(both, Rows.unknown(both.x[:1], both.y[:1]))))     # the last stands for SMOTE's rows
        sources = {"train": both.take(fit[:n_real]), "val": known.take(np.minimum(val, len(both.y)))}
    else:
        scaler.fit(splits["train"].x)
        x, y, smote = oversample(beats.standardise(splits["train"].x, scaler.mean_, scaler.scale_), splits["train"].y, seed)
        arrays = {"train": (x, y), "val": (beats.standardise(splits["val"].x, scaler.mean_, scaler.scale_), splits["val"].y)}
        n_real = len(splits["train"].y)
        sources = {"train": splits["train"], "val": splits["val"]}
    arrays["test"] = (beats.standardise(splits["test"].x, scaler.mean_, scaler.scale_), splits["test"].y)
    sources["test"] = splits["test"]
    return arrays, n_real, scaler, smote, sources


# --------------------------------------------------------------------------------------------------- writing

def save(data, arrays, scaler, smote, manifest, sources):
    """The contents of data/processed_data. The manifest goes first out and last in: while it is missing, no stage takes the rest."""
    folder = artifacts.processed(data)
    (folder / "manifest.json").unlink(missing_ok=True)
    outputs = {}
    for split, (x, y) in arrays.items():
        artifacts.save_npy(folder / f"X_{split}.npy", np.ascontiguousarray(x[:, :, None], dtype=np.float32))
        artifacts.save_npy(folder / f"y_{split}.npy", y.astype(np.int64))
        outputs |= {f"{letter}_{split}.npy": artifacts.sha256(folder / f"{letter}_{split}.npy") for letter in "Xy"}
    for name, fitted in (("scaler", scaler), ("smote", smote)):
        with artifacts.writing(folder / f"{name}.pkl") as temporary:
            joblib.dump(fitted, temporary)
    rows = {split: {"record": [r or None for r in source.record.tolist()],
                    "sample": [None if s < 0 else s for s in source.sample.tolist()],
                    "symbol": [s or None for s in source.symbol.tolist()],
                    "early": [None if e != e else e for e in source.early.tolist()]} for split, source in sources.items()}
    head = json.dumps(artifacts.plain({**manifest, "outputs_sha256": outputs}), indent=1, ensure_ascii=False)
    artifacts.save_text(folder / "manifest.json", f'{head[:-2]},\n "rows": {json.dumps(rows)}\n}}\n')   # a line, not 200,000


def table(title, columns):
    """Class counts as text: one line a class, one column a step."""
    lines = [title, "class " + "".join(f"{name:>14}" for name in columns)]
    lines += [f"{c:<6}" + "".join(f"{counts[c]:>14,}" for counts in columns.values()) for c in beats.CLASS_NAMES]
    return "\n".join([*lines, "all   " + "".join(f"{sum(counts.values()):>14,}" for counts in columns.values())])


def _sha(x):
    return hashlib.sha256(np.ascontiguousarray(x, dtype=np.float32)).hexdigest()


# --------------------------------------------------------------------------------------------------- the stage

def choose_source(source, protocol, data, given):
    """What --source auto means here, and the folder of the records."""
    folder = Path(given) if given else Path(data) / "mitdb"
    archive = Path(data) / "archive"
    csvs = (archive / "mitbih_train.csv").exists() or (archive / "mitbih_test.csv").exists()
    by_patient = protocol in ("interpatient", "patients")
    if source == "auto":
        if given or (by_patient and any(folder.glob("*.hea"))):
            source = "records"
        elif csvs:
            source = "csv"
        else:
            source = "records" if any(folder.glob("*.hea")) else "download"
    if by_patient and source == "csv":
        raise InputError(f"--protocol {protocol} needs to know whose beat each row is, and the CSVs in {archive} do not tell: "
                         "give --records DIR or --source download")
    if protocol == "patients" and source == "download":
        raise InputError("--protocol patients splits your own annotated WFDB records: give their folder with --records DIR")
    if source == "records" and not folder.is_dir():
        raise InputError(f"{folder} is missing: give the folder of the WFDB records with --records DIR, or use --source download")
    return source, folder


def gather(source, protocol, folder, data, url, annotator, seed):
    """(train Rows, test Rows or None, inputs {file: SHA-256}): train alone where the protocol splits by record."""
    archive = Path(data) / "archive"
    if source == "csv":
        train, test = from_csvs(archive)
        return train, test, {path.name: artifacts.sha256(path) for path in sorted(archive.glob("mitbih_t*.csv"))}
    if source == "download":
        folder = download(folder, url)
    if source == "demo":
        from Noisy_ECG_Signal import demo_records
        folder = Path(data) / "demo_records"
        demo_records(folder, seed=seed)
    rows = cut_records(folder, annotator)
    inputs = {path.name: artifacts.sha256(path) for path in sorted(folder.iterdir())
              if path.stem in set(rows.record) and path.suffix in (".dat", ".hea", f".{annotator}")}
    pair = kaggle_split(rows)
    if pair is not None and source != "demo":
        for split, part in zip(("train", "test"), pair):
            path = archive / f"mitbih_{split}.csv"
            if not path.exists():
                write_csv(path, part)
                print(f"wrote {path} ({len(part.y):,} rows, equal to Kaggle's) and {_companion(path).name}")
            elif not is_ours(path):
                print(f"left {path} as it is: it is not of our making")
    if protocol in ("interpatient", "patients"):
        return rows, None, inputs
    if pair is None:
        print("these are not the 48 records of MIT-BIH: the published split does not apply, a fifth of each class is the test")
        _check_counts(rows, 5, "a split into train, validation and test")
        fit, held = train_test_split(np.arange(len(rows.y)), test_size=0.2, stratify=rows.y, random_state=seed)
        pair = rows.take(np.sort(fit)), rows.take(np.sort(held))
    return *pair, inputs


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=artifacts.HelpFormatter)
    parser.add_argument("--source", choices=("auto", "csv", "records", "download", "demo"), default="auto",
                        help="where rows come from; auto: --records, CSVs in DATA/archive, records in DATA/mitdb, download")
    parser.add_argument("--records", metavar="DIR", help="folder of annotated WFDB records (default: DATA/mitdb)")
    parser.add_argument("--protocol", choices=("kaggle", "interpatient", "patients", "tutorial"), default="kaggle",
                        help="how rows are shared out; see the README")
    parser.add_argument("--reference", default="atr", metavar="EXT", help="annotator of the records' labels")
    parser.add_argument("--url", default=URL, help="where --source download finds the database")
    parser.add_argument("--seed", type=int, default=42, help="of the split and of SMOTE")
    parser.add_argument("--data", default="data", metavar="DIR", help="folder of the data")
    args = parser.parse_args(argv)

    source, folder = choose_source(args.source, args.protocol, args.data, args.records)
    train, test, inputs = gather(source, args.protocol, folder, args.data, args.url, args.reference, args.seed)
    removed = {}
    train, removed["train" if test is not None else "all"] = without_bad(train, "train rows" if test is not None else "rows")
    if test is not None:
        test, removed["test"] = without_bad(test, "test rows")
    if args.protocol == "interpatient":
        splits = split_interpatient(train)
    elif args.protocol == "patients":
        splits = split_patients(train, args.seed)
    else:
        splits = split_kaggle(train, test, args.seed)
    if min(len(part.y) for part in splits.values()) == 0 or np.count_nonzero(list(splits["train"].counts.values())) < 2:
        raise InputError("the training rows hold fewer than two classes, or a part is empty: give more records")

    arrays, n_real, scaler, smote, sources = scale_and_balance(splits, args.protocol, args.seed)
    counts = {name: part.counts for name, part in splits.items()}
    counts |= {f"{name}+SMOTE": Rows.unknown(*arrays[name]).counts for name in ("train", "val")
               if len(arrays[name][1]) > len(splits[name].y)}
    synthetic = source == "demo"
    manifest = {"source": source, "synthetic": synthetic, "protocol": args.protocol, "seed": args.seed, "n_real": n_real,
                "removed": removed, "counts": counts, "classes": beats.CLASS_NAMES,
                "scaler": {"mean": scaler.mean_, "scale": scaler.scale_},
                "records": {name: sorted(set(filter(None, part.record.tolist()))) for name, part in sources.items()},
                "inputs_sha256": inputs, "versions": artifacts.versions()}
    save(args.data, arrays, scaler, smote, manifest, sources)

    print(table(f"{'SYNTHETIC' if synthetic else 'real'} beats, source {source}, protocol {args.protocol}, seed {args.seed}", counts))
    print("removed (all zero or not finite): " + ", ".join(f"{n} of {name}" for name, n in removed.items()))
    if args.protocol == "tutorial":
        print("scaler and SMOTE came before the split: the validation rows are not unseen, their figure flatters")
    print(f"wrote {artifacts.processed(args.data)}/")


if __name__ == "__main__":
    artifacts.run(main)
