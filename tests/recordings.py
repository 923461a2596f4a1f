"""Made-up recordings as files, for the tests that read them."""

import edfio
import numpy as np
import wfdb

FS = 250


T = np.arange(10 * FS) / FS


ECG = np.round(
    np.exp(-0.5 * ((T % 0.8 - 0.4) / 0.012) ** 2) + 0.05 * np.sin(2 * np.pi * 0.3 * T), 4
)  # mV


OTHER = np.round(-0.5 * ECG, 4)


def same(recording, x=ECG, fs=FS, lead=None, tolerance=1e-9):
    assert recording.fs == fs
    assert recording.signal.dtype == np.float64 and recording.signal.shape == x.shape
    np.testing.assert_allclose(recording.signal, x, rtol=0, atol=tolerance)
    assert lead is None or recording.lead == lead
    return recording


def text(path, body, encoding="utf-8"):
    path.write_bytes(body.encode(encoding))
    return path


def rows(*columns, delimiter=",", decimal="."):
    lines = (
        delimiter.join(f"{v:.10g}" if not isinstance(v, str) else v for v in row)
        for row in zip(*columns)
    )
    return "\n".join(lines).replace(".", decimal) + "\n"


def write_wfdb(
    folder,
    name="rec",
    fmt="16",
    fs=FS,
    signals=(ECG, OTHER),
    names=("MLII", "V5"),
    units="mV",
    **more,
):
    wfdb.wrsamp(
        name,
        fs=fs,
        units=[units] * len(names),
        sig_name=list(names),
        p_signal=np.column_stack(signals),
        fmt=[fmt] * len(names),
        write_dir=str(folder),
        **more,
    )
    return folder / name


def edf(path, labels=("ECG II", "Resp"), units=("mV", "a.u."), scale=1.0, **more):
    signals = [
        edfio.EdfSignal(
            ECG * scale,
            FS,
            label=labels[0],
            physical_dimension=units[0],
            physical_range=(-5 * scale, 5 * scale),
        )
    ]
    signals += [
        edfio.EdfSignal(np.sin(T[::10]), FS / 10, label=label, physical_dimension=unit)
        for label, unit in zip(labels[1:], units[1:])
    ]
    edfio.Edf(signals, **more).write(path)
    return path
