"""What a file holds, and what becomes of it: a recording.

A reader gives `Contents`: the channels of the file as they are, under the names that the file has
for them, and what it says of the recording. Which of them is the ECG is decided in one place for
all formats (choice.py); units, rates and missing values are settled in `lead_of`.
"""

import datetime
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ecg.artifacts import InputError
from ecg.formats.fields import check, check_scale
from ecg.formats.missing import codes_as_missing
from ecg.formats.units import is_plain, to_millivolt, voltage
from ecg.translations import Note

LOWEST_FS = 50  # Hz: below, a QRS complex is a sample or two
HIGHEST_FS = 2000  # Hz: faster recordings are averaged down to at most this
MAX_LEADS = 40  # columns: what has more is no recording of one row a sample
# all samples: at most so many times what is there, and so many s, but no more than so many samples,
# beside them
LONGEST_GAPS = 20, 86400, 5_000_000
# mV: the greatest value of a lead in any unit that could be meant, converters of 32 bits included;
# beyond, the scale that the file states is damaged, and filters lose all digits
POSSIBLE_MV = 1e-12, 1e12
PLAUSIBLE_MV = 0.02, 50  # mV from trough to peak; beyond, the unit is probably another


class Facts(NamedTuple):
    """What a file says of its recording beside the signal; None or "" where it does not.

    date, clock: when the recording starts, by the clock of the place it was made. patient, age
    (years), sex (`male`, `female` or as the file has it): of the person. device: what recorded."""

    date: datetime.date | None = None
    clock: datetime.time | None = None
    patient: str = ""
    age: float | None = None
    sex: str = ""
    device: str = ""


class Channel(NamedTuple):
    """One signal of a file, as the file has it.

    name: "" where the file has none. unit: as it is written there, fs: Hz; None where the file
    does not say. read: () -> (n,) numbers in that unit, NaN where samples are missing; called when
    the channel is wanted. kind: what the file says that it measures (`ECG`, `Respiration`), where
    it says so apart from the name. adc: (units of the converter per `unit`, its zero), where what
    is stored is known: --unit 200(1024)/mV asks for it. filters: what was done to it, as the file
    says. note: what a user of it should know."""

    name: str
    unit: str | None
    fs: float | None
    read: Callable[[], np.ndarray]
    kind: str = ""
    adc: tuple[float, float] | None = None
    filters: str = ""
    note: str = ""


class Contents(NamedTuple):
    """All of a file: its channels in the order of the file, what it says beside them, and notes,
    sentences about what was concluded rather than read."""

    channels: Sequence[Channel]
    facts: Facts = Facts()
    notes: tuple[str, ...] = ()


class Lead(NamedTuple):
    """A lead of a recording: its name, its signal (n,) float32 in mV, NaN where missing."""

    name: str
    signal: np.ndarray


class Recording(NamedTuple):
    """The leads of a recording.

    signal: (n,) float64 in mV of the lead that is labelled, NaN where it is missing. fs: Hz. lead,
    name: of the lead, of the recording. leads: names of all signals in the file. notes: sentences
    about what was concluded rather than read. second, second_lead: a second lead (n,) float32 in
    mV and its name, where one was asked for and is there. others: the further ECG leads of the
    file that are sampled like the first, the second among them. facts: what the file says of the
    recording."""

    signal: np.ndarray
    fs: float
    lead: str
    name: str
    leads: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    second: np.ndarray | None = None
    second_lead: str = ""
    others: tuple[Lead, ...] = ()
    facts: Facts = Facts()

    def used(self) -> list[Lead]:
        """The leads in which beats are looked for: the first, the second, the others."""
        first = Lead(self.lead, self.signal)
        if self.second is None:
            return [first]
        others = [each for each in self.others if each.signal is not self.second]
        return [first, Lead(self.second_lead, self.second), *others]

    def signals(self) -> list[np.ndarray]:
        """Their signals, (n,) each."""
        return [each.signal for each in self.used()]


class Given(NamedTuple):
    """What the user gives with --lead (name or number from 0), --fs (Hz) and --unit; None: not."""

    lead: str | int | None = None
    fs: float | None = None
    unit: str | None = None


class EvenLead(NamedTuple):
    """A channel as a recording has it: (n,) float64 in mV at `fs` Hz, and the notes on it."""

    signal: np.ndarray
    fs: float
    notes: tuple[str, ...]


def lead_of(channel: Channel, name: str, given: Given, path: Path) -> EvenLead:
    """A channel, called `name`, in mV at 2000 Hz or less, NaN for all that is missing.

    What the user gives wins over what the file says, which a note tells. A channel without a unit
    is taken as mV, which a note says: beats and labels do not depend on the unit, only the scale of
    pictures does. Raises InputError where neither file nor user says the rate, the unit is not
    known or no voltage, or nothing is there."""
    fs = rate_of(channel, given, path)
    if not LOWEST_FS <= fs <= 100_000:  # nan too
        raise InputError(
            f"{path}: a sampling rate of {fs:g} Hz is no ECG's ({LOWEST_FS} Hz or more is needed): "
            "give the right one with --fs"
        )
    if channel.unit is not None and is_plain(channel.unit):
        channel = channel._replace(unit=None)
    if given.unit is None and channel.unit is not None and not _is_voltage(channel.unit):
        raise InputError(
            f"{path}: {name} is in {channel.unit}, not in volts: choose another with --lead, or "
            "give --unit"
        )
    if channel.adc is not None:
        check_scale(channel.adc[0], f"gain of lead {name}", path)
        check(channel.adc[1], f"zero of lead {name}", path, -1e18, 1e18)
    signal = np.asarray(channel.read(), dtype=np.float64)
    if len(signal) and not np.isfinite(signal.sum()):
        signal = np.where(np.isfinite(signal), signal, np.nan)
    if len(signal) == 0 or np.isnan(signal[0]) and np.isnan(signal).all():
        raise InputError(f"{path}: lead {name} holds no samples")
    signal, notes = codes_as_missing(signal, float(fs))
    if given.unit is not None and "/" in given.unit and channel.adc is not None:
        gain, zero = channel.adc
        signal = signal * gain + zero
    unit = given.unit or channel.unit or "mV"
    signal = to_millivolt(signal, unit, "--unit" if given.unit else path)
    _refuse_scale(signal, name, path)
    notes = (
        *notes,
        *((channel.note,) if channel.note and given.unit is None else ()),
        *_filter_note(channel),
        *_given_notes(given, channel.fs, channel.unit),
        *(() if given.unit or channel.unit else (NO_UNIT,)),
    )
    return EvenLead(*_averaged_down(signal, float(fs), notes))


def _refuse_scale(signal, name, path):
    """InputError where a lead is as small or large as no gain, resolution or unit makes it."""
    low, high = np.fmin.reduce(signal), np.fmax.reduce(signal)
    most = max(abs(low), abs(high))
    if most and low != high and not POSSIBLE_MV[0] <= most <= POSSIBLE_MV[1]:
        raise InputError(
            f"{path}: lead {name} reaches {most:.3g} mV: its scale (gain, resolution, unit) is "
            "damaged; --unit gives another"
        )


def rate_of(channel: Channel, given: Given, path: Path) -> float:
    """The rate in Hz that the user gives, else that of the file. Raises InputError where neither
    says it."""
    fs = given.fs or channel.fs
    if fs is None:
        raise InputError(f"{path} does not say its sampling rate: give --fs HZ")
    return fs


def most_samples(held: int, fs: float) -> float:
    """How many samples a recording may have together with its gaps, of which `held` are there, at
    fs Hz: beyond, its times are damaged and are not allocated."""
    times, seconds, samples = LONGEST_GAPS
    return times * held + min(seconds * fs, samples)


def _is_voltage(unit):
    """Whether a file's unit is one of voltage, or of a converter: mV, 200/mV."""
    return voltage(unit) is not None or "/" in unit


def recording_name(path: str | Path) -> str:
    """Name of a recording from its file: 100.hea -> 100, night.csv.gz -> night"""
    path = Path(path)
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem


def _averaged_down(signal, fs, notes):
    """(signal, Hz, notes) at HIGHEST_FS or less: means of as many samples as that takes."""
    many = int(np.ceil(fs / HIGHEST_FS))
    if many == 1:
        return signal, fs, notes
    note = Note(
        "means of {n} samples taken: {fs:g} Hz brought to {lower:g} Hz, in which samples are "
        "counted",
        n=many,
        fs=fs,
        lower=fs / many,
    )
    signal = signal[: len(signal) // many * many].reshape(-1, many).mean(axis=1)
    return signal, fs / many, (*notes, note)


# ----------------------------------------------------------------------------------------- notes

NO_UNIT = Note(
    "the file does not say its unit: mV taken (--unit says otherwise; labels do not depend on it)"
)


def _filter_note(channel):
    """A note on what the file says was done to its signal."""
    filters = " ".join(channel.filters.split())
    phrase = "filtered before it was stored, as the file says: {filters}"
    return (Note(phrase, filters=filters),) if filters else ()


def _given_notes(given, fs, unit):
    """Notes on what the user gives in contradiction to the file's own `fs` (Hz) and `unit`."""
    phrase = "the file says {what} {own}, {option} {other} is used"
    return tuple(
        Note(phrase, what=what, own=own, option=option, other=other)
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
            Note(
                "the signal spans {span:.3g} mV, an ECG 0.1 to 10: check the unit (--unit); beats "
                "are found at any scale",
                span=span,
            ),
        )
    return ()
