"""Eight records as a stream (monitor.py): provisional, final and offline labels, delay of labels
and alarms, the final labels by the single-beat and by the context model. Then two days of a beat a
second: the memory a monitor holds."""

import os
import pickle
from pathlib import Path
from unittest import mock

import joblib
import numpy as np
from tqdm import tqdm

from benchmarks.monitor import agreement, print_agreement
from ecg import beats, formats, rpeaks, streaming
from monitor import context_model, single_beat

STREAMED = ("100", "106", "119", "200", "203", "208", "223", "233")
HOURS = 48  # that a monitor's memory is watched over


def measure(paths: list[Path], weight: Path) -> dict:
    """{"single", "context": [(record, figures of benchmarks.monitor.agreement)], "memory_kb" after
    each hour}, printed."""
    figures = {}
    paths = [path for path in paths if path.stem in STREAMED]
    for final in ("single", "context"):
        tasks = [joblib.delayed(replayed)(path, final, weight) for path in paths]
        results = joblib.Parallel(n_jobs=os.cpu_count(), return_as="generator")(tasks)
        title = f"streams, final labels {final}"
        figures[final] = list(
            tqdm(results, total=len(tasks), desc=title, unit="record", disable=None)
        )
        print(f"\nmonitor.py, final labels by the {final} model")
        print_agreement(figures[final])
    figures["memory_kb"] = held = memory_by_hour(HOURS)
    print(
        f"\nmemory of a monitor after 1 h {held[0]:.0f} kB, most up to {HOURS} h {max(held):.0f} "
        f"kB, then {held[-1]:.0f} kB"
    )
    return figures


def replayed(path: Path, final: str, weight: Path) -> tuple[str, dict]:
    """(name, figures of `agreement`) of a record; final: `single` or the name of a context
    model."""
    recording = formats.read_recording(path, second="auto")
    context = None if final == "single" else context_model(final, str(weight))
    predict = single_beat("auto", str(weight))
    return recording.name, agreement(recording.signals(), recording.fs, predict, context)[0]


def memory_by_hour(hours: int, fs: int = 100) -> list[float]:
    """kB that a monitor with a context model holds after each hour of a beat a second. Detector and
    models are stand-ins that take no time; the signal and all that is remembered of it are the
    monitor's own."""

    def predict(rows):
        return np.zeros(len(rows), np.int64), np.ones(len(rows)), None

    def context(leads, fs, peaks, by_second):
        return np.tile([1.0, 0, 0, 0, 0], (len(peaks), 1))

    def found(leads, fs, live, usual, tell_usual):
        peaks = np.flatnonzero(leads[0] > 0.5)
        return rpeaks.FoundBeats(peaks, [], np.zeros(len(peaks), np.int64), np.ones((1, 2)))

    signal = 0.01 * np.random.default_rng(0).standard_normal(3600 * fs)
    signal[fs // 2 :: fs] = 1.0
    held = []
    with (
        mock.patch.object(rpeaks, "find_beats_in_leads", found),
        mock.patch.object(streaming.monitor, "HOP", 1.0),
        mock.patch.object(beats, "at_source_rate", lambda x, fs: np.repeat(x, 4)),
    ):
        bedside = streaming.Monitor(fs, predict, context)
        for _ in tqdm(range(hours), desc="memory", unit="h", disable=None):
            events = bedside.push(signal)
            if len(events) < 7000:
                raise RuntimeError(
                    f"the monitor gave {len(events)} events in an hour of 3,600 beats"
                )
            held.append(held_bytes(bedside) / 1024)
    return held


def held_bytes(bedside: streaming.Monitor) -> int:
    """What a monitor remembers, its models left out."""
    parts = (bedside, bedside._signal, bedside._finder, bedside._judge)
    left_out = "predict", "context", "noise", "_judge", "_signal", "_finder"
    kept = [{k: v for k, v in vars(part).items() if k not in left_out} for part in parts]
    return len(pickle.dumps(kept))
