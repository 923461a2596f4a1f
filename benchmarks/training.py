"""How fast training is: the tutorial's literal loop beside ours, on the same rows in the same order, in one run.

    python benchmarks/training.py                 samples per second, turn by turn, and the losses of the epochs
    python benchmarks/training.py --target        a short training of ECGCNN: its time and test score beside the tutorial recipe's time

The rows are those of data/processed_data (python data_preprocess.py). Timings of one machine mean little: look at the ratios.
"""
import argparse
import dataclasses
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import models  # noqa: E402
import train  # noqa: E402
from ecg import artifacts  # noqa: E402
from model_self import ECGCNN  # noqa: E402

CPU = torch.device("cpu")
# As many epochs as fit into a tenth of the tutorial's time; scored once, not tuned afterwards
SHORT = dataclasses.replace(train.RECIPES["best"], epochs=16, average=0.99)


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
    """{name: function of the epoch that trains one epoch and returns its loss}: three loops over the same rows, the first two
    from the same weights, in the same order, with the same units dropped."""
    torch.manual_seed(seed)
    net = ECGCNN()
    ours = {"ours, batch 32": train.Recipe(), "ours, recipe best": dataclasses.replace(train.RECIPES["best"], focus=0.0)}
    runs = {name: train.Run(net, recipe, len(y), CPU) for name, recipe in ours.items()}
    optimizer, criterion = torch.optim.Adam(net.parameters(), lr=1e-4), torch.nn.CrossEntropyLoss()

    def literal(epoch):
        torch.manual_seed(seed + epoch)
        loader = DataLoader(TensorDataset(x[:, :, None], y), batch_size=32, sampler=train.epoch_order(y, epoch, seed).tolist(),
                            generator=torch.Generator())
        return literal_epoch(net, criterion, optimizer, loader)[0]

    def own(name):
        def epoch_of(epoch):
            torch.manual_seed(seed + epoch)
            run, run.epoch = runs[name], epoch
            return train.train_epoch(run, x, y, train.epoch_order(y, epoch, seed), ours[name], quiet=True, scaler=scaler)["train_loss"]
        return epoch_of

    return {"literal loop, batch 32": literal, **{name: own(name) for name in ours}}


def compare(args):
    (x, y), _, manifest = train.load_rows(artifacts.locate(args.data), CPU)
    scaler = [torch.tensor(manifest["scaler"][key], dtype=torch.float32) for key in ("mean", "scale")]
    chosen = torch.randperm(len(y), generator=torch.Generator().manual_seed(args.seed))[:args.rows]
    x, y = x[chosen], y[chosen]
    clock = time.process_time if args.cpu_time else time.perf_counter
    turns = loops(x, y, args.seed, scaler)
    table = {name: ([], []) for name in turns}
    for epoch in range(args.epochs):
        for name, loop in turns.items():
            began = clock()
            table[name][1].append(loop(epoch))
            table[name][0].append(clock() - began)
    print(f"ECGCNN, {len(y):,} rows, {args.epochs} epochs, protocol {manifest['protocol']}, {torch.get_num_threads()} threads; "
          f"{'CPU' if args.cpu_time else 'wall'} time, median over epochs")
    base = np.median(table["literal loop, batch 32"][0])
    for name, (seconds, losses) in table.items():
        print(f"{name:<24} {len(y) / np.median(seconds):>8,.0f} rows/s {base / np.median(seconds):>6.2f} x   losses "
              + " ".join(f"{loss:.4f}" for loss in losses))
    apart = np.abs(np.subtract(table["literal loop, batch 32"][1], table["ours, batch 32"][1])).max()
    print(f"losses of the literal loop and ours at batch 32 differ by at most {apart:.1e}")
    return {"rows": len(y), **{name: {"rows_per_s": len(y) / np.median(seconds), "losses": losses}
                               for name, (seconds, losses) in table.items()}, "largest_loss_difference": apart}


def target(args):
    """The short training, then the one opening of the test rows; its time beside ten epochs of the literal loop."""
    data = artifacts.locate(args.data)
    train_rows, val_rows, manifest = train.load_rows(data, CPU, SHORT.balance)
    torch.manual_seed(args.seed)
    net = ECGCNN()
    weights = Path(args.weight) / "model_self_short.pth"
    card = train.model_card("self", net, {}, manifest, SHORT, args.seed)
    cpu, began = time.process_time(), time.perf_counter()
    train.fit(net, card, train_rows, val_rows, SHORT, weights, seed=args.seed, device=CPU, log_dir=Path(args.runs) / "short",
              checkpoint=Path(args.runs) / "short" / "checkpoint.pth")
    cpu, wall = time.process_time() - cpu, time.perf_counter() - began
    x, y = artifacts.load_split(data, "test")
    names = train.scored_classes(manifest["protocol"], np.bincount(y, minlength=5))
    best, _ = models.load(weights)
    scores, _ = train.validation(best, torch.from_numpy(np.array(x))[:, :, 0], torch.from_numpy(np.array(y)), names)
    args.cpu_time = True
    literal = compare(args)["literal loop, batch 32"]["rows_per_s"]
    (_, every), _, _ = train.load_rows(data, CPU, "smote")
    whole = 10 * len(every) / literal
    print(f"short training: {SHORT.epochs} epochs, {cpu:.0f} s of CPU ({wall:.0f} s), validation included; test accuracy "
          f"{scores['val_acc']:.2%}, macro-F1 {scores['val_macro_f1']:.4f} over {', '.join(names)}\n"
          f"ten epochs of the literal loop over {len(every):,} rows: {whole:.0f} s of CPU at {literal:,.0f} rows/s; "
          f"the short one takes 1/{whole / cpu:.1f} of it")
    return {"cpu_s": cpu, "test": scores, "literal_cpu_s": whole}


def main(argv=None):
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--rows", type=int, default=20_000, help="training rows an epoch, drawn at random")
    p.add_argument("--epochs", type=int, default=3, help="epochs of each loop, turn by turn")
    p.add_argument("--seed", type=int, default=42, help="of weights, order and dropout")
    p.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")
    p.add_argument("--cpu-time", action="store_true", help="count CPU seconds, not wall seconds: for a machine that others use")
    p.add_argument("--target", action="store_true", help="train the short recipe and open the test rows")
    p.add_argument("--data", default="data", help="folder that holds processed_data/")
    p.add_argument("--weight", default="weight", help="folder for the short training's weights (--target)")
    p.add_argument("--runs", default="runs", help="folder for its log (--target)")
    p.add_argument("--out", help="write the figures to this JSON file")
    args = p.parse_args(argv)
    torch.set_num_threads(args.threads)
    figures = target(args) if args.target else compare(args)
    if args.out:
        artifacts.save_json(args.out, figures)


if __name__ == "__main__":
    artifacts.run(main)
