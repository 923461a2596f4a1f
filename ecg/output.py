"""What is written of a labelled recording: CSV, JSON, WFDB annotation, text for the terminal."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ecg import __version__, artifacts
from ecg.artifacts import InputError
from ecg.beats import CLASS_MEANINGS, CLASSES, UNLABELLED, classes_of
from ecg.clock import clock_of, elapsed
from ecg.facts import facts_dict, facts_text
from ecg.formats.annotation import read_annotation, write_annotation
from ecg.formats.recording import Facts, Recording
from ecg.hourly import hourly_of, hourly_text
from ecg.hrv import by_period, withheld_in
from ecg.overwriting import MADE_BY
from ecg.quality import QUALITIES
from ecg.rhythm import written

FIVE_MINUTES = 300.0  # s
ANNOTATOR = "cnn"  # of the WFDB annotation of the labels
SAME_BEAT = 0.05  # s between a beat as it was found before and as it is found now
PROBABILITIES = [f"p_{name}" for name in CLASSES]
COLUMNS = ["sample", "time_s", "label", "confidence", *PROBABILITIES, "quality"]

# events of the summary in the terminal, in this order
EVENTS = {
    "pauses": "pauses of 2 s or more",
    "v_runs": "runs of 3 or more V",
    "s_runs": "runs of 3 or more S",
    "v_couplets": "V couplets",
    "v_bigeminy": "V bigeminy",
    "tachycardia": "tachycardia (> 100/min)",
    "bradycardia": "bradycardia (< 50/min)",
}


def as_csv(beats: pd.DataFrame, facts: Facts = Facts()) -> str:
    """The beats as CSV text, numbers with six decimals; what is not known is empty.

    Where the rhythm was asked for, a column `rhythm` holds that of the episode in which a beat
    lies. Where `facts` of the recording tell the clock of its start, a column `clock` says when
    each beat was, as ISO text to the millisecond. Last come those of QUALITIES, 0 to 1 with three
    decimals, where the beats have them."""
    rhythm, known = _present(beats, ["rhythm"]), _present(beats, QUALITIES)
    beats, stamps = beats[[*COLUMNS, *rhythm, *known]], _stamps(beats, facts)
    beats.attrs = {}  # pandas copies these for every column that is asked for
    line = "%d,%.6f,%s" + ",%.6f" * (len(COLUMNS) - 4) + ",%s" * (1 + len(rhythm) + len(stamps))
    line += ",%.3f" * len(known) + "\n"
    columns = [*(beats[name].tolist() for name in (*COLUMNS, *rhythm)), *stamps.values()]
    columns += [beats[name].tolist() for name in known]
    lines = [line % row for row in zip(*columns)]
    head = ",".join([*COLUMNS, *rhythm, *stamps, *known]) + "\n"
    return head + "".join(lines).replace(",nan", ",")


def _present(beats, columns):
    """Those of `columns` that a table of beats has."""
    return [name for name in columns if name in beats]


def _stamps(beats, facts):
    """{"clock": when each beat was}; nothing where the clock of the start is not known."""
    clock = clock_of(facts, beats["time_s"].max() if len(beats) else 0.0)
    return {"clock": clock.stamps(beats["time_s"])} if clock.known else {}


def as_dict(
    recording: Recording, beats: pd.DataFrame, summary: dict, with_beats: bool = True
) -> dict:
    """What `--json` holds; undefined numbers, and facts that the file does not say, are None.

    `rhythm` is what ecg.rhythm.track.Rhythm.as_dict gives, None where it is not known. The summary
    of a recording of more than two hours has the table of its hours, `hourly`, that of one of more
    than ten minutes the heart-rate variability of every five, `hrv_5_min`."""
    a = beats.attrs
    unreadable = [
        {"start_s": start / a["fs"], "stop_s": stop / a["fs"], "reason": reason}
        for start, stop, reason in a["unreadable"]
    ]
    document = {
        "recording": recording.name,
        "lead": recording.lead,
        "second_lead": recording.second_lead if a["leads"] == 2 else None,
        "fs": a["fs"],
        "n_samples": a["n_samples"],
        **facts_dict(recording.facts),
        "model": a["model"],
        "trained_on": a["trained_on"],
        "in_training_data": a.get("in_training_data"),
        "notes": [*recording.notes, *a["notes"]],
        "unreadable": unreadable,
        "noise_percent": 100 * a.get("noise_s", 0.0) * a["fs"] / max(a["n_samples"], 1),
        "rhythm": a.get("rhythm"),
        "summary": _with_periods(summary, beats, recording.facts),
        "version": __version__,
    }
    if with_beats:
        rows = beats[[*COLUMNS, *_present(beats, ["rhythm", *QUALITIES])]]
        rows = rows.astype(object).where(rows.notna(), None)
        document["beats"] = rows.assign(**_stamps(beats, recording.facts)).to_dict("records")
    return document


def _with_periods(summary, beats, facts):
    """The summary, and where the recording is long enough what of it is told period by period."""
    a = beats.attrs
    seconds = a["n_samples"] / a["fs"]
    if hours := summary.get("hourly") or hourly_of(beats, facts, summary):
        summary = {**summary, "hourly": hours}
    if seconds > 2 * FIVE_MINUTES:
        known = a["fs"], a["n_samples"], a["unreadable"], withheld_in(a.get("rhythm"), a["fs"])
        clock = clock_of(facts, seconds)
        periods = by_period(beats["sample"], beats["label"], *known, FIVE_MINUTES, clock)
        summary = {**summary, "hrv_5_min": periods}
    return summary


def write_labels(folder: str | Path, name: str, beats: pd.DataFrame, replace: bool = True) -> None:
    """NAME.cnn, which PhysioNet's tools open; a beat that could not be classified is a Q there.
    replace: False raises InputError where one is there that is of another recording.

    Where the rhythm is known, a + with a note, such as (AFIB, stands where it changes, [ and ] at
    the ends of ventricular fibrillation or flutter."""
    a = beats.attrs
    samples = beats["sample"].to_numpy()
    if not replace:
        _refuse_another(folder, name, samples, a["fs"])
    symbols = beats["label"].replace(UNLABELLED, "Q").tolist()
    rhythm = written.marks(a.get("rhythm"), samples, a["fs"], a["n_samples"])
    order = np.argsort(np.concatenate([samples, rhythm.samples]), kind="stable").tolist()
    samples = np.concatenate([samples, rhythm.samples])[order]
    symbols, notes = [*symbols, *rhythm.symbols], [*[""] * len(symbols), *rhythm.notes]
    symbols, notes = [symbols[k] for k in order], [notes[k] for k in order]
    write_annotation(folder, name, samples, symbols, a["fs"], ANNOTATOR, notes)


def _refuse_another(folder, name, samples, fs):
    """InputError where an annotation is there that is of another recording: fewer than half of its
    beats are at beats (n,) of this one. One that cannot be read is left to ecg.overwriting."""
    try:
        there = read_annotation(Path(folder) / name, ANNOTATOR, fs)
    except InputError:
        return
    before, reach = there.samples[classes_of(there.symbols) >= 0], SAME_BEAT * fs
    first, last = (np.searchsorted(samples, before + d, "right") for d in (-reach, reach))
    if len(before) and np.mean(last > first) < 0.5:
        raise InputError(
            f"{folder}/{name}.{ANNOTATOR} holds the beats of another recording of this name: give "
            "another folder, or --overwrite"
        )


# --------------------------------------------------------------------------------- the terminal


def as_text(recording: Recording, beats: pd.DataFrame, summary: dict, lines: int = 20) -> str:
    """What the terminal shows: what was read, counts and burden, rhythm, rates and events, of a
    long recording its hours, and the first `lines` beats (0: all of them)."""
    shown = beats if lines == 0 else beats.head(lines)
    seconds = beats.attrs["n_samples"] / beats.attrs["fs"]
    clock = clock_of(recording.facts, seconds)
    out = [*_head(recording, beats), "", *_counts(summary), ""]
    told = written.lines(beats.attrs.get("rhythm"), seconds, lambda at: _moment(at, clock))
    out += [*told, *_events(summary, clock), _variability(summary["hrv"])]
    if hours := summary.get("hourly") or hourly_of(beats, recording.facts, summary):
        out += ["", *hourly_text(hours)]
    out += _rows(shown, clock)
    if 0 < len(shown) < len(beats):
        out.append(
            f"  ... {len(beats) - len(shown):,} more beats (--lines 0 shows all, --csv FILE keeps "
            "them)"
        )
    return "\n".join(out)


def _head(recording, beats):
    a = beats.attrs
    leads = f"lead {recording.lead}"
    if a["leads"] == 2:
        leads = f"leads {recording.lead} and {recording.second_lead}"
    duration = elapsed(a["n_samples"] / a["fs"])
    facts = [f"{a['fs']:g} Hz", duration, *facts_text(recording.facts), f"{len(beats):,} beats"]
    yield (
        f"{recording.name}: {leads}, {', '.join(facts)}; "
        f"model {a['model']} ({_origin(a)}trained on {a['trained_on']})"
    )
    for note in (*recording.notes, *a["notes"]):
        yield f"  note: {note}"
    lost = sum(stop - start for start, stop, _ in a["unreadable"])
    if lost:
        reasons = sorted({reason for *_, reason in a["unreadable"]})
        yield f"  not readable: {lost / a['fs']:.1f} s ({', '.join(reasons)}), not labelled"


def _origin(attrs):
    """The file of the weights, as far as it says which of those of this name were taken."""
    return "" if not attrs["weights"] else f"{artifacts.shown(attrs['weights'])}, "


def _counts(summary):
    counts, burden = summary["beats"], summary["burden_percent"]
    yield "  class  beats  burden"
    for c in CLASSES:
        share = "-" if burden[c] is None else f"{burden[c]:5.1f}%"
        yield f"  {c:<5}{counts[c]:>7,}  {share:>6}  {CLASS_MEANINGS[c]}"
    if counts["total"] > counts["labelled"]:
        unknown = counts["total"] - counts["labelled"]
        yield f"  {UNLABELLED:<5}{unknown:>7,}         found, not classified (see quality)"


def _moment(seconds, clock):
    """When something was: since the start, and where it is known by the clock."""
    return f"{elapsed(seconds)} ({clock(seconds)})" if clock.known else elapsed(seconds)


def _events(summary, clock):
    rate = summary["heart_rate"]
    if rate["mean_bpm"] is not None:
        extremes = ""
        if rate["min_bpm"] is not None:
            extremes = (
                f" (lowest {rate['min_bpm']:.0f} at {_moment(rate['min_time_s'], clock)}, "
                f"highest {rate['max_bpm']:.0f} at {_moment(rate['max_time_s'], clock)})"
            )
        yield f"  heart rate {rate['mean_bpm']:.0f}/min{extremes}"
    for key, meaning in EVENTS.items():
        group = summary[key]
        if group["count"]:
            longest = group["longest"]
            yield (
                f"  {meaning}: {group['count']}, the longest {longest['duration_s']:.1f} s at "
                f"{_moment(longest['time_s'], clock)}"
            )


def _variability(hrv):
    """The line of heart-rate variability, or why it is withheld."""
    if hrv["sdnn_ms"] is None:
        return f"  HRV withheld: {hrv['reason']}"
    more = hrv["reason"]
    if hrv["rmssd_ms"] is not None:
        more = f"RMSSD {hrv['rmssd_ms']:.0f} ms, pNN50 {hrv['pnn50_percent']:.1f} %"
    return f"  HRV: mean NN {hrv['mean_nn_ms']:.0f} ms, SDNN {hrv['sdnn_ms']:.0f} ms, {more}"


def _rows(beats, clock):
    def when(text):
        return f"{text:<{width}}" if clock.known else ""

    width = 2 + len(clock(beats["time_s"].iloc[-1], 2)) if len(beats) else 0
    if len(beats):
        letters = "  ".join(f"p_{c}  " for c in CLASSES)
        yield f"\n     time  {when('clock')}label  conf.    {letters} quality"
    for row in beats.itertuples():
        at = when(clock(row.time_s, 2))
        numbers = [row.confidence, *(getattr(row, name) for name in PROBABILITIES)]
        cells = " ".join("    - " if np.isnan(p) else f"{p:6.3f}" for p in numbers)
        yield f"  {row.time_s:7.2f}  {at}{row.label:<5}{cells}  {row.quality}"


# -------------------------------------------------------------------------------------- signals


def save_signal(path: str | Path, signal: np.ndarray, fs: float, lead: str, unit: str) -> None:
    """Write `signal` (n,) as .csv (time and value; missing samples empty), .npy (bare array) or
    .npz (with rate, unit, lead)."""
    path = Path(path)
    if path.suffix == ".npy":
        artifacts.save_npy(path, signal)
        return
    with artifacts.writing(path) as temporary:
        if path.suffix == ".npz":
            told: dict[str, Any] = dict(fs=fs, unit=unit, lead=lead, made_by=MADE_BY)
            np.savez_compressed(temporary, signal=signal, **told)
            return
        name = lead.replace(",", " ").replace('"', " ")
        values = {"time (s)": np.arange(len(signal)) / fs, name: signal}
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            file.write(f'"time (s)","{name} ({unit})"\n')  # between quotes: see ecg.overwriting
            pd.DataFrame(values).to_csv(
                file, index=False, header=False, float_format="%.9g", lineterminator="\n"
            )
