"""What is written of a labelled recording: CSV, JSON, WFDB annotation, text for the terminal."""

from pathlib import Path

import numpy as np
import pandas as pd

from ecg import __version__, artifacts
from ecg.beats import CLASS_MEANINGS, CLASSES, UNLABELLED
from ecg.clock import clock_of, elapsed
from ecg.facts import facts_dict, facts_text
from ecg.formats.annotation import write_annotation
from ecg.formats.recording import Facts, Recording
from ecg.quality import QUALITIES

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

    Where `facts` of the recording tell the clock of its start, a column `clock` says when each beat
    was, as ISO text to the millisecond. Last come those of QUALITIES, 0 to 1 with three decimals,
    where the beats have them."""
    known = _known_qualities(beats)
    beats, stamps = beats[[*COLUMNS, *known]], _stamps(beats, facts)
    beats.attrs = {}  # pandas copies these for every column that is asked for
    line = "%d,%.6f,%s" + ",%.6f" * (len(COLUMNS) - 4) + ",%s" * (1 + len(stamps))
    line += ",%.3f" * len(known) + "\n"
    columns = [*(beats[name].tolist() for name in COLUMNS), *stamps.values()]
    columns += [beats[name].tolist() for name in known]
    lines = [line % row for row in zip(*columns)]
    head = ",".join([*COLUMNS, *stamps, *known]) + "\n"
    return head + "".join(lines).replace(",nan", ",")


def _known_qualities(beats):
    """Those of QUALITIES that a table of beats has."""
    return [name for name in QUALITIES if name in beats]


def _stamps(beats, facts):
    """{"clock": when each beat was}; nothing where the clock of the start is not known."""
    clock = clock_of(facts, beats["time_s"].max() if len(beats) else 0.0)
    return {"clock": clock.stamps(beats["time_s"])} if clock.known else {}


def as_dict(
    recording: Recording, beats: pd.DataFrame, summary: dict, with_beats: bool = True
) -> dict:
    """What `--json` holds; undefined numbers, and facts that the file does not say, are None."""
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
        "notes": [*recording.notes, *a["notes"]],
        "unreadable": unreadable,
        "noise_percent": 100 * a.get("noise_s", 0.0) * a["fs"] / max(a["n_samples"], 1),
        "summary": summary,
        "version": __version__,
    }
    if with_beats:
        rows = beats[[*COLUMNS, *_known_qualities(beats)]]
        rows = rows.astype(object).where(rows.notna(), None)
        document["beats"] = rows.assign(**_stamps(beats, recording.facts)).to_dict("records")
    return document


def write_labels(folder: str | Path, name: str, beats: pd.DataFrame) -> None:
    """NAME.cnn, which PhysioNet's tools open; a beat that could not be classified is a Q there."""
    symbols = beats["label"].replace(UNLABELLED, "Q").tolist()
    write_annotation(folder, name, beats["sample"].to_numpy(), symbols, beats.attrs["fs"], "cnn")


# --------------------------------------------------------------------------------- the terminal


def as_text(recording: Recording, beats: pd.DataFrame, summary: dict, lines: int = 20) -> str:
    """What the terminal shows: what was read, counts and burden, rates and events, and the first
    `lines` beats (0: all of them)."""
    shown = beats if lines == 0 else beats.head(lines)
    clock = clock_of(recording.facts, beats.attrs["n_samples"] / beats.attrs["fs"])
    out = [*_head(recording, beats), "", *_counts(summary), *_events(summary, clock)]
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
        yield f"\n  heart rate {rate['mean_bpm']:.0f}/min{extremes}"
    for key, meaning in EVENTS.items():
        group = summary[key]
        if group["count"]:
            longest = group["longest"]
            yield (
                f"  {meaning}: {group['count']}, the longest {longest['duration_s']:.1f} s at "
                f"{_moment(longest['time_s'], clock)}"
            )


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
            np.savez_compressed(temporary, signal=signal, fs=fs, unit=unit, lead=lead)
            return
        name = lead.replace(",", " ").replace('"', " ")
        columns = {"time (s)": np.arange(len(signal)) / fs, f"{name} ({unit})": signal}
        pd.DataFrame(columns).to_csv(
            temporary, index=False, float_format="%.9g", lineterminator="\n"
        )
