"""What a reader of the page must know before trusting the figures."""

import pandas as pd

from ecg.clock import elapsed
from ecg.formats.recording import Recording
from ecg.orientation import points_down
from ecg.report.data import UNSURE
from ecg.rhythm.names import time_of_each

REASONS = {
    "noise": "noise {time}",
    "missing": "samples missing {time}",
    "flat": "flat line {time}",
    "clipped": "clipped {time}",
    "ventricular fibrillation or flutter": "ventricular fibrillation or flutter {time}",
}
MOST_UNSURE = 0.1  # share of the labels
LEAST_READABLE = 60  # s


def find_warnings(
    recording: Recording, table: pd.DataFrame, summary: dict
) -> list[tuple[str, dict[str, float | str]]]:
    """Sentences and their numbers, to be translated; arguments as of ecg.report.write_report."""
    return [
        *_fibrillation(table),
        *_unreadable(recording, table, summary),
        *_inverted(recording, table),
        *_training(table),
        *_labels(table, summary["beats"]),
        *_too_short(summary),
    ]


def _fibrillation(table):
    seconds = time_of_each(table.attrs.get("rhythm")).get("VF")
    if seconds:
        yield (
            "Ventricular fibrillation or flutter was found ({time} in all): no beats are labelled "
            "there.",
            {"time": elapsed(seconds)},
        )


def _unreadable(recording, table, summary):
    duration = summary["duration_s"]
    lost = duration - summary["readable_s"]
    if not (lost > 0 and duration > 0):
        return
    yield (
        "{percent:.1f} % of the recording ({lost}) cannot be read and was not labelled",
        {"percent": 100 * lost / duration, "lost": elapsed(lost)},
    )
    seconds: dict[str, float] = {}
    for start, stop, reason in table.attrs.get("unreadable", []):
        seconds[str(reason)] = seconds.get(str(reason), 0) + (stop - start) / recording.fs
    for reason, s in sorted(seconds.items(), key=lambda item: -item[1]):
        if reason in REASONS:
            yield REASONS[reason], {"time": elapsed(s)}


def _inverted(recording, table):
    if points_down(recording.signal, table["sample"].to_numpy(), recording.fs):
        yield (
            "The main deflection of most beats points down: the lead may be inverted (electrodes "
            "swapped).",
            {},
        )


def _training(table):
    if table.attrs.get("trained_on", "").startswith("synthetic"):
        yield "The model was trained on synthetic data: its labels mean nothing for patients.", {}


def _labels(table, counts):
    total, labelled = counts["total"], counts["labelled"]
    if total > labelled + 1:  # the last beat of a recording never has a label
        numbers = {"n": f"{total - labelled:,}", "total": f"{total:,}"}
        yield "{n} of {total} beats could not be classified.", numbers
    if "confidence" not in table or not labelled:
        return
    unsure = int((table["confidence"] < UNSURE).sum())
    if unsure > MOST_UNSURE * labelled:
        yield (
            "The model is unsure of {percent:.0f} % of the beats (confidence below "
            "{threshold:.0%}): look at them below.",
            {"percent": 100 * unsure / labelled, "threshold": UNSURE},
        )


def _too_short(summary):
    if summary["readable_s"] < LEAST_READABLE:
        yield "Less than a minute could be read: rates and burden say little.", {}
