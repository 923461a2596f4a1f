"""Ventricular fibrillation and flutter: what is found, and what is called so and is none.

    python benchmarks/vf.py --records data/cudb data/mitdb data/svdb data/nstdb --noise data/nstdb

1  share of the time in VF that is found; false episodes, which touch no VF and lie for more than half outside what counts neither way;
   minutes called VF outside VF; how far begin and end of the true episodes of 10 s and more are from those found (median, s)
2  the monitor: how many seconds after the onset of an episode of 8 s and more its probability passes the threshold
3  seconds of CPU for a day of two leads

A record that was learnt from is judged by a network that never saw it: each patient with VF is left out once, with some of the other records
(kept in --keep and read again). Others are judged by the network in weight/ or the shipped one. The truth is episodes.csv where the folder
has one (NOISE and UNSURE count neither way), else `[` to `]` and (VFL of the annotation.
"""  # noqa: E501 (printed as it stands)

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import models  # noqa: E402
from ecg import artifacts, cli, formats, weights  # noqa: E402
from ecg.artifacts import InputError  # noqa: E402
from ecg.export import export_vf  # noqa: E402
from ecg.mitdb import DS1, DS2  # noqa: E402
from ecg.rhythm import fibrillation  # noqa: E402
from ecg.stretches import overlapping, overlaps, within, without  # noqa: E402
from ecg.training import vf as training  # noqa: E402
from ecg.training import vf_data  # noqa: E402

OTHERS = ["data/cinc2017"]  # where they are there
Open = Callable[[str], Any]  # FOLDER/RECORD -> the network for it
LONG, ONSET = 10.0, 8.0  # s: episodes whose edges, whose onsets are looked at
LATEST = 30  # s after the onset, until when the monitor is asked
SEEN = 15  # s that it looks at


class Score(NamedTuple):
    """Of a recording, in s: its length, its time in VF, how much of that is found, what is called
    VF beside it and is counted; how many false episodes; (start, end) errors of long episodes."""

    seconds: float
    vf: float
    found: float
    beside: float
    false: int
    edges: list[tuple[float, float]]


def score(spans: np.ndarray, truth: vf_data.Truth, fs: float, n: int) -> Score:
    """The Score of the spans (k, 2) found in a recording of n samples."""
    counted = np.array(without(spans, truth.uncounted), np.int64).reshape(-1, 2)
    beside = np.array(without(counted, truth.vf), np.int64).reshape(-1, 2)
    false = 0
    for span, touches in zip(spans, overlapping(spans[:, 0], spans[:, 1], truth.vf)):
        left = _length(np.array(without(span[None], truth.uncounted)))
        false += not touches and left > (span[1] - span[0]) / 2
    edges = []
    for start, stop in truth.vf[np.diff(truth.vf, axis=1)[:, 0] >= LONG * fs]:
        mine = spans[overlapping(spans[:, 0], spans[:, 1], np.array([[start, stop]]))]
        if len(mine):
            edges.append(((mine[0, 0] - start) / fs, (mine[-1, 1] - stop) / fs))
    found = _length(overlaps(truth.vf, spans))
    vf, beside_s = _length(truth.vf) / fs, _length(beside) / fs
    return Score(n / fs, vf, found / fs, beside_s, int(false), edges)


def _length(spans):
    spans = np.asarray(spans).reshape(-1, 2)
    return float((spans[:, 1] - spans[:, 0]).sum())


# ---- the networks


def networks(args: argparse.Namespace) -> Open:
    """For each record the network that never saw it."""
    kept, other = Path(args.keep), fibrillation.open_model(args.weight)
    folders = [Path(folder) for folder in args.records]
    learnt = [each for each in folders if each.name not in ("svdb", "nstdb")]
    listed = kept / "folds.txt"
    if not listed.exists():
        if not any((artifacts.locate(each) / vf_data.EPISODES).exists() for each in learnt):
            if other is None:
                raise InputError(fibrillation.MISSING)
            return lambda name: other
        _train(args, learnt, listed)
    lines = [line.rsplit(" ", 1) for line in listed.read_text().splitlines()]
    fold = {name: int(number) for name, number in lines}
    sessions = {k: fibrillation.open_model(kept / f"fold{k}") for k in set(fold.values())}
    return lambda name: sessions[fold[name]] if name in fold else other or sessions[0]


def _train(args, folders, listed):
    others = [each for each in map(artifacts.locate, args.others) if each.is_dir()]
    data = vf_data.load_vf_data([*folders, *others], artifacts.locate(args.noise), args.seed)
    recipe = training.RECIPES["vf"]
    fold, found = training.cross_validate(models.model_class("vf"), data, args.seed, recipe)
    for k, network in enumerate(found):
        path = weights.weights_path(listed.parent / f"fold{k}", "vf")
        card = training.vf_card(network, data, training.LIMITS, {}, args.seed, recipe)
        export_vf(network, weights.onnx_path(path), card)
    rows = [f"{name} {k}" for name, k in zip(data.names.tolist(), fold.tolist()) if k >= 0]
    listed.write_text("\n".join(rows) + "\n")


# ---- the tables


def judged(folder: Path, network_for: Open) -> dict[str, Score]:
    """The Score of each recording of a folder."""
    found = {}
    for name in vf_data.records_of(folder):
        leads, fs = _leads(folder, name)
        network = network_for(f"{folder.name}/{name}")
        truth = vf_data.truth_of(folder, name, fs, len(leads[0]))
        spans = fibrillation.find_fibrillation(network, leads, fs).spans
        found[name] = score(spans, truth, fs, len(leads[0]))
    return found


def _leads(folder, name):
    recording = formats.read_recording(folder / f"{name}.hea", 0, second="auto")
    return recording.signals(), recording.fs


def line(title: str, scores: Iterable[Score]) -> str:
    """A line of table 1."""
    scores = list(scores)
    hours = sum(each.seconds for each in scores) / 3600
    vf, found = sum(each.vf for each in scores), sum(each.found for each in scores)
    beside = sum(each.beside for each in scores) / 60
    false = sum(each.false for each in scores)
    share = f"{100 * found / vf:5.1f} % of {vf:5.0f} s" if vf else "    no VF       "
    edges = np.array([edge for each in scores for edge in each.edges]).reshape(-1, 2)
    text = (
        f"   {title:<16}{len(scores):>4} records {hours:6.2f} h  {share}  {false:>3} false "
        f"({false / hours:.2f}/h)  {beside:6.2f} min beside"
    )
    if len(edges):
        start, stop = np.median(edges, axis=0)
        text += f"  edges {start:+.1f} {stop:+.1f} s"
    return text


def table_of_episodes(folder: Path, network_for: Open) -> None:
    """Table 1 of a folder."""
    found = judged(folder, network_for)
    print(line(folder.name, found.values()))
    if set(DS1) <= set(found):
        parts = {"DS1": set(DS1) - {"207"}, "207": {"207"}, "DS2": set(DS2)}
        parts["paced"] = set(found) - set(DS1) - set(DS2)
        for title, names in parts.items():
            print(line(f"  {title}", (each for name, each in found.items() if name in names)))
    for name, each in found.items():
        if each.vf or each.false or each.beside:
            print(
                f"     {name}: VF {each.vf:.0f} s, found {each.found:.0f}; beside {each.beside:.0f}"
                f" s, {each.false} false"
            )


def delays(folder: Path, network_for: Open) -> tuple[list[float], int]:
    """(s from each onset to the alarm, how many onsets without one): of episodes of ONSET s and
    more that begin after something else than VF."""
    seconds, missed = [], 0
    for name in vf_data.records_of(folder):
        leads, fs = _leads(folder, name)
        n, network = len(leads[0]), network_for(f"{folder.name}/{name}")
        truth = vf_data.truth_of(folder, name, fs, n)
        known = within([*truth.vf, *truth.uncounted], n)
        for start, stop in truth.vf:
            if stop - start < ONSET * fs or start not in known[:, 0] or start == 0:
                continue
            for second in range(1, min(LATEST, int((stop - start) / fs)) + 1):
                now = start + round(second * fs)
                seen = [lead[max(now - round(SEEN * fs), 0) : now] for lead in leads]
                likely = fibrillation.fibrillation_now(network, seen, fs)
                if likely > fibrillation.limits_of(network).high:
                    seconds.append(float(second))
                    break
            else:
                missed += 1
    return seconds, missed


def table_of_delays(folders: Iterable[Path], network_for: Open) -> None:
    """Table 2."""
    for folder in folders:
        seconds, missed = delays(folder, network_for)
        if seconds:
            quartiles = ", ".join(f"{q:g}" for q in np.percentile(seconds, [0, 25, 50, 75, 100]))
            late = sum(each > 8 for each in seconds)
            print(
                f"2  {folder.name}: {len(seconds) + missed} onsets; s to the alarm, quartiles: "
                f"{quartiles}; {late} later than 8 s, {missed} without one"
            )


def table_of_time(network: Any) -> None:
    """Table 3: made of an hour of noise at 360 Hz."""
    rng = np.random.default_rng(0)
    leads = [np.cumsum(rng.standard_normal(3600 * 360)) for _ in range(2)]
    began = time.process_time()
    fibrillation.find_fibrillation(network, leads, 360.0)
    print(f"3  {24 * (time.process_time() - began):.0f} s of CPU for a day of two leads")


def options() -> cli.Parser:
    """The parser of the command line."""
    parser = cli.stage_parser(__doc__)
    cli.add(parser, "--records", nargs="+", help="folders of recordings")
    cli.add(parser, "--weight", "--seed")
    option = parser.add_argument
    option("--noise", default="data/nstdb", help="folder of measured noise (data/nstdb)")
    option("--others", nargs="*", default=OTHERS, metavar="DIR", help="learnt from, not scored")
    option("--keep", metavar="DIR", default="runs/vf", help="networks of the folds (runs/vf)")
    return parser


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    network_for = networks(args)
    folders = [artifacts.locate(folder) for folder in args.records]
    print("1  VF found, false episodes")
    for folder in folders:
        table_of_episodes(folder, network_for)
    table_of_delays(folders, network_for)
    table_of_time(network_for(""))


if __name__ == "__main__":
    cli.run(main)
