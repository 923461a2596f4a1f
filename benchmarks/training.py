"""How fast training is: the tutorial's literal loop beside ours, on the same rows in the same
order, in one run.

    python benchmarks/training.py           samples per second, turn by turn, and the losses
    python benchmarks/training.py --target  a short training of ECGCNN: its time and test score
                                            beside the time of the tutorial's recipe

The rows are those of data/processed_data (python data_preprocess.py). Timings of one machine mean
little: look at the ratios.
"""

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import models  # noqa: E402
from ecg import artifacts, cli, ranges  # noqa: E402
from ecg.evaluation.metrics import scored_classes  # noqa: E402
from ecg.training.loop import Files, Training  # noqa: E402
from ecg.training.recipe import RECIPES, Recipe  # noqa: E402
from ecg.training.row_loss import epoch_order  # noqa: E402
from ecg.training.row_training import fit_rows, model_card  # noqa: E402
from ecg.training.rows import RowTask, load_rows, validate_rows  # noqa: E402
from model_self import ECGCNN  # noqa: E402

CPU = torch.device("cpu")
# As many epochs as fit into a tenth of the tutorial's time; scored once, not tuned afterwards
SHORT = dataclasses.replace(RECIPES["best"], epochs=16, average=0.99)
LITERAL, OURS = "literal loop, batch 32", "ours, batch 32"


def literal_epoch(
    model: nn.Module,
    criterion: nn.Module,
    optimizer: torch.optim.Optimizer,
    loader: Iterable[tuple[torch.Tensor, torch.Tensor]],
) -> tuple[float, float]:
    """An epoch as the tutorial writes it. Returns (mean loss, accuracy)."""
    model.train()
    running_loss, correct, total = 0.0, 0.0, 0
    for inputs, labels in loader:
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item() * inputs.size(0)
        _, predicted = torch.max(outputs, 1)
        correct += (predicted == labels).sum().item()
        total += labels.size(0)
    return running_loss / total, correct / total


def loops(
    x: torch.Tensor, y: torch.Tensor, seed: int, scaler: tuple[torch.Tensor, torch.Tensor]
) -> dict[str, Callable[[int], float]]:
    """{name: function of the epoch that trains one epoch and returns its loss}: three loops over
    the same rows, the first two from the same weights, in the same order, with as many units
    dropped."""
    torch.manual_seed(seed)
    net = ECGCNN()
    best = dataclasses.replace(RECIPES["best"], focus=0.0, balance="none")
    ours = {OURS: Recipe(), "ours, recipe best": best}
    tasks = {
        name: RowTask((x, y), None, recipe, seed=seed, device=CPU, scaler=scaler)
        for name, recipe in ours.items()
    }
    trainings = {name: Training(task, net) for name, task in tasks.items()}
    optimizer, criterion = torch.optim.Adam(net.parameters(), lr=1e-4), torch.nn.CrossEntropyLoss()

    def literal(epoch):
        torch.manual_seed(seed + epoch)
        loader = DataLoader(
            TensorDataset(x[:, :, None], y),
            batch_size=32,
            sampler=epoch_order(y, epoch, seed).tolist(),
            generator=torch.Generator(),
        )
        return literal_epoch(net, criterion, optimizer, loader)[0]

    def own(name):
        def epoch_of(epoch):
            torch.manual_seed(seed + epoch)
            return trainings[name].learn_epoch()["train_loss"]

        tasks[name].quiet = True
        return epoch_of

    return {LITERAL: literal, **{name: own(name) for name in ours}}


def compare(args: argparse.Namespace) -> dict:
    """The three loops, epoch by epoch in turn. Returns and prints their speed and losses."""
    (x, y), _, manifest = load_rows(artifacts.locate(args.data), CPU)
    mean, scale = (
        torch.tensor(manifest["scaler"][key], dtype=torch.float32) for key in ("mean", "scale")
    )
    generator = torch.Generator().manual_seed(args.seed)
    chosen = torch.randperm(len(y), generator=generator)[: args.rows]
    x, y = x[chosen], y[chosen]
    clock = time.process_time if args.cpu_time else time.perf_counter
    turns = loops(x, y, args.seed, (mean, scale))
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    losses: dict[str, list[float]] = {name: [] for name in turns}
    for epoch in range(args.epochs):
        for name, loop in turns.items():
            began = clock()
            losses[name].append(loop(epoch))
            seconds[name].append(clock() - began)
    print(
        f"ECGCNN, {len(y):,} rows, {args.epochs} epochs, protocol {manifest['protocol']}, "
        f"{torch.get_num_threads()} threads; {'CPU' if args.cpu_time else 'wall'} time, median "
        "over epochs"
    )
    speed = {name: len(y) / np.median(of_epochs) for name, of_epochs in seconds.items()}
    for name in turns:
        rate, of_epochs = speed[name], " ".join(f"{loss:.4f}" for loss in losses[name])
        times = rate / speed[LITERAL]
        print(f"{name:<24} {rate:>8,.0f} rows/s {times:>6.2f} x   losses {of_epochs}")
    apart = np.abs(np.subtract(losses[LITERAL], losses[OURS])).max()
    print(f"losses of the literal loop and ours at batch 32 differ by at most {apart:.1e}")
    figures = {name: {"rows_per_s": speed[name], "losses": losses[name]} for name in turns}
    return {"rows": len(y), **figures, "largest_loss_difference": apart}


def target(args: argparse.Namespace) -> dict:
    """The short training, then the one opening of the test rows; its time beside ten epochs of the
    literal loop."""
    data = artifacts.locate(args.data)
    train, val, manifest = load_rows(data, CPU, SHORT.balance)
    torch.manual_seed(args.seed)
    net = ECGCNN()
    weights = Path(args.weight) / "model_self_short.pth"
    card = model_card("self", net, {}, manifest, SHORT, args.seed)
    log_dir = Path(args.runs) / "short"
    files = Files(log_dir / "checkpoint.pth", log_dir)
    cpu, began = time.process_time(), time.perf_counter()
    fit_rows(net, card, train, val, SHORT, weights, files, seed=args.seed, device=CPU, report=print)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - began
    x, y = (torch.from_numpy(np.array(part)) for part in artifacts.load_split(data, "test"))
    names = scored_classes(manifest["protocol"], np.bincount(y, minlength=5))
    scores, _ = validate_rows(models.load(weights)[0], x[:, :, 0], y, names)
    args.cpu_time = True
    literal = compare(args)[LITERAL]["rows_per_s"]
    every = len(load_rows(data, CPU, "smote")[0][1])
    whole = 10 * every / literal
    print(
        f"short training: {SHORT.epochs} epochs, {cpu:.0f} s of CPU ({wall:.0f} s), validation "
        f"included; test accuracy {scores['val_acc']:.2%}, macro-F1 {scores['val_macro_f1']:.4f} "
        f"over {', '.join(names)}\n"
        f"ten epochs of the literal loop over {every:,} rows: {whole:.0f} s of CPU at "
        f"{literal:,.0f} rows/s; the short one takes 1/{whole / cpu:.1f} of it"
    )
    return {"cpu_s": cpu, "test": scores, "literal_cpu_s": whole}


def options() -> cli.Parser:
    """The parser of the command line."""
    p = cli.stage_parser(__doc__)
    option = p.add_argument
    option(
        "--rows",
        metavar="N",
        type=ranges.COUNT,
        default=20_000,
        help="rows an epoch, drawn at random",
    )
    cli.add(p, "--epochs", default=3, help="of each loop, turn by turn")
    cli.add(p, "--seed", default=42, help="of weights, order and dropout")
    cli.add(p, "--threads", default=torch.get_num_threads())
    option("--cpu-time", action="store_true", help="CPU, not wall seconds: where others work too")
    option("--target", action="store_true", help="train the short recipe, open the test rows")
    cli.add(p, "--data", help="folder that holds processed_data/")
    cli.add(p, "--weight", help="--target: folder of the short training's weights")
    cli.add(p, "--runs", help="--target: folder of its log")
    cli.add(p, "--out", metavar="FILE", help="write the figures as JSON")
    return p


@cli.stage(options)
def main(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    figures = target(args) if args.target else compare(args)
    if args.out:
        artifacts.save_json(args.out, figures)


if __name__ == "__main__":
    cli.run(main)
