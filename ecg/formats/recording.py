"""A recording: its leads, units and rates, whatever file it came from; and what every reader needs.

A reader finds the names of the leads and what the file says of rate and unit, takes the lead that
`choose_lead` names, and hands its values to `build_recording`, where what the user gives wins.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg.artifacts import InputError

LOWEST_FS = 50  # Hz: below, a QRS complex is a sample or two
HIGHEST_FS = 2000  # Hz: faster recordings are averaged down to at most this
MAX_LEADS = 40  # columns: what has more is no recording of one row a sample
PLAUSIBLE_MV = 0.02, 50  # mV from trough to peak; beyond, the unit is probably another


class Recording(NamedTuple):
    """One lead of a recording, or two.

    signal: (n,) float64 in mV, NaN where it is missing. fs: Hz. lead, name: of the lead, of the
    recording. leads: names of all leads in the file. notes: sentences about what was concluded
    rather than read. second, second_lead: a second lead (n,) float32 in mV and its name, where one
    was asked for and is there."""

    signal: np.ndarray
    fs: float
    lead: str
    name: str
    leads: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    second: np.ndarray | None = None
    second_lead: str = ""


class Given(NamedTuple):
    """What the user gives with --lead (name or number from 0), --fs (Hz) and --unit; None: not."""

    lead: str | int | None = None
    fs: float | None = None
    unit: str | None = None


def build_recording(
    path: Path,
    given: Given,
    leads: Sequence[str],
    number: int,
    signal: np.ndarray,
    fs: float | None,
    unit: str | None,
    notes: tuple[str, ...] = (),
) -> Recording:
    """The Recording of lead `number` of `leads`: what every reader ends with.

    signal: (n,) in the file's unit. fs (Hz), unit: as the file says them, None where it does not.
    notes: what the reader has concluded. Bare numbers are taken as mV, which a note says: beats and
    labels do not depend on the unit, only the scale of pictures does.
    Raises InputError where neither file nor user says the rate, or the unit is not known."""
    rate = given.fs or fs
    if rate is None:
        raise InputError(f"{path} does not say its sampling rate: give --fs HZ")
    assumed: tuple[str, ...] = ()
    if unit is None and given.unit is None:
        assumed = (
            "the file does not say its unit: mV taken (--unit says otherwise; labels do not "
            "depend on it)",
        )
    unit_used = given.unit or ("mV" if unit is None else unit)
    return Recording(
        to_millivolt(signal, unit_used, path),
        float(rate),
        leads[number],
        recording_name(path),
        tuple(leads),
        lead_note(leads, number, given) + notes + given_notes(given, fs, unit) + assumed,
    )


def recording_name(path: str | Path) -> str:
    """Name of a recording from its file: 100.hea -> 100, night.csv.gz -> night"""
    path = Path(path)
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem


# ----------------------------------------------------------------------------------------- leads

# of the common recorders and databases
_LEAD = re.compile(r"M?L?I{1,3}|AV[RLF]|M?V[1-9]R?|M?CL\d|ML\d|C[MCBS]\d|M?D[1-4]|[XYZ]")


def lead_key(name: str) -> str:
    """The lead that a name means: `ECG Lead II`, `EKG-II`, `ii` -> II"""
    plain = re.sub(r"[\s_\-:.]|LEAD", "", name.upper())
    return re.sub(r"^(ECG|EKG)(?=.)", "", plain) or name.upper()


def choose_lead(
    names: Sequence[str], lead: str | int | None, path: Path | str, option: str = "--lead"
) -> int:
    """Number of the wanted lead among `names`.

    lead: a name, a number from 0, or None: lead II (what the models saw most), unless the first
    lead is one of those the models were trained on (II, V5) or no lead is called II.
    Raises InputError, naming `path` and `option`, where there is no such lead."""
    keys = [lead_key(name) for name in names]
    if lead is None:
        preferred = [k for k, key in enumerate(keys) if key in ("MLII", "II")]
        return 0 if not preferred or keys[0] in ("MLII", "II", "V5") else preferred[0]
    wanted = str(lead)
    for matches in (
        [k for k, name in enumerate(names) if name == wanted],
        [int(wanted)] if re.fullmatch(r"\d+", wanted) and int(wanted) < len(names) else [],
        [k for k, key in enumerate(keys) if key == lead_key(wanted)],
    ):
        if matches:
            return matches[0]
    raise InputError(
        f"{path} has no lead {lead!r}: {option} takes one of "
        + ", ".join(f"{k} ({name})" for k, name in enumerate(names))
    )


def second_leads(names: Sequence[str], own: int) -> list[int]:
    """Numbers of the leads that may stand beside number `own`, the likeliest to add something
    first: what MIT-BIH has beside lead II. Only what is called an ECG lead: another column of a
    table may be anything."""
    rank = ["V1", "MV1", "V5", "MV5", "V2", "MV2"]
    if lead_key(names[own]) not in ("MLII", "II"):
        rank = ["MLII", "II", *rank]
    leads = [
        k
        for k, name in enumerate(names)
        if k != own
        and (re.match(r"(ECG|EKG)", name.strip().upper()) or _LEAD.fullmatch(lead_key(name)))
    ]
    return sorted(leads, key=lambda k: (*rank, lead_key(names[k])).index(lead_key(names[k])))


# ----------------------------------------------------------------------------------------- units

_MILLIVOLTS = {
    "v": 1e3,
    "volt": 1e3,
    "volts": 1e3,
    "mv": 1.0,
    "millivolt": 1.0,
    "millivolts": 1.0,
    "uv": 1e-3,
    "microvolt": 1e-3,
    "microvolts": 1e-3,
    "nv": 1e-6,
}


def voltage(unit: str | None) -> float | None:
    """mV per `unit`, None where it is no voltage."""
    return _MILLIVOLTS.get(
        str(unit).strip().lower().replace("Â".lower(), "").replace("µ", "u").replace("μ", "u")
    )


def to_millivolt(x: np.ndarray, unit: str, where: Path | str) -> np.ndarray:
    """`x` in `unit` (V, mV, uV, nV, or ADC units GAIN(ZERO)/mV) as mV.

    where: the option or file that an InputError names when the unit is not known."""
    factor = voltage(unit)
    if factor is not None:
        return x if factor == 1 else x * factor
    adc = re.fullmatch(
        r"([\d.]+(?:e[+-]?\d+)?)(?:\((-?[\d.]+)\))?/(\w+)", str(unit).strip(), re.IGNORECASE
    )
    if adc:
        gain, zero, per = as_number(adc[1]), as_number(adc[2] or "0"), voltage(adc[3])
        if gain and zero is not None and per:
            return (x - zero) / gain * per
    raise InputError(
        f"{where}: unit {unit!r} is not known; --unit takes V, mV, uV, or ADC units as GAIN/mV or "
        "GAIN(ZERO)/mV, such as 200(1024)/mV"
    )


def as_number(text: str) -> float | None:
    """`text` as a number, None where it is none."""
    try:
        return float(text)
    except ValueError:
        return None


# ----------------------------------------------------------------------------------------- notes


def lead_note(leads: Sequence[str], number: int, given: Given) -> tuple[str, ...]:
    """A note on a lead that was chosen for the user among several."""
    if given.lead is not None or len(leads) < 2:
        return ()
    names = ", ".join(leads[:12]) + (" ..." if len(leads) > 12 else "")
    return (f"lead {leads[number]} taken of {names} (another with --lead)",)


def given_notes(given: Given, fs: float | None, unit: str | None) -> tuple[str, ...]:
    """Notes on what the user gives in contradiction to the file's own `fs` (Hz) and `unit`."""
    return tuple(
        f"the file says {what} {own}, {option} {other} is used"
        for what, own, option, other in (
            ("rate", fs, "--fs", given.fs),
            ("unit", unit, "--unit", given.unit),
        )
        if own is not None and other is not None and own != other
    )


def amplitude_note(signal: np.ndarray) -> tuple[str, ...]:
    """A note on amplitudes of `signal` (n,) in mV that no electrocardiograph gives."""
    part = signal[:: max(1, len(signal) // 20000)]
    part = part[np.isfinite(part)]
    span = np.subtract(*np.percentile(part, [99.5, 0.5])) if len(part) else 0.0
    if span and not PLAUSIBLE_MV[0] <= span <= PLAUSIBLE_MV[1]:
        return (
            f"the signal spans {span:.3g} mV, an ECG 0.1 to 10: check the unit (--unit); "
            "beats are found at any scale",
        )
    return ()
