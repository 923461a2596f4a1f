"""Training, for every single-beat model: data/processed_data/ -> weight/model_NAME.pth, data/history_NAME, runs/.

    python train.py                                     the tutorial's recipe: 10 epochs, batch 32, Adam at 1e-4, SMOTE's rows
    python train.py --model residual --recipe best      one-cycle rate, averaged weights, learnt rows shown less often
    python train.py --model residual --recipe best --hints   it also learns whose beat a row is, and how early the beat came
    python train.py --resume                            after a crash: continues with the last whole epoch, to the bit
    torchrun --nproc-per-node 2 train.py                the same on several processes (gloo on CPU, nccl on GPU)
    tensorboard --logdir runs                           what is logged (explained at `log_epoch` below)

The weights kept are those of the epoch with the best macro-F1 on the validation rows. Test rows are not opened here.
"""
import argparse
import contextlib
import dataclasses
import datetime
import inspect
import json
import math
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import distributed, nn
from torch.nn import functional as F
from tqdm import tqdm

import models
from ecg import artifacts, beats
from ecg.artifacts import InputError
from ecg.scores import confusion, f1, fit_temperature, macro_f1, scored_classes


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a network is trained. The defaults are the tutorial's."""
    epochs: int = 10
    batch: int = 32              # rows a step, over all processes together
    rate: float = 1e-4           # learning rate; the peak of it where the schedule is onecycle
    schedule: str = "constant"   # constant, or onecycle (Smith 2018): up for a tenth of the training, then down by a cosine
    optimiser: str = "adam"      # adam or adamw
    weight_decay: float = 0.0    # of matrices and kernels only
    balance: str = "smote"       # smote: SMOTE's rows too; weights: real rows, loss weighted; sampler: drawn by weight; none
    class_power: float = 1.0     # weights are (class count)^-class_power: 1 makes all classes count the same
    smoothing: float = 0.0       # label smoothing
    mixup: float = 0.0           # Beta parameter of mixup (Zhang 2018), off for the last sixth of the steps; 0 is off
    augment: bool = False        # rows shifted, scaled, on a baseline, with noise: see `augmented`
    average: float = 0.0         # decay a step of the running average of the weights that is kept; 0 keeps the weights themselves
    hints: float = 0.0           # weight of what the network learns beside the classes, see `Learner`; 0: nothing
    focus: float = 0.0           # loss below which a row counts as learnt and is shown less often (see `shown_rows`); 0: never
    bf16: bool = False           # bfloat16 where autocast allows


RECIPES = {"tutorial": Recipe(),
           # chosen on validation rows, with the residual network in mind. Augmentation is off: it costs 0.02 of macro-F1 on rows
           # whose R peaks a person has set (--augment turns it on)
           "best": Recipe(epochs=60, batch=256, rate=4e-3, schedule="onecycle", optimiser="adamw", weight_decay=0.05,
                          balance="weights", class_power=0.25, smoothing=0.03, mixup=0.2, average=0.998, focus=0.3, bf16=True)}
HINTS = 0.3                      # what --hints sets
USUAL_EARLY = 0.2                # by this the prematurity of a beat is divided, so that its guess weighs about as much as a class
BALANCES = ("smote", "weights", "sampler", "none")
EVALUATION_BATCH = 1024


# ------------------------------------------------------------------------------------------------- scores

@torch.no_grad()
def logits_of(network, x, batch=EVALUATION_BATCH):
    """Logits float32 (n, classes) of rows x (n, 187), in eval mode, in float32."""
    network.eval()
    return torch.cat([network(part).float() for part in x.split(batch)]).cpu()


def validation(network, x, y, names):
    """({val_loss, val_acc, val_macro_f1}, confusion matrix) of rows x with classes y (tensors)."""
    return scores_of(logits_of(network, x), y, names)


def scores_of(logits, y, names):
    """`validation` of logits (n, classes) that are there already."""
    y = y.cpu()
    matrix = confusion(y.numpy(), logits.argmax(1).numpy())
    return {"val_loss": F.cross_entropy(logits, y).item(), "val_acc": float(np.trace(matrix) / len(y)),
            "val_macro_f1": float(macro_f1(matrix, names))}, matrix


def f1_by_class(matrix):
    """{class: F1}, 0 where it is undefined."""
    return dict(zip(beats.CLASS_NAMES, np.nan_to_num(f1(matrix)).tolist()))


# ------------------------------------------------------------------------------------------------- one epoch

def class_weights(y, power):
    """float32 (classes,): (rows of the class)^-power, scaled so that the mean weight of a row is 1; 0 for an absent class."""
    counts = torch.bincount(y.cpu(), minlength=len(beats.CLASS_NAMES)).double()
    weights = torch.where(counts > 0, counts.clamp(min=1) ** -power, 0.0)
    return (weights * counts.sum() / (weights * counts).sum()).float()


def rate_at(recipe, progress):
    """Learning rate after the share `progress` (0 to 1) of the training."""
    if recipe.schedule == "constant":
        return recipe.rate
    rising = 0.1
    if progress < rising:
        return recipe.rate * (0.04 + 0.96 * progress / rising)
    return recipe.rate * 0.5 * (1 + math.cos(math.pi * (progress - rising) / (1 - rising)))


def shown_rows(row_loss, focus, epoch, seed):
    """(bool (n,): which rows this epoch shows, float32 (n,): their weight in the loss).

    Four beats in five are learnt for good after a few epochs. A row is shown with probability loss / focus, by the loss it
    had when last shown, but at least 1 in 5; its weight is the inverse, so the sum that is minimised stays, in the mean,
    the sum over all rows (importance sampling: Katharopoulos & Fleuret 2018)."""
    share = (row_loss / focus).clamp(0.2, 1.0)
    generator = torch.Generator().manual_seed(seed * 1_000_003 + 500_000 + epoch)
    return torch.rand(len(share), generator=generator) < share, 1 / share


def epoch_order(y, epoch, seed, weights=None):
    """Indices of the rows of an epoch in the order they are trained on: a permutation, or draws by class weight. It
    depends on seed and epoch alone, so every process of a run, and a resumed run, has the same one."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    if weights is None:
        return torch.randperm(len(y), generator=generator)
    return torch.multinomial(weights[y.cpu()].double(), len(y), replacement=True, generator=generator)


def augmented(x, mean, scale):
    """Rows as a recorder and a detector might have given them: begun up to 2 samples early or late (a detector's R peak is
    off by 3 ms on average, 17 ms now and then), scaled by 10 %, on a slow baseline of 2 % and with noise of 1 % of the
    row's range. x (n, 187) standardised with mean, scale (187,); the zeros that pad a row stay zeros."""
    n, width = x.shape
    time = torch.arange(width, device=x.device)
    row = (x * scale + mean).gather(1, (time + torch.randint(-2, 3, (n, 1), device=x.device)).clamp(0, width - 1))
    real = models.real_samples(row)
    stretch, drift, phase, noise = (torch.rand(n, 1, device=x.device) for _ in range(4))
    wave = torch.sin(time * (2 * torch.pi / width) * (0.5 + drift) + 2 * torch.pi * phase)
    row = row * (0.9 + 0.2 * stretch) + 0.02 * drift * wave + 0.01 * noise * torch.randn_like(row)
    return (row * real - mean) / scale


class Learner(nn.Module):
    """A network and, while it learns, further outputs from what its last layers see. forward: (logits (n, members, classes), None or
    (n, members, kinds + 1)).

    What kind of beat a row is in its record (record and annotation symbol: `kinds` of them) and how early the beat came (ln of the RR
    interval before it over the usual one) are not in the row, and known of training rows only. A network that has to guess them looks
    at more of a row than the few S beats teach it: the repolarisation tells of the interval before. (Extra outputs: Caruana 1997;
    information that is there in training only: Vapnik & Vashist 2009.) Neither they nor their weights are saved with the network."""

    def __init__(self, network, kinds=0):
        super().__init__()
        self.network, self.more, self.said = network, nn.ModuleList(), []
        last = [m for m in network.modules() if isinstance(m, nn.Linear) and m.out_features == len(beats.CLASS_NAMES)] if kinds else []
        for layer in last:
            more = nn.Linear(layer.in_features, kinds + 1).to(layer.weight.device)
            self.more.append(more)
            layer.register_forward_hook(lambda it, seen, _, more=more: self.said.append(more(seen[0])) if it.training else None)

    def forward(self, x):
        self.said.clear()
        logits = self.network(x)
        logits = logits if logits.dim() == 3 else logits[:, None]         # every member learns for itself
        said = torch.stack(self.said, 1) if self.said else None
        self.said.clear()
        return logits, said


def hints_of(rows, splits, n):
    """(kind int64 (n,), early float32 (n,)) of the first n rows of the splits together, from the manifest's `rows`. Raises InputError
    where it is not known what they are."""
    about = {key: [v for split in splits for v in rows.get(split, {}).get(key, [])][:n] for key in ("record", "symbol", "early")}
    if any(len(values) != n or None in values for values in about.values()):
        raise InputError("--hints needs to know which beat of which record each row is, and these rows do not tell: prepare them with "
                         "python data_preprocess.py --source records (or --source download)")
    kind = np.unique([f"{r} {s}" for r, s in zip(about["record"], about["symbol"])], return_inverse=True)[1]
    return torch.from_numpy(kind), torch.tensor(about["early"], dtype=torch.float32) / USUAL_EARLY


def step_loss(learner, x, y, weights, recipe, norm, mix, scaler, hints=None):
    """(loss of these rows, which rows it gets right, the plain cross-entropy of each). weights: (n,) of each row; their
    sum over the whole step and all processes is `norm`, which the loss is divided by; hints: None or (kind (n,), early (n,))."""
    other, share = None, 1.0
    if recipe.augment:
        x = augmented(x, *scaler)
    if mix and len(y) > 1:
        share = float(torch.distributions.Beta(recipe.mixup, recipe.mixup).sample())
        share = max(share, 1 - share)                     # the row itself is the larger part: its loss says whether it is learnt
        other = torch.randperm(len(y), device=x.device)
        x = torch.lerp(x[other], x, share)
    logits, said = learner(x)
    logits = logits.float()

    def losses(logits, target, smoothing=0.0):
        each = F.cross_entropy(logits.transpose(1, 2), target[:, None].expand(logits.shape[:2]), label_smoothing=smoothing, reduction="none")
        return each.mean(1)

    def wrong(rows):
        """Loss (n,) by what is true of `rows`."""
        loss = losses(logits, y[rows], recipe.smoothing)
        if hints:
            kind, early = (hint[rows] for hint in hints)
            guess = F.smooth_l1_loss(said[..., -1].float(), early[:, None].expand(said.shape[:2]), reduction="none").mean(1)
            loss = loss + recipe.hints * (losses(said[..., :-1].float(), kind, recipe.smoothing) + guess)
        return loss

    terms = [(share, slice(None))] + ([(1 - share, other)] if other is not None else [])
    loss = sum(part * (weights * wrong(rows)).sum() for part, rows in terms)
    with torch.no_grad():
        plain = losses(logits, y) if recipe.focus else None
        right = logits.softmax(2).mean(1).argmax(1) == y
    return loss / norm, right, plain


class Run:
    """What changes from step to step, and how it is saved and restored: network, optimiser, average, history."""

    def __init__(self, net, recipe, rows, device, ranks=1, kinds=0):
        self.network = models.fast_form(net, same_dropout=not recipe.bf16).to(device)
        if ranks > 1:
            models.SyncedBatchNorm.convert(self.network)
        self.learner = Learner(self.network, kinds)
        moving = [p for p in self.learner.parameters() if p.requires_grad]
        groups = [{"params": [p for p in moving if p.dim() > 1], "weight_decay": recipe.weight_decay},
                  {"params": [p for p in moving if p.dim() <= 1], "weight_decay": 0.0}]
        optimiser = torch.optim.AdamW if recipe.optimiser == "adamw" else torch.optim.Adam
        self.optimiser = optimiser(groups, lr=recipe.rate, fused=device.type in ("cpu", "cuda"))
        self.steps = 0
        self.row_loss = torch.full((rows if recipe.focus else 0,), torch.inf)
        self.average = models.fast_form(net).to(device).eval() if recipe.average else None
        if self.average is not None:
            self.average.load_narrow(self.network.narrow_state())
        self.epoch, self.history, self.best = 0, {}, None

    @property
    def kept(self):
        """The network that is validated and saved."""
        return self.network if self.average is None else self.average

    def follow(self, decay):
        """The average follows the weights; at first faster, so that it forgets where it began."""
        with torch.no_grad():
            share = 1 - min(decay, (1 + self.steps) / (10 + self.steps))
            for mine, theirs in zip(self.average.state_dict().values(), self.network.state_dict().values()):
                mine.lerp_(theirs, share) if mine.is_floating_point() else mine.copy_(theirs)

    def state(self):
        return {"network": self.network.narrow_state(), "more": self.learner.more.state_dict(),
                "optimiser": self.optimiser.state_dict(), "epoch": self.epoch, "steps": self.steps, "row_loss": self.row_loss,
                "average": self.average.narrow_state() if self.average is not None else None,
                "history": json.dumps(self.history), "best": json.dumps(self.best)}

    def restore(self, state):
        self.network.load_narrow(state["network"])
        self.learner.more.load_state_dict(state["more"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.steps, self.row_loss = state["steps"], state["row_loss"].cpu()
        if self.average is not None:
            self.average.load_narrow(state["average"])
        self.epoch, self.history, self.best = state["epoch"], json.loads(state["history"]), json.loads(state["best"])


def train_epoch(run, x, y, order, recipe, row_weight=None, rank=0, ranks=1, device=torch.device("cpu"), quiet=False,
                scaler=None, hints=None):
    """One pass over `order`. Returns {train_loss, train_acc, lr}: the mean over rows of the loss that was minimised, the
    share of rows got right while learning, the learning rate at the end. Whole tensors are indexed, nothing is collated.
    row_weight: (len(x),) or None for 1; scaler: (mean, scale) of the rows, which augmentation asks for; hints: from `hints_of`."""
    learner = run.learner
    if ranks > 1:
        learner = nn.parallel.DistributedDataParallel(learner, broadcast_buffers=False)
    learner.train()
    steps = -(-len(order) // recipe.batch)
    row_weight = torch.ones(len(y), device=device) if row_weight is None else row_weight.to(device)
    order = order.to(device)
    seen = torch.zeros(2, len(run.row_loss), device=device)
    losses, norms, right = [], [], torch.zeros((), dtype=torch.int64, device=device)
    for step in tqdm(range(steps), f"epoch {run.epoch + 1}/{recipe.epochs}", disable=True if quiet else None, leave=False):
        progress = (run.epoch + step / steps) / recipe.epochs
        for group in run.optimiser.param_groups:
            group["lr"] = rate_at(recipe, progress)
        whole = order[step * recipe.batch:(step + 1) * recipe.batch]
        norm = row_weight[whole].sum()
        mine = whole.tensor_split(ranks)[rank]
        with torch.autocast(device.type, torch.bfloat16, enabled=recipe.bf16):
            loss, hits, plain = step_loss(learner, x[mine], y[mine], row_weight[mine], recipe, norm,
                                          recipe.mixup > 0 and progress < 5 / 6, scaler, hints and [hint[mine] for hint in hints])
        run.optimiser.zero_grad(set_to_none=True)
        (loss * ranks).backward()                         # the processes' gradients are averaged; their sum is wanted
        run.optimiser.step()
        if run.average is not None:
            run.follow(recipe.average)
        run.steps += 1
        losses.append(loss.detach())
        norms.append(norm)
        right += hits.sum()
        if plain is not None:
            seen[0, mine], seen[1, mine] = plain, 1.0
    total = torch.stack([(torch.stack(losses) * torch.stack(norms)).sum(), right.float()])
    if ranks > 1:
        distributed.all_reduce(total)
        distributed.all_reduce(seen)
    if recipe.focus:
        run.row_loss = torch.where(seen[1] > 0, seen[0], run.row_loss.to(device)).cpu()
    loss, hits = total[0].item() / torch.stack(norms).sum().item(), total[1].item()
    if not np.isfinite(loss):
        raise InputError(f"the loss is not finite in epoch {run.epoch + 1}: take a smaller --rate than {recipe.rate:g}")
    return {"train_loss": loss, "train_acc": hits / len(order), "train_rows": len(order), "lr": rate_at(recipe, progress)}


# ------------------------------------------------------------------------------------------------- what is logged

def log_epoch(writer, row, epoch):
    """TensorBoard's scalars: loss (cross-entropy, with --hints plus what these cost; mean over rows) and accuracy (share of rows) on training
    rows while they are learnt and on validation rows after the epoch; macro-F1 (mean over classes, what selects the epoch); learning rate."""
    for tag, key in (("Train/Loss", "train_loss"), ("Train/Acc", "train_acc"), ("Val/Loss", "val_loss"), ("Val/Acc", "val_acc"),
                     ("Val/MacroF1", "val_macro_f1"), ("LearningRate", "lr")):
        if key in row:
            writer.add_scalar(tag, row[key], epoch)


def log_figures(writer, matrix, x, y, logits, scaler, epoch):
    """TensorBoard's images: the confusion matrix, and the validation rows that the network gets most confidently wrong."""
    from matplotlib.figure import Figure
    names = beats.CLASS_NAMES
    figure = Figure(figsize=(5, 4.5))
    axes = figure.add_subplot(xlabel="predicted", ylabel="true", xticks=range(len(names)), yticks=range(len(names)),
                              xticklabels=names, yticklabels=names, title="validation rows: count, share of the true class")
    share = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for i, j in np.ndindex(*matrix.shape):
        axes.text(j, i, f"{matrix[i, j]:,}\n{share[i, j]:.1%}", ha="center", va="center", fontsize=8,
                  color="white" if share[i, j] > 0.5 else "black")
    writer.add_figure("Val/ConfusionMatrix", figure, epoch)

    confidence, predicted = torch.softmax(logits, 1).max(1)
    wrong = torch.where(predicted != y, confidence, -1.0).argsort(descending=True)[:min(12, int((predicted != y).sum()))]
    rows = (x[wrong.to(x.device)] * scaler[1] + scaler[0]).cpu().numpy()
    seconds = np.arange(rows.shape[1]) / beats.ROW_FS
    figure = Figure(figsize=(10, 6))
    axes = figure.add_subplot(title=f"the {len(rows)} surest mistakes on validation rows: {seconds[-1]:.2f} s from R, min to max\n")
    axes.set_axis_off()
    for place, i in enumerate(wrong.tolist()):                       # one axes for all of them: drawn in a tenth of the time
        left, low = place % 4 * 1.8, -(place // 4) * 1.5
        axes.plot(left + seconds, low + rows[place], lw=0.8, color=beats.CLASS_COLORS[names[y[i]]])
        axes.text(left, low + 1.1, f"{names[y[i]]} taken for {names[predicted[i]]}, {confidence[i]:.0%}", fontsize=9)
    writer.add_figure("Val/Errors", figure, epoch)


def save_history(data, stem, history):
    """data/history_NAME.npy (a dict of lists, for notebooks) and .json (the same; what our code reads)."""
    artifacts.save_npy(Path(data) / f"{stem}.npy", history)
    artifacts.save_json(Path(data) / f"{stem}.json", history)


# ------------------------------------------------------------------------------------------------- the whole training

def processes(device):
    """(rank, number of processes) of a run that torchrun started; (0, 1) otherwise."""
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        return 0, 1
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return distributed.get_rank(), distributed.get_world_size()


def choose_device(name):
    """torch.device for auto, cuda, mps or cpu. Raises InputError for one that this machine lacks."""
    have = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(key for key, there in have.items() if there)
    if not have[name]:
        raise InputError(f"--device {name}: this machine has none; take --device {next(k for k, there in have.items() if there)}")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if name == "cuda" else torch.device(name)


def load_rows(data, device, balance="smote"):
    """((x, y) of the training rows, (x, y) of the validation rows, manifest): tensors on `device`, x (n, 187).

    SMOTE's rows are there with balance `smote` only."""
    manifest = artifacts.load_manifest(data)
    parts = []
    for split in ("train", "val"):
        x, y = artifacts.load_split(data, split)
        n = manifest["n_real"] if split == "train" and balance != "smote" else len(y)
        parts.append((torch.from_numpy(np.array(x[:n]).reshape(n, -1)).to(device), torch.from_numpy(np.array(y[:n])).to(device)))
    return *parts, manifest


def model_card(name, net, arguments, manifest, recipe, seed, extra=()):
    """What a reader of the weights must know: architecture, input contract, classes, where the rows came from, recipe."""
    summary = {key: manifest[key] for key in ("source", "synthetic", "protocol", "seed", "n_real", "counts") if key in manifest}
    defaults = {key: value.default for key, value in inspect.signature(type(net)).parameters.items()}
    return {"name": name, "architecture": type(net).__name__, "arguments": {**defaults, **arguments},
            "parameters": models.parameter_count(net),
            "input": {"rate_hz": beats.ROW_FS, "source_rate_hz": beats.SOURCE_FS, "step": beats.STEP, "width": beats.WIDTH,
                      "scaling": "min-max over the beat's whole segment, then (row - mean) / scale, sample by sample",
                      "mean": manifest["scaler"]["mean"], "scale": manifest["scaler"]["scale"]},
            "classes": manifest["classes"], "manifest": {**summary, "sha256": manifest.get("outputs_sha256", {})},
            "recipe": {**dataclasses.asdict(recipe), "seed": seed, **dict(extra)}, "temperature": 1.0,
            "versions": artifacts.versions()}


def fit(net, card, train, val, recipe, weights_file, *, seed, device, checkpoint, log_dir, report=print, resume=False,
        keep=lambda run: None, patience=None, first_epoch=0, run_dir=None, hints=None):
    """Train `net` and keep its best epoch. Returns (history, metrics of the kept epoch).

    train, val: (x (n, 187), y (n,)) on `device`; val None: nothing to choose by, the last epoch is kept. The weights and `card`
    go to `weights_file` whenever validation macro-F1 is higher than ever; `checkpoint` is written after every epoch, so that
    `resume` continues with the next one exactly as if nothing had happened. `keep(run)` is called after every epoch; `patience`:
    stop after so many epochs without a new best; `first_epoch`: epochs the weights have behind them, for the log; `run_dir`: a log
    to go on with (default: a new one below `log_dir`); `hints`: from `hints_of`, for a recipe with hints."""
    rank, ranks = processes(device)
    (x, y), (x_val, y_val) = train, val or (train[0][:0], train[1][:0])
    names = scored_classes(card["manifest"]["protocol"], np.bincount(y_val.cpu(), minlength=len(beats.CLASS_NAMES)))
    weights = class_weights(y, recipe.class_power) if recipe.balance in ("weights", "sampler") else None
    scaler = [torch.tensor(card["input"][key], dtype=torch.float32, device=device) for key in ("mean", "scale")]
    hints = hints and [hint.to(device) for hint in hints]
    run = Run(net, recipe, len(y), device, ranks, int(hints[0].max()) + 1 if hints else 0)
    identity = json.dumps([{k: v for k, v in card["recipe"].items() if k != "epochs" or recipe.schedule != "constant"},
                           card["architecture"], card["arguments"], card["manifest"]["sha256"], len(y)], sort_keys=True)
    torch.manual_seed(seed + 7919 * rank)
    run_dir = run_dir or log_dir / datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    if resume and checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        if saved["identity"] != identity or len(saved["rng"]) != ranks:
            raise InputError(f"{checkpoint} is of another training (recipe, model, rows or number of processes differ): "
                             "give the same options again, or train afresh without --resume")
        run.restore(saved)
        torch.set_rng_state(saved["rng"][rank].cpu())
        if device.type == "cuda":
            torch.cuda.set_rng_state(saved["device_rng"][rank].cpu())
        run_dir = Path(saved["run_dir"])
        report(f"resumed after epoch {run.epoch} of {recipe.epochs}")
    elif resume:
        report(f"nothing to resume at {checkpoint}: starting afresh")

    writer = None
    if rank == 0:
        from torch.utils.tensorboard import SummaryWriter
        writer = SummaryWriter(run_dir, purge_step=first_epoch + run.epoch + 1)
        if run.epoch == 0:
            with contextlib.suppress(Exception):          # the graph is a picture: a tracer's whim must not cost a training
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    writer.add_graph(net.eval(), torch.zeros(1, beats.WIDTH))
    report(f"{'epoch':>5} {'train loss':>10} {'acc':>7} {'val loss':>10} {'acc':>7} {'macro-F1':>9} {'s':>6}   "
           f"macro-F1 over {', '.join(names)}; {len(y):,} training rows, {len(y_val):,} validation rows")
    while run.epoch < recipe.epochs and not (patience and run.best and run.epoch - run.best["epoch"] >= patience):
        began = time.perf_counter()
        order = epoch_order(y, run.epoch, seed, weights if recipe.balance == "sampler" else None)
        row_weight = weights[y.cpu()] if recipe.balance == "weights" else None
        if recipe.focus:
            shown, inverse = shown_rows(run.row_loss, recipe.focus, run.epoch, seed)
            order, row_weight = order[shown[order]], inverse if row_weight is None else row_weight * inverse
        row = train_epoch(run, x, y, order, recipe, row_weight, rank, ranks, device, quiet=rank > 0, scaler=scaler, hints=hints)
        scores, matrix = {}, None
        if val:
            with torch.autocast(device.type, torch.bfloat16, enabled=recipe.bf16):
                scores, matrix = validation(run.kept, x_val, y_val, names)
        row |= {**scores, "seconds": time.perf_counter() - began}
        run.epoch += 1
        for key, value in row.items():
            run.history.setdefault(key, []).append(value)
        better = not val or run.best is None or row["val_macro_f1"] > run.best["val_macro_f1"]
        if better:
            run.best = {"epoch": run.epoch, **scores, "macro_f1_over": names}
            if val:
                run.best["val_f1"] = f1_by_class(matrix)
        states = _random_states(device, ranks)
        if rank == 0:
            if better:
                artifacts.save_weights(weights_file, run.kept.narrow_state(), {**card, "metrics": run.best})
            keep(run)
            log_epoch(writer, row, first_epoch + run.epoch)
            with artifacts.writing(checkpoint) as temporary:
                torch.save({**run.state(), **states, "identity": identity, "run_dir": str(run_dir)}, temporary)
            shown = (f"{row['val_loss']:>10.4f} {row['val_acc']:>7.2%} {row['val_macro_f1']:>9.4f}" if val
                     else f"{'-':>10} {'-':>7} {'-':>9}")
            report(f"{run.epoch:>5} {row['train_loss']:>10.4f} {row['train_acc']:>7.2%} {shown} {row['seconds']:>6.1f}"
                   f"{'   best' if better and val else ''}")
    if rank == 0 and not val:
        card["metrics"] = {**run.best, "seconds": sum(run.history["seconds"])}
        artifacts.save_json(artifacts.card_path(weights_file), {**card, "history": run.history})
        writer.close()
    elif rank == 0:
        best, card = models.load(weights_file)
        logits = logits_of(best.to(device), x_val)
        matrix = confusion(y_val.cpu(), logits.argmax(1))
        log_figures(writer, matrix, x_val, y_val.cpu(), logits, scaler, first_epoch + run.best["epoch"])
        writer.close()
        card["metrics"] |= {"val_acc": float(np.trace(matrix) / len(y_val)), "val_macro_f1": float(macro_f1(matrix, names)),
                            "val_f1": f1_by_class(matrix), "confusion": matrix,
                            "seconds": sum(run.history["seconds"])}
        logits = logits_of(run.kept, x_val)
        scores, matrix = scores_of(logits, y_val, names)
        card["last"] = {"epoch": run.epoch, **scores, "val_f1": f1_by_class(matrix), "macro_f1_over": names,
                        "temperature": round(fit_temperature(logits.numpy(), y_val.cpu().numpy()), 4)}
        artifacts.save_json(artifacts.card_path(weights_file), {**card, "history": run.history})
        run.best = card["metrics"]
    return run.history, run.best


def _random_states(device, ranks):
    """The random states of all processes, for the checkpoint."""
    own = {"rng": torch.get_rng_state(), "device_rng": torch.cuda.get_rng_state() if device.type == "cuda" else torch.empty(0)}
    every = [own]
    if ranks > 1:
        every = [None] * ranks
        distributed.all_gather_object(every, own)
    return {key: [state[key] for state in every] for key in own}


# ------------------------------------------------------------------------------------------------- the stage

def parser():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0], formatter_class=argparse.RawDescriptionHelpFormatter,
                                epilog="\n".join(__doc__.splitlines()[2:]))
    p.add_argument("--model", choices=[*models.NAMES, "context"], default="self", help="default self: ECGCNN")
    p.add_argument("--recipe", choices=RECIPES, default="tutorial",
                   help="default tutorial; best writes model_NAME_best.pth (residual is always named model_residual.pth)")
    add_recipe_options(p)
    p.add_argument("--init", default="none", metavar="none|imagenet|FILE",
                   help="resnet18: what the backbone starts from (default none); see pretrain_translearn.py")
    p.add_argument("--freeze", action="store_true", help="resnet18: train the last layer only; batch-norm statistics stay too")
    p.add_argument("--hints", action="store_true",
                   help="what the rows do not hold but training may know, their record, symbol and RR interval before, is learnt beside the "
                        "class; it helps where the same patients are in training and test")
    p.add_argument("--refit", action="store_true",
                   help="after a training: train anew with the same options on training and validation rows "
                        "together; the last epoch is kept, with the temperature fitted before")
    add_common_options(p)
    return p


def add_recipe_options(p):
    p.add_argument("--epochs", type=int, help="passes over the training rows (default: the recipe's; tutorial 10)")
    p.add_argument("--batch", type=int, help="rows a step, over all processes together (default: the recipe's; tutorial 32)")
    p.add_argument("--rate", type=float, help="learning rate, its peak under a one-cycle schedule (default: the recipe's; "
                                              "tutorial 1e-4)")
    p.add_argument("--balance", choices=BALANCES, help="smote: SMOTE's rows too; weights: real rows, weighted loss; sampler: "
                                                       "real rows drawn by weight; none: real rows (default: the recipe's; "
                                                       "tutorial smote)")
    p.add_argument("--augment", action=argparse.BooleanOptionalAction, default=None,
                   help="rows shifted, scaled, on a baseline, with noise, as a detector and a recorder may give them (default: off)")
    p.add_argument("--dropout", type=float, help="share of units dropped while training, 0 to 1 (default: the model's)")


def add_common_options(p):
    p.add_argument("--seed", type=int, default=42, help="of weights, order, dropout and augmentation (default 42)")
    p.add_argument("--device", choices=("auto", "cuda", "mps", "cpu"), default="auto", help="default auto: the first there is")
    p.add_argument("--threads", type=int, help="CPU threads (default: torch's choice, one a core)")
    p.add_argument("--resume", action="store_true", help="continue the same training after its last whole epoch")
    p.add_argument("--data", default="data", help="folder that holds processed_data/ (default data)")
    p.add_argument("--weight", default="weight", help="folder of weights (default weight)")
    p.add_argument("--runs", default="runs", help="folder of TensorBoard logs and checkpoints (default runs)")


def recipe_of(args, base):
    """The recipe `base` with what was given on the command line. Raises InputError for what no training can do."""
    given = {key: getattr(args, key) for key in ("epochs", "batch", "rate", "balance", "augment") if getattr(args, key) is not None}
    for key, value in given.items():
        if key not in ("balance", "augment") and not value > 0:
            raise InputError(f"--{key} {value} must be above 0")
    if args.dropout is not None and not 0 <= args.dropout < 1:
        raise InputError(f"--dropout {args.dropout} must lie between 0 and 1")
    if args.threads is not None and args.threads < 1:
        raise InputError(f"--threads {args.threads} must be at least 1")
    return dataclasses.replace(base, **given)


def train(args):
    """One training as the command line describes it. Returns the weights file."""
    recipe = recipe_of(args, RECIPES[args.recipe])
    if args.hints:
        recipe = dataclasses.replace(recipe, hints=HINTS)
        if recipe.balance == "smote":
            raise InputError("--hints: SMOTE's rows are nobody's beats; take --balance weights, sampler or none")
    if args.model != "resnet18" and (args.init != "none" or args.freeze):
        raise InputError("--init and --freeze are for --model resnet18")
    if args.threads:
        torch.set_num_threads(args.threads)
    device = choose_device(args.device)
    rank, _ = processes(device)
    data, weight, runs = artifacts.locate(args.data), artifacts.locate(args.weight), Path(args.runs)
    train_rows, val_rows, manifest = load_rows(data, device, recipe.balance)
    torch.manual_seed(args.seed)
    cls = models.model_class(args.model)
    arguments = {} if args.dropout is None else {"dropout_rate": args.dropout}
    extra = {}
    if args.model == "resnet18":
        from pretrain_translearn import create_model
        if arguments:
            raise InputError("--dropout: ResNet18 has none")
        net = create_model(args.freeze, args.init, weight=weight)
        extra = {"init": Path(args.init).name, "freeze": args.freeze}
    else:
        if args.model == "residual":
            arguments |= {"mean": manifest["scaler"]["mean"], "scale": manifest["scaler"]["scale"]}
        net = cls(**arguments)
    suffix = "_best" if args.recipe == "best" and args.model != "residual" else ""
    weights_file = artifacts.weights_path(weight, args.model, manifest["protocol"], suffix)
    if args.refit:
        extra["refit"] = True
    card = model_card(args.model, net, arguments, manifest, recipe, args.seed, extra)
    if args.refit:
        card |= chosen_before(weights_file, card)
        train_rows, val_rows = tuple(torch.cat(pair) for pair in zip(train_rows, val_rows)), None
    splits = ("train", "val") if args.refit else ("train",)
    hints = hints_of(manifest.get("rows", {}), splits, len(train_rows[1])) if args.hints else None
    report = print_line if rank == 0 else lambda text: None
    report(f"{type(net).__name__}, {card['parameters']:,} parameters, protocol {manifest['protocol']}, "
           f"{'SYNTHETIC' if manifest['synthetic'] else 'real'} rows, {device}, {torch.get_num_threads()} threads")
    history_stem = weights_file.stem.replace("model_", "history_", 1)
    log_dir = runs / weights_file.stem
    _, best = fit(net, card, train_rows, val_rows, recipe, weights_file, seed=args.seed, device=device, log_dir=log_dir,
                  checkpoint=log_dir / f"checkpoint{'_refit' if args.refit else ''}.pth", report=report, resume=args.resume,
                  keep=lambda run: save_history(data, history_stem, run.history), hints=hints)
    report(f"{weights_file}: epoch {best['epoch']}, " + (
        "validation rows learnt too" if args.refit
        else f"validation accuracy {best['val_acc']:.2%}, macro-F1 {best['val_macro_f1']:.4f}"))
    return weights_file


def chosen_before(weights_file, card):
    """What a refit takes over from the training that had validation rows, from its last epoch, which is the one that a refit keeps:
    {temperature, validation (its metrics)}."""
    before = artifacts.load_card(artifacts.require(weights_file, "python train.py with the same options, without --refit"))
    ours, theirs = (artifacts.plain([c["architecture"], c["arguments"], {k: v for k, v in c["recipe"].items()
                                                                         if k not in ("seed", "refit")}]) for c in (card, before))
    if ours != theirs:
        raise InputError(f"--refit: {weights_file} was trained otherwise (model or recipe differ): train with the same options, "
                         "without --refit, first")
    return {"temperature": before["temperature"] if "validation" in before else before["last"]["temperature"],
            "validation": before.get("validation") or {**before["last"], "seed": before["recipe"]["seed"]}}


def print_line(text):
    print(text, flush=True)


def main(argv=None):
    argv = sys.argv[1:] if argv is None else list(argv)
    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument("--model")
    known, rest = chosen.parse_known_args(argv)
    if known.model == "context":
        import model_context
        return model_context.main(rest)
    args = parser().parse_args(argv)
    try:
        train(args)
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


if __name__ == "__main__":
    artifacts.run(main)
