"""What a reader of the page must know before trusting the figures."""

import pandas as pd

from ecg.clock import elapsed
from ecg.formats.recording import Recording
from ecg.orientation import points_down, should_point_up
from ecg.report.data import UNSURE
from ecg.report.strip_svg import drawn_leads
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
LEAST_LOST = 0.0005  # share of the recording: less is written as 0.0 %


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
    if duration <= 0 or lost < LEAST_LOST * duration:
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
    """Leads whose beats point down although they should point up; not V1, aVR and their like."""
    for lead in drawn_leads(recording):
        if should_point_up(lead.name) and points_down(
            lead.signal, table["sample"].to_numpy(), recording.fs
        ):
            yield (
                "Most beats point down in lead {lead}, where they should point up: electrodes may "
                "be swapped.",
                {"lead": lead.name},
            )


def _training(table):
    if table.attrs.get("trained_on", "").startswith("synthetic"):
        yield "The model was trained on synthetic data: its labels mean nothing for patients.", {}
    learnt = [name for name, seen in table.attrs.get("in_training_data", {}).items() if seen]
    if learnt:
        yield (
            "This recording was in the training data of {models}: labels of recordings that are "
            "new to a model are less good.",
            {"models": ", ".join(learnt)},
        )


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
