"""neurokit2's ecg_process, then the same network row by row (batch 1) over its R peaks, on three
records, extrapolated to 24 h."""

import tempfile
from pathlib import Path

import numpy as np
from tqdm import tqdm

import inference
from benchmarks.holter_parts.common import clocks, task_options
from ecg import archive, beats, formats, prediction
from ecg.artifacts import InputError

RECORDS = 3


def measure(paths: list[Path], model: str, weight: Path) -> dict | None:
    """{"records", "seconds_of_ecg", "theirs" [wall, CPU], "ours", "ratio"}, printed; None where
    neurokit2 is not installed."""
    try:
        import neurokit2
    except ImportError:
        print("\nneurokit2 is not installed (benchmarks/requirements.txt): left out")
        return None
    session = inference.load_onnx_model(model, weight=weight)
    paths = paths[:RECORDS]
    theirs, ours, lengths = np.zeros(2), np.zeros(2), 0.0
    with tempfile.TemporaryDirectory() as folder:
        for path in tqdm(paths, desc="neurokit2", unit="record", disable=None):
            recording = formats.read_recording(path)
            lengths += len(recording.signal) / recording.fs
            start = clocks()
            _, info = neurokit2.ecg_process(recording.signal, sampling_rate=int(recording.fs))
            r_peaks = np.unique(np.asarray(info["ECG_R_Peaks"], dtype=np.int64))
            for row in beats.extract_beats(recording.signal, r_peaks, recording.fs)[0]:
                prediction.predict_heartbeat(session, row)
            theirs += clocks() - start
            start = clocks()
            options = task_options(model, weight)
            _, error, _ = archive.label_file(str(path), folder, options, inference.load)
            ours += clocks() - start
            if error:
                raise InputError(error)
    day = 86400 / lengths
    ratio = theirs / ours
    print(
        f"\nneurokit2 {neurokit2.__version__} ecg_process and model {model} row by row, "
        f"{len(paths)} records: {theirs[0]:.1f} s against {ours[0]:.2f} s wall ({ratio[0]:.0f} x), "
        f"{theirs[1]:.1f} against {ours[1]:.2f} s CPU ({ratio[1]:.0f} x); extrapolated to 24 h: "
        f"{theirs[0] * day:.0f} s against {ours[0] * day:.1f} s wall"
    )
    return {
        "records": len(paths),
        "seconds_of_ecg": lengths,
        "theirs": theirs.tolist(),
        "ours": ours.tolist(),
        "ratio": ratio.tolist(),
    }
