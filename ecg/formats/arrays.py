"""NumPy arrays: .npy and .npz."""

import io
from pathlib import Path

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.packed import read_bytes
from ecg.formats.recording import MAX_LEADS, Given, Recording, build_recording, choose_lead

SHORTEST = 100  # values: a shorter array of an archive is no signal
# keys of an archive, in small letters; of several signals the first in the archive is taken, of the
# others the first that is listed here
SIGNAL_KEYS = ("signal", "signals", "ecg", "data", "x", "p_signal", "arr_0")
RATE_KEYS = ("fs", "sampling_rate", "sample_rate", "sfreq", "rate", "frequency")
UNIT_KEYS = ("unit", "units")
LEAD_KEYS = ("leads", "lead", "sig_name", "names", "channels")


def from_numpy(path: Path, given: Given) -> Recording:
    """One lead of an array of shape (samples,), (samples, leads) or (leads, samples); in an archive
    (.npz) the rate, unit and names of the leads may stand beside it."""
    array, archive = _load(path)
    if array is None:
        array = _signal_of(archive, path)
    x = _samples_by_leads(array, path)
    beside = {key.lower(): value.reshape(-1) for key, value in archive.items()}
    fs = _first(beside, RATE_KEYS, lambda v: v.size == 1 and v.dtype.kind in "iuf")
    unit = _first(beside, UNIT_KEYS, lambda v: v.size > 0)
    names = _first(beside, LEAD_KEYS, lambda v: v.size == x.shape[1])
    leads = [f"column {k}" for k in range(x.shape[1])] if names is None else list(map(str, names))
    number = choose_lead(leads, given.lead, path)
    return build_recording(
        path,
        given,
        leads,
        number,
        x[:, number].astype(np.float64),
        None if fs is None else float(fs[0]),
        None if unit is None else str(unit[0]),
    )


def _load(path):
    """(the array of a .npy or None, {name: array} of an .npz)"""
    try:
        loaded = np.load(io.BytesIO(read_bytes(path)), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded, {}
        return None, {key: loaded[key] for key in loaded.files}
    except ValueError as error:
        if "pickle" in str(error):
            raise InputError(
                f"{path} holds Python objects, which could run code: "
                "save it as a plain array of numbers"
            ) from None
        raise


def _signal_of(archive, path):
    """The array of an archive that is the ECG: by its name, or the only one that can be."""
    arrays = {
        key: value
        for key, value in archive.items()
        if value.ndim in (1, 2) and value.dtype.kind in "iuf" and value.size > SHORTEST
    }
    named = [key for key in arrays if key.lower() in SIGNAL_KEYS]
    chosen = named[:1] or (list(arrays) if len(arrays) == 1 else [])
    if not chosen:
        raise InputError(
            f"{path} holds {', '.join(archive) or 'nothing'}: name the ECG's array `signal`"
        )
    return arrays[chosen[0]]


def _samples_by_leads(x, path):
    """`x` as (samples, leads), whichever way round it is."""
    if x.dtype.kind not in "iuf" or x.ndim not in (1, 2):
        raise InputError(
            f"{path}: an array of {x.dtype}, shape {x.shape}, is no ECG: give numbers of shape "
            "(samples,) or (samples, leads)"
        )
    x = x[:, None] if x.ndim == 1 else x.T if x.shape[0] < x.shape[1] else x
    if x.shape[1] > MAX_LEADS:
        raise InputError(
            f"{path}: shape {x.shape} is no ECG of (samples, leads); rows of beats are for the "
            "models, not for this"
        )
    return x


def _first(arrays, keys, fits):
    """The array of the first of `keys` that is there and `fits`; None where there is none."""
    return next((arrays[key] for key in keys if key in arrays and fits(arrays[key])), None)
