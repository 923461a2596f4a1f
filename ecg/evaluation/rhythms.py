"""The rhythm of whole recordings against the class that REFERENCE.csv gives each: four classes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ecg import fingerprint, formats
from ecg.artifacts import InputError
from ecg.ec57.statistics import defined
from ecg.evaluation import metrics
from ecg.labelling import label_recording
from ecg.one_class import CLASSES, recordings_by_class
from ecg.rhythm.track import RHYTHMS
from ecg.signal_models import SignalModels

JUDGED = [*RHYTHMS, "not judged"]


def evaluate_rhythms(
    folder: str | Path,
    choose: Callable[[int], Any],
    models: SignalModels,
    draws: int = metrics.DRAWS,
    seed: int = 0,
) -> dict[str, Any]:
    """The figures, as they are written as JSON, of a folder with REFERENCE.csv (ecg/one_class.py).

    Every recording goes the whole way of a user's file. choose: (number of beats) -> the model that
    labels its beats. draws, seed: of the bootstrap over recordings. Raises InputError where there
    is no rhythm model, and for a folder or recording that cannot be read."""
    if models.rhythm is None or isinstance(models.rhythm, str):
        raise InputError(models.rhythm or "the rhythm model is not asked")
    folder = Path(folder)
    truth, told = [], []
    learnt: dict[str, dict] = {}
    names = recordings_by_class(folder)
    for name, letter in tqdm(names.items(), "recordings", disable=None, leave=False):
        recording = formats.read_recording(folder / name)
        a = label_recording(recording, choose, models=models).beats.attrs
        rhythm, learnt[name] = a["rhythm"], a["in_training_data"]
        truth.append(CLASSES.index(letter))
        told.append(JUDGED.index(rhythm["of_recording"] or JUDGED[-1]))
    _, each = metrics.confusion_by(np.arange(len(truth)), truth, told, len(JUDGED))
    return {
        "folder": folder.name,
        "recordings": len(truth),
        "trained_on": fingerprint.trained_on(learnt),
        **_figures(each, draws, seed),
    }


def _figures(each, draws, seed):
    """Of confusion matrices (r, 5, 5), one a recording."""
    total, samples = each.sum(axis=0), metrics.f1(metrics.resampled(each, draws, seed))
    se, ppv, f1 = metrics.recall(total), metrics.precision(total), metrics.f1(total)
    by_rhythm = {
        name: {
            "recordings": int(total[k].sum()),
            "Se": defined(se[k]),
            "+P": defined(ppv[k]),
            "F1": defined(f1[k]),
            "interval": metrics.interval(samples[:, k]),
        }
        for k, name in enumerate(RHYTHMS)
    }
    return {
        "confusion": total[: len(RHYTHMS)].tolist(),
        "by_rhythm": by_rhythm,
        "mean_F1": defined(f1[:3].mean()),
        "mean_F1_interval": metrics.interval(samples[:, :3].mean(axis=1)),
    }


def rhythms_text(document: dict[str, Any]) -> str:
    """The figures for the terminal."""
    lines = [f"{document['recordings']:,} recordings of {document['folder']}, one rhythm each"]
    if told := fingerprint.warnings(document["trained_on"], document["recordings"]):
        lines += [
            *told,
            "python train.py --model rhythm --records DIR --cv says how it does on recordings that "
            "it never saw",
        ]
    lines += ["", f"{'reference':<10}" + "".join(f"{name:>12}" for name in (*JUDGED, "Se", "+P"))]
    lines[-1] += f"{'F1':>12}  95 % over recordings"
    for row, (name, told) in zip(document["confusion"], document["by_rhythm"].items()):
        counts = "".join(f"{count:>12,}" for count in row)
        figures = "".join(_cell(told[key]) for key in ("Se", "+P", "F1"))
        lines.append(f"{name:<10}{counts}{figures}  {_between(told['interval'])}")
    mean, between = document["mean_F1"], _between(document["mean_F1_interval"])
    lines += ["", f"mean F1 of N, AF and other: {_cell(mean).strip()} {between}"]
    return "\n".join(lines)


def _cell(value):
    return f"{'-':>12}" if value is None else f"{value:>12.3f}"


def _between(interval):
    return "" if interval is None else f"[{interval[0]:.3f}, {interval[1]:.3f}]"
