"""What the tests of clinical formats share: where the real files are, made-up leads, reading."""

import gzip

import numpy as np
import pytest

from ecg.formats.recording import Given

FS = 500
T = np.arange(4 * FS) / FS
BEATS = np.exp(-0.5 * ((T % 0.8 - 0.4) / 0.012) ** 2) + 0.05 * np.sin(2 * np.pi * 0.3 * T)  # mV


def steps(uv=2.5, scale=1.0):
    """BEATS (n,) in steps of `uv` microvolts, int16."""
    return np.round(scale * 1000 * BEATS / uv).astype("<i2")


def sample(recordings, name):
    """Path of a real file, among those of other formats."""
    path = recordings / "formats" / name
    if not path.is_file():
        pytest.skip(f"no real file: {path} does not exist (set ECG_DATA)")
    return path


def packed(path, folder):
    """The file as .gz, in `folder`."""
    zipped = folder / f"{path.name}.gz"
    zipped.write_bytes(gzip.compress(path.read_bytes(), 1))
    return zipped


def leads(reader, path, given=Given()):
    """{name: samples (n,)} of the channels of a file."""
    return {channel.name: channel.read() for channel in reader(path, given).channels}


def peaks(reader, path):
    """{name: (least, greatest)} of the channels of a file, in their unit."""
    return {
        name: (float(np.nanmin(x)), float(np.nanmax(x))) for name, x in leads(reader, path).items()
    }
