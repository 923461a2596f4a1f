"""Transfer learning with ResNet18 -> weight/model_resnet18.pth; pre-training of our own -> weight/ecg_resnet18.pth.

    python pretrain_translearn.py                                  trains by train.py's loop (train.py --model resnet18)
    python pretrain_translearn.py --init imagenet --freeze         only the last layer learns, over ImageNet's features
    python pretrain_translearn.py --pretrain --records DIR         features from unlabelled ECG: hidden spans are filled in
    python pretrain_translearn.py --init weight/ecg_resnet18.pth   and the training that starts from them
    python pretrain_translearn.py --compare                        frozen, full and from scratch at 100 and 1,000 beats

A row is an image of width 1, so of a 3x3 kernel only the middle column ever meets data. The kernels here are that column,
(3, 1): the outputs are torchvision's to rounding, in a third of the parameters. Parameters have torchvision's names.
"""
import argparse
import re
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

import models
import train
from ecg import artifacts, beats, records
from ecg.artifacts import InputError
from ecg.beats import CLASS_NAMES, WIDTH

IMAGENET = "https://download.pytorch.org/models/resnet18-f37072fd.pth"


class BasicBlock(nn.Module):
    """Two (3, 1) convolutions and the way around them (He 2015)."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, (3, 1), (stride, 1), (1, 0), bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, (3, 1), 1, (1, 0), bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.downsample = None
        if stride > 1 or before != after:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, (stride, 1), bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class PretrainedResNet1D(nn.Module):
    """ResNet18 on rows as images of 187 x 1: first convolution (7, 1) with stride (2, 1) and one channel, 512 -> 5.

    forward takes (N, 187), (N, 187, 1) or (N, 1, 187), standardised, and returns logits (N, num_classes). `freeze()` leaves
    only the last layer to learn; batch-norm statistics of what is frozen stay as they are in training mode too."""

    def __init__(self, num_classes=len(CLASS_NAMES), input_shape=(WIDTH, 1)):
        super().__init__()
        self.width, self.channels = input_shape
        self.frozen = False
        self.conv1 = nn.Conv2d(self.channels, 64, (7, 1), (2, 1), (3, 0), bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d((3, 1), (2, 1), (1, 0))
        sizes = (64, 64, 128, 256, 512)
        for i in range(4):
            setattr(self, f"layer{i + 1}", nn.Sequential(BasicBlock(sizes[i], sizes[i + 1], 1 if i == 0 else 2),
                                                         BasicBlock(sizes[i + 1], sizes[i + 1], 1)))
        self.fc = nn.Linear(512, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, image):
        """(N, 512, 6, 1), what the last layer averages, of images (N, 1, 187, 1)."""
        x = self.maxpool(torch.relu(self.bn1(self.conv1(image))))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))

    def head(self, features):
        return self.fc(features.mean((2, 3)))

    def forward(self, x):
        return self.head(self.features(models.as_channels(x, self.width, self.channels).unsqueeze(-1)))

    def freeze(self):
        self.frozen = True
        for name, parameter in self.named_parameters():
            parameter.requires_grad = name.startswith("fc.")
        return self.train(self.training)

    def train(self, mode=True):
        super().train(mode)
        if self.frozen:
            for name, child in self.named_children():
                child.train(mode and name == "fc")
        return self

    def adapt(self, state):
        """A ResNet18's state_dict, torchvision's or one wrapped as `model.0...`, under our names and with our kernels: the
        middle column of a wider kernel, the sum over the colours of a first one with three. Another head is left out."""
        order = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3", "7": "layer4", "9": "fc", "10": "fc"}
        own, adapted = self.state_dict(), {}
        for key, value in state.items():
            key = re.sub(r"^(model|resnet|backbone)\.", "", key)
            first, _, rest = key.partition(".")
            key = f"{order.get(first, first)}.{rest}"
            if key in own and value.dim() == 4:
                value = value[..., value.shape[-1] // 2].unsqueeze(-1)
                if key == "conv1.weight" and self.channels == 1:
                    value = value.sum(1, keepdim=True)
            adapted[key] = value
        return adapted


def torchvision_state(net):
    """The state_dict of `net` in torchvision's shapes: every (3, 1) kernel as the middle column of a 3x3 one."""
    return {key: F.pad(value, (1, 1)) if value.dim() == 4 and value.shape[2] == 3 else value
            for key, value in net.state_dict().items()}


def create_model(freeze_backbone=False, init="none", num_classes=len(CLASS_NAMES), weight="weight"):
    """PretrainedResNet1D whose backbone starts from `init`: none, imagenet (torchvision's file, from `weight`/ or fetched
    there), or a file of ResNet18 weights. Raises InputError for a file that is missing, damaged or no ResNet18."""
    net = PretrainedResNet1D(num_classes)
    if init != "none":
        path = imagenet_file(weight) if init == "imagenet" else Path(init)
        load_backbone(net, path)
    return net.freeze() if freeze_backbone else net


def load_backbone(net, path):
    """All of a ResNet18 file but its last layer into `net`. A hash in the file's name (resnet18-f37072fd.pth) is checked."""
    stated = re.fullmatch(r".*-([0-9a-f]{8,64})\.pth", Path(path).name)
    if stated and Path(path).exists() and not artifacts.sha256(path).startswith(stated[1]):
        raise InputError(f"{path} is damaged: its SHA-256 does not begin with {stated[1]}; fetch it again")
    state = net.adapt(artifacts.load_state(path))
    state = {key: value.float() if value.is_floating_point() else value for key, value in state.items()
             if not key.startswith("fc.")}
    own = {key: value for key, value in net.state_dict().items() if key.startswith("fc.")}
    artifacts.fill(net, {**state, **own}, path)


def imagenet_file(weight):
    """torchvision's ImageNet weights, fetched to `weight`/ when they are not there."""
    path = Path(weight) / Path(IMAGENET).name
    if not path.exists():
        try:
            with artifacts.writing(path) as temporary:
                torch.hub.download_url_to_file(IMAGENET, str(temporary), hash_prefix="f37072fd", progress=sys.stderr.isatty())
        except (OSError, RuntimeError) as error:
            raise InputError(f"{IMAGENET} cannot be fetched ({error}): put the file into {weight}/ by hand, or take --init none") \
                from None
    return path


# ------------------------------------------------------------------------------------------------- pre-training

def unlabelled_rows(folder, mean, scale):
    """Rows (n, 187) float32, standardised, of every WFDB record below `folder`, cut at detected R peaks; labels unread."""
    headers = sorted(Path(folder).rglob("*.hea"))
    if not headers:
        raise InputError(f"--records {folder}: no WFDB record (.hea) there; give the folder of a database, such as svdb")
    rows = []
    for header in tqdm(headers, "cutting beats", disable=None):
        recording = records.read_wfdb(header)
        peaks = beats.detect_r_peaks(recording.signal, recording.fs)
        rows.append(beats.extract_beats(recording.signal, peaks, recording.fs)[0])
    return beats.standardise(np.concatenate(rows), np.array(mean), np.array(scale)).astype(np.float32)


def hidden_spans(shape, generator=None, span=12, share=0.5):
    """bool (n, 187): which samples are hidden: about `share` of them, in spans of `span` samples (0.1 s)."""
    n, width = shape
    blocks = torch.rand(n, -(-width // span), generator=generator) < share
    start = torch.randint(0, span, (n, 1), generator=generator)
    at = (torch.arange(width) + start) // span
    return blocks.gather(1, at.clamp(max=blocks.shape[1] - 1))


def pretrain(x, epochs, batch, rate, seed, report=print):
    """A PretrainedResNet1D that has learnt to fill in hidden spans of the rows x (n, 187), a tensor; no labels.

    Reports the share of the hidden samples' variance that is left, per epoch (1 would be no better than the mean)."""
    torch.manual_seed(seed)
    net = PretrainedResNet1D()
    wide = models.fast_form(net)
    decoder = nn.Sequential(nn.Flatten(), nn.Linear(512 * 6, WIDTH))
    steps = -(-len(x) // batch)
    optimiser = torch.optim.AdamW([*wide.parameters(), *decoder.parameters()], rate, weight_decay=0.05, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=epochs * steps, pct_start=0.1)
    for epoch in range(epochs):
        total, left = 0.0, 0.0
        wide.train()
        for part in tqdm(torch.randperm(len(x)).split(batch), f"pre-training {epoch + 1}/{epochs}", disable=None, leave=False):
            rows = x[part]
            hidden = hidden_spans(rows.shape)
            with torch.autocast("cpu", torch.bfloat16):
                filled = decoder(wide.features(torch.where(hidden, 0.0, rows)))
            loss = F.mse_loss(filled.float()[hidden], rows[hidden])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(rows[hidden].square().sum())
            left += float(loss.detach()) * int(hidden.sum())
        report(f"{epoch + 1:>5} share of the hidden samples' variance left: {left / total:.3f}")
    net.load_state_dict(wide.narrow_state())
    return net


# ------------------------------------------------------------------------------------------------- comparison

def few_labels(y, count, seed):
    """Indices of `count` labelled beats, drawn as they come (a class may be rare), at least 2 of each class."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    least = np.concatenate([order[y[order] == c][:2] for c in np.unique(y)])
    return np.concatenate([least, order[~np.isin(order, least)][:count - len(least)]])


def compare(args):
    """Validation macro-F1 of frozen backbone, full fine-tuning and scratch at few labelled beats; mean and spread of 3 seeds."""
    device = torch.device("cpu")
    (x, y), (x_val, y_val), manifest = train.load_rows(artifacts.locate(args.data), device, "none")
    names = train.scored_classes(manifest["protocol"], np.bincount(y_val, minlength=5))
    start = artifacts.require(Path(args.init if args.init != "none" else artifacts.locate(args.weight) / "ecg_resnet18.pth"),
                              "python pretrain_translearn.py --pretrain")
    print(f"validation macro-F1 over {', '.join(names)}, protocol {manifest['protocol']}, backbone {start.name}, "
          f"mean and spread (max - min) of {args.seeds} seeds")
    print(f"{'beats':>8} {'frozen':>16} {'full':>16} {'scratch':>16}")
    for count in args.labels:
        line = f"{count:>8,}"
        for freeze, init in ((True, start), (False, start), (False, "none")):
            scores = []
            for seed in range(args.seeds):
                chosen = torch.from_numpy(few_labels(y.numpy(), count, seed))
                recipe = train.Recipe(epochs=args.epochs or max(6, 12_000 // count), batch=32, rate=3e-3 if freeze else 1e-3,
                                      schedule="onecycle", optimiser="adamw", weight_decay=0.05, balance="none", bf16=True)
                torch.manual_seed(seed)
                run = train.Run(create_model(freeze, init), recipe, count, device)
                for run.epoch in range(recipe.epochs):
                    train.train_epoch(run, x[chosen], y[chosen], train.epoch_order(y[chosen], run.epoch, seed), recipe)
                scores.append(train.validation(run.kept, x_val, y_val, names)[0]["val_macro_f1"])
            line += f" {np.mean(scores):>9.3f} {np.ptp(scores):>6.3f}"
        print(line, flush=True)


# ------------------------------------------------------------------------------------------------- the stage

def parser():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0], formatter_class=argparse.RawDescriptionHelpFormatter,
                                epilog="\n".join(__doc__.splitlines()[2:]))
    p.add_argument("--init", default="none", metavar="none|imagenet|FILE", help="what the backbone starts from (default none)")
    p.add_argument("--freeze", action="store_true", help="train the last layer only; batch-norm statistics stay too")
    p.add_argument("--recipe", choices=train.RECIPES, default="tutorial", help="default tutorial")
    p.add_argument("--pretrain", action="store_true", help="make weight/ecg_resnet18.pth from the recordings of --records")
    p.add_argument("--records", metavar="DIR", help="WFDB records to pre-train on: other patients than the test's, such as svdb")
    p.add_argument("--compare", action="store_true", help="validation macro-F1 at few labelled beats, as a table")
    p.add_argument("--labels", type=int, nargs="+", default=[100, 1000], help="numbers of labelled beats (default 100 1000)")
    p.add_argument("--seeds", type=int, default=3, help="seeds of the comparison (default 3)")
    train.add_recipe_options(p)
    train.add_common_options(p)
    p.set_defaults(model="resnet18", refit=False, hints=False)
    return p


def main(argv=None):
    args = parser().parse_args(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.compare:
        return compare(args)
    if not args.pretrain:
        train.train(args)
        return None
    if not args.records:
        raise InputError("--pretrain needs --records DIR: WFDB records that hold no test beat, such as a folder of svdb")
    scaler = artifacts.load_manifest(artifacts.locate(args.data))["scaler"]
    x = torch.from_numpy(unlabelled_rows(args.records, scaler["mean"], scaler["scale"]))
    print(f"{len(x):,} rows from {args.records}, no labels")
    epochs, batch, rate = args.epochs or 10, args.batch or 256, args.rate or 2e-3
    net = pretrain(x, epochs, batch, rate, args.seed, train.print_line)
    path = artifacts.locate(args.weight) / "ecg_resnet18.pth"
    card = {"name": "ecg_resnet18", "architecture": type(net).__name__, "arguments": {}, "classes": [],
            "parameters": models.parameter_count(net), "input": {"mean": scaler["mean"], "scale": scaler["scale"], "width": WIDTH},
            "recipe": {"task": "hidden spans filled in", "rows": len(x), "epochs": epochs, "batch": batch, "rate": rate,
                       "seed": args.seed}, "versions": artifacts.versions()}
    artifacts.save_weights(path, net.state_dict(), card)
    print(f"{path}: start a training from it with --init {path}")
    return None


if __name__ == "__main__":
    artifacts.run(main)
