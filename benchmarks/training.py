"""How fast training is: the tutorial's literal loop beside ours, on the same rows in the same
order, in one run.

    python benchmarks/training.py           samples per second, turn by turn, and the losses
    python benchmarks/training.py --target  a short training of ECGCNN: its time and test score
                                            beside the time of the tutorial's recipe

The rows are those of data/processed_data (python data_preprocess.py). Timings of one machine mean
little: look at the ratios.
"""

import dataclasses
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import models  # noqa: E402
from ecg import artifacts, cli  # noqa: E402
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


def literal_epoch(model, criterion, optimizer, loader):
    """An epoch as the tutorial writes it. Returns (mean loss, accuracy)."""
    model.train()
    running_loss, correct, total = 0.0, 0, 0
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


def loops(x, y, seed, scaler):
    """{name: function of the epoch that trains one epoch and returns its loss}: three loops over
    the same rows, the first two from the same weights, in the same order, with the same units
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


def compare(args):
    """The three loops, epoch by epoch in turn. Returns and prints their speed and losses."""
    (x, y), _, manifest = load_rows(artifacts.locate(args.data), CPU)
    scaler = tuple(
        torch.tensor(manifest["scaler"][key], dtype=torch.float32) for key in ("mean", "scale")
    )
    generator = torch.Generator().manual_seed(args.seed)
    chosen = torch.randperm(len(y), generator=generator)[: args.rows]
    x, y = x[chosen], y[chosen]
    clock = time.process_time if args.cpu_time else time.perf_counter
    turns = loops(x, y, args.seed, scaler)
    seconds, losses = ({name: [] for name in turns} for _ in range(2))
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


def target(args):
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


def parser():
    p = cli.stage_parser(__doc__)
    p.add_argument(
        "--rows", type=int, default=20_000, help="training rows an epoch, drawn at random"
    )
    p.add_argument("--epochs", type=int, default=3, help="epochs of each loop, turn by turn")
    p.add_argument("--seed", type=int, default=42, help="of weights, order and dropout")
    p.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")
    p.add_argument(
        "--cpu-time",
        action="store_true",
        help="count CPU seconds, not wall seconds: for a machine that others use",
    )
    p.add_argument(
        "--target", action="store_true", help="train the short recipe and open the test rows"
    )
    p.add_argument("--data", default="data", help="folder that holds processed_data/")
    p.add_argument(
        "--weight", default="weight", help="folder for the short training's weights (--target)"
    )
    p.add_argument("--runs", default="runs", help="folder for its log (--target)")
    p.add_argument("--out", help="write the figures to this JSON file")
    return p


def main(argv: list[str] | None = None) -> None:
    args = parser().parse_args(argv)
    torch.set_num_threads(args.threads)
    figures = target(args) if args.target else compare(args)
    if args.out:
        artifacts.save_json(args.out, figures)


if __name__ == "__main__":
    cli.run(main)
