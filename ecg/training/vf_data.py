"""What the network of ventricular fibrillation learns from: recordings in which it is known where a
ventricle fibrillates or flutters, in numbers.

A folder with an episodes.csv (record,start_s,end_s,class) takes its truth from it: VF is the one,
VT and what is not named are the other, UNSURE and NOISE count neither way. One with a REFERENCE.csv
of the PhysioNet/CinC Challenge 2017 holds hand-held recordings, none of VF; class ~ is noise.
Others are annotated WFDB records: `[` to `]` and (VFL are VF. Of the MIT-BIH records DS1 alone is
learnt from.

Each is described as it is, and again with muscle noise; those with VF also played slower and
faster. What no database has enough of is made (made_negatives).
"""

import csv
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from ecg import artifacts, fingerprint, formats
from ecg.artifacts import InputError
from ecg.ec57.episodes import fibrillation_episodes, rhythm_episodes
from ecg.formats.annotation import annotated_records, read_annotation
from ecg.mitdb import DS1, DS2, PACED
from ecg.noise import add_noise
from ecg.one_class import REFERENCE, recordings_by_class
from ecg.rhythm.fibrillation_numbers import RATE, WINDOW, describe_lead
from ecg.stretches import within
from ecg.training.vf_made import made_negatives

EPISODES = "episodes.csv"
CLASSES = ("VF", "VT", "NOISE", "UNSURE")  # of episodes.csv
UNCOUNTED = ("NOISE", "UNSURE")
# groups of windows, by which they weigh; those with VF are of WATCHED patients, or ANNOTATED ones
WATCHED, ANNOTATED, NOISY, HAND_HELD, MADE = "watched", "annotated", "noisy", "hand-held", "made"
SPEEDS = (0.87, 1.15)  # VF that is played slower, faster
NOISE_RECORD = "ma"  # muscle noise, of the MIT-BIH noise stress test
NOISES_DB = {True: (6.0, 12.0), False: (0.0, 6.0)}  # by whether the record holds VF
THINNED = {ANNOTATED: 2, NOISY: 4, HAND_HELD: 3}  # every second window without VF is learnt from
GONE = 0.5  # share of a window that is missing or still: nothing can be read


class Truth(NamedTuple):
    """Stretches in samples, int64 (k, 2): vf, fibrillation or flutter; uncounted, what counts
    neither way."""

    vf: np.ndarray
    uncounted: np.ndarray


class VfData(NamedTuple):
    """Windows, end to end. names: (r,) FOLDER/RECORD. record: int (w,) of each window. group: (w,)
    as above. rows: float32 (w, INPUTS). vf: float32 (w,) share of the window that is VF. noise:
    bool (w,), whether it is known that nothing can be read. marks: (m,) str, those of
    ecg.fingerprint, of all recordings but the made ones."""

    names: np.ndarray
    record: np.ndarray
    group: np.ndarray
    rows: np.ndarray
    vf: np.ndarray
    noise: np.ndarray
    marks: np.ndarray


def records_of(folder: str | Path) -> list[str]:
    """Names of the recordings of a folder: of an episodes.csv all that have a header, else the
    annotated ones and measured noise (bw, em, ma), which has no annotation. Raises InputError where
    there is none."""
    folder = Path(folder)
    if (folder / EPISODES).exists():
        names = sorted(path.stem for path in folder.glob("*.hea"))
        if not names:
            raise InputError(f"{folder} holds {EPISODES} and no recording")
        return names
    noise = [name for name in ("bw", "em", "ma") if (folder / f"{name}.hea").exists()]
    return [*annotated_records(folder, "atr"), *noise]


def truth_of(folder: str | Path, name: str, fs: float, n: int) -> Truth:
    """Where a ventricle fibrillates in a recording of n samples at fs Hz. Raises InputError for an
    episodes.csv that is none."""
    folder = Path(folder)
    if (folder / EPISODES).exists():
        rows = [row for row in episodes(folder / EPISODES) if row[0] == name]
        stretches = [
            within([(round(a * fs), round(b * fs)) for _, a, b, kind in rows if kind in kinds], n)
            for kinds in (("VF",), UNCOUNTED)
        ]
        return Truth(*stretches)
    none = np.zeros((0, 2), np.int64)
    if not (folder / f"{name}.atr").exists():
        return Truth(none, none)
    return Truth(_annotated_vf(folder / name, fs, n), none)


def episodes(path: Path) -> list[tuple[str, float, float, str]]:
    """(record, start s, end s, class) of each line of an episodes.csv. Raises InputError for a line
    that is none."""
    found = []
    with path.open(newline="", encoding="utf-8") as lines:
        for row in list(csv.reader(lines))[1:]:
            try:
                record, start, end, kind = row[0], float(row[1]), float(row[2]), row[3]
            except (ValueError, IndexError):
                record, start, end, kind = "", 0.0, 0.0, ""
            if kind not in CLASSES or not 0 <= start < end:
                raise InputError(f"{path}: {','.join(row)!r} is no line record,start_s,end_s,class")
            found.append((record, start, end, kind))
    return found


def _annotated_vf(path, fs, n):
    """From each `[` to the `]` after it, and from each (VFL to the next note of a rhythm."""
    annotation = read_annotation(path, "atr", fs)
    bracketed = fibrillation_episodes(annotation.samples, annotation.symbols, n)
    return within([*bracketed, *rhythm_episodes(annotation, ("VFL",), n)], n)


def share_of_windows(spans: np.ndarray, starts: np.ndarray, fs: float) -> np.ndarray:
    """(w,) share, 0..1, of the windows beginning at `starts` (w,), samples at RATE, that the spans
    (k, 2) in samples at fs Hz cover."""
    inside = np.zeros(starts[-1] + WINDOW + 1)
    for a, b in np.rint(spans * (RATE / fs)).astype(np.int64):
        inside[a + 1 : b + 1] = 1
    summed = np.cumsum(inside)
    return ((summed[starts + WINDOW] - summed[starts]) / WINDOW).astype(np.float32)


# ---- describing


def load_vf_data(folders: Sequence[str | Path], noise: str | Path, seed: int = 0) -> VfData:
    """The recordings of the folders, and what is made. noise: folder of the measured muscle noise.
    Raises InputError for a folder that holds no recordings of a known truth."""
    measured = formats.read_recording(Path(noise) / f"{NOISE_RECORD}.hea", 0, second="none")
    items = [item for folder in folders for item in _recordings(artifacts.locate(folder))]
    names: list[str] = []
    marks = fingerprint.marks(measured)
    parts: list[tuple] = []
    for name, found, pieces in tqdm(
        _all_pieces(items, measured, seed), "describing", unit="recording", disable=None
    ):
        parts += [(np.full(len(piece[1]), len(names)), *piece) for piece in pieces]
        names.append(name)
        marks += found
    columns = [np.concatenate(column) for column in zip(*parts)]
    return VfData(*[np.array(names), *columns, np.array(marks, "U12")])


def _all_pieces(items, measured, seed):
    """(name, marks, pieces) of each recording; a piece: (group, rows, vf, noise), (w,) each."""
    for folder, name, group in items:
        describe = _hand_held if group in ("N", "A", "O", "~") else _annotated
        recording = formats.read_recording(folder / f"{name}.hea", 0, second="auto")
        pieces = list(describe(recording, folder / name, group, measured))
        yield f"{folder.name}/{name}", fingerprint.marks(recording), pieces
    for made in made_negatives(np.random.default_rng([seed, 1])):
        piece = _piece(made.signal, made.fs, MADE, noise=made.is_noise)
        yield f"{MADE}/{made.name}", [], [piece]


def _recordings(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """(folder, record, group or class) of each recording that is learnt from."""
    if (folder / REFERENCE).exists():
        for name, kind in recordings_by_class(folder).items():
            yield folder, name, kind
        return
    group = WATCHED if (folder / EPISODES).exists() else ANNOTATED
    names = records_of(folder)
    is_mitdb = set(DS1) <= set(names)
    for name in names:
        if not (is_mitdb and name in (*DS2, *PACED)):
            yield folder, name, group


def _hand_held(recording, path, kind, measured):
    yield _piece(recording.signal, recording.fs, HAND_HELD, noise=kind == "~")


def _annotated(recording, path, group, measured):
    """As it is, with muscle noise, and slower and faster where it holds VF."""
    fs, rng = recording.fs, np.random.default_rng(zlib.crc32(path.name.encode()))
    leads = [recording.signal] + ([] if recording.second is None else [recording.second])
    truth = truth_of(path.parent, path.name, fs, len(recording.signal))
    has_vf = len(truth.vf) > 0
    for lead in leads:
        yield _piece(lead, fs, group, truth)
        for snr_db in NOISES_DB[has_vf]:
            noise = _stretch_of(measured, len(lead), fs, rng)
            yield _piece(add_noise(lead, fs, noise, snr_db, rng), fs, NOISY, truth)
        for speed in SPEEDS if has_vf else ():
            yield _piece(lead, fs * speed, group, truth)


def _stretch_of(measured, n, fs, rng):
    """(n,) of measured noise at fs Hz, from anywhere in it."""
    at = np.arange(n) * (measured.fs / fs) + rng.uniform(0, len(measured.signal))
    return np.interp(at % len(measured.signal), np.arange(len(measured.signal)), measured.signal)


def _piece(signal, fs, group, truth: Any = None, noise=False):
    """(group, rows, vf, noise) of the windows of a lead that are learnt from; fs: at which it is
    played, which may be slower or faster than it was recorded (samples of `truth` stay)."""
    described = describe_lead(signal, fs)
    starts, rows = described.starts, described.rows()
    vf = np.zeros(len(starts), np.float32)
    kept = np.ones(len(starts), bool)
    if truth is not None:
        vf = share_of_windows(truth.vf, starts, fs)
        kept = share_of_windows(truth.uncounted, starts, fs) == 0
    kept &= (vf > 0) | (np.arange(len(starts)) % THINNED.get(group, 1) == 0)
    count = kept.sum()
    lost = described.share("missing") + described.share("still") > GONE
    return (np.full(count, group, "<U9"), rows[kept], vf[kept], ((noise | lost) & (vf == 0))[kept])
