"""The MIT-BIH Arrhythmia Database as a source: DS1 and DS2, paced records, the published heartbeat
rows, the download."""

import hashlib
import os
from pathlib import Path
from typing import Protocol, Self, TypeVar

import numpy as np
import pandas as pd
from tqdm import tqdm

from ecg import artifacts, overwriting
from ecg.artifacts import InputError

URL = "https://physionet.org/files/mitdb/1.0.0/"
# de Chazal, O'Dwyer and Reilly 2004; the paced records are in neither
DS1 = (
    "101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230"
).split()
DS2 = (
    "100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 233 234"
).split()
# a quarter of DS1's S and V beats; not 208, which holds nearly all of F, nor 203, the hardest for V
DS1_VALIDATION = "114 118 119 124 205 223".split()
PACED = ("102", "104", "107", "217")  # records with paced beats, left out in most reports
# which beat of MIT-BIH is which row of mitbih_test.csv
TEST_INDEX = artifacts.HOME / "ecg" / "kaggle_test_index.csv.gz"
# SHA-256 of the float32 rows in the CSVs' order: what tells the published rows from any others
TEST_ROWS_SHA = "6f64721ee4fffe369be7e0cd8136ed1a0b9cf7871df1455001ddbfa824b8b6fd"
ALL_ROWS_SHA = "91a473f8aa67f8ca0908eb69e72d53afae1e5d21a0c7f32e70015962f2552d97"


def record_names(only: list[str], names: list[str], folder: str | Path) -> list[str]:
    """The records of --only, DS1 and DS2 spelt out, each once.

    Raises InputError for one that is not among `names`, the annotated records in `folder`."""
    wanted = [name for group in only for name in {"DS1": DS1, "DS2": DS2}.get(group, [group])]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise InputError(f"--only: {folder} has no annotated record {', '.join(missing)}")
    return list(dict.fromkeys(wanted))


# ----------------------------------------------------------------------------------------- Kaggle


def rows_sha256(x: np.ndarray) -> str:
    """SHA-256, hex, of rows (n, 187) as float32 in their order."""
    return hashlib.sha256(np.ascontiguousarray(x, dtype=np.float32).data).hexdigest()


def load_test_index() -> pd.DataFrame:
    """Columns record and sample of the beats that are the rows of mitbih_test.csv, in its order."""
    return pd.read_csv(TEST_INDEX, dtype={"record": str})


class _Rows(Protocol):
    """ecg.dataset.Rows, as far as a split looks at them."""

    @property
    def x(self) -> np.ndarray: ...
    @property
    def y(self) -> np.ndarray: ...
    @property
    def record(self) -> np.ndarray: ...
    @property
    def sample(self) -> np.ndarray: ...
    def take(self, which: np.ndarray, /) -> Self: ...


_AnyRows = TypeVar("_AnyRows", bound=_Rows)


def kaggle_split(rows: _AnyRows) -> tuple[_AnyRows, _AnyRows] | None:
    """(train, test) of all MIT-BIH rows (dataset.Rows), as the published CSVs have them: test in
    their order, train in (class, record, sample) order, because the order of their train rows is
    not known. None when the rows are not those of MIT-BIH."""
    if rows_sha256(rows.x) != ALL_ROWS_SHA:
        return None
    index = load_test_index()
    row_of = {beat: i for i, beat in enumerate(zip(rows.record.tolist(), rows.sample.tolist()))}
    test = np.array([row_of[beat] for beat in zip(index["record"], index["sample"].tolist())])
    rest = np.setdiff1d(np.arange(len(rows.y)), test)
    train = rest[np.lexsort((rows.sample[rest], rows.record[rest], rows.y[rest]))]
    return rows.take(train), rows.take(test)


# ----------------------------------------------------------------------------------------- download


def download(folder: str | Path, url: str = URL) -> Path:
    """The records of PhysioNet (or a mirror) into `folder`, every file checked against the server's
    SHA-256 list. Returns the folder.

    A file that is there and right is not fetched again; a part of a file is continued. Raises
    InputError where the server cannot be reached or a file is not the one that is listed."""
    import requests

    folder = Path(folder)
    session = requests.Session()
    sums = _request(session, url, "SHA256SUMS.txt").text
    sums = dict(reversed(line.split()) for line in sums.splitlines() if line.strip())
    names = [
        f"{record}.{suffix}"
        for record in _request(session, url, "RECORDS").text.split()
        for suffix in ("hea", "dat", "atr")
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with tqdm(names, desc="downloading", unit="file", disable=None) as bar:
        for name in bar:
            if not (folder / name).exists() or artifacts.sha256(folder / name) != sums.get(name):
                overwriting.check(folder / name)  # a user's own record of the same name stays
                _fetch(session, url, name, folder, sums.get(name))
    return folder


def _request(session, url, name, **options):
    """The server's answer to a request for file `name`."""
    import requests

    try:
        answer = session.get(url.rstrip("/") + "/" + name, timeout=60, **options)
        if answer.status_code != 416:  # 416: the part is the whole file already
            answer.raise_for_status()
        return answer
    except requests.RequestException as error:
        reason = getattr(error.response, "reason", None) or type(error).__name__
        raise InputError(
            f"{url}: {name} cannot be downloaded ({reason}): try again (it continues where it "
            "stopped), or fetch the records yourself and give --records DIR"
        ) from None


def _fetch(session, url, name, folder, sha):
    """File `name` into `folder`: first as NAME.part, continued where it is there, then renamed."""
    import requests

    part = folder / (name + ".part")
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    answer = _request(session, url, name, stream=True, headers=headers)
    if answer.status_code != 416:
        with open(part, "ab" if answer.status_code == 206 else "wb") as file:
            try:
                for chunk in answer.iter_content(1 << 16):
                    file.write(chunk)
            except requests.RequestException:
                raise InputError(
                    f"{url}: the connection broke at {name}: run the command again, it continues"
                ) from None
    if artifacts.sha256(part) != sha:
        part.unlink()
        raise InputError(
            f"{url}: {name} does not have the SHA-256 that SHA256SUMS.txt lists: "
            "run the command again"
        )
    os.replace(part, folder / name)
