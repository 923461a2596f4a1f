"""Transfer learning with ResNet18 -> weight/model_resnet18.pth; pre-training of our own ->
weight/ecg_resnet18.pth.

    python pretrain_translearn.py                                  as train.py --model resnet18
    python pretrain_translearn.py --init imagenet --freeze         only the last layer learns, over
                                                                   ImageNet's features
    python pretrain_translearn.py --pretrain --records DIR         features from unlabelled ECG:
                                                                   hidden spans are filled in
    python pretrain_translearn.py --init weight/ecg_resnet18.pth   a training that starts from them
    python pretrain_translearn.py --compare                        frozen, full and from scratch at
                                                                   100 and 1,000 beats

A row is an image of width 1, so of a 3x3 kernel only the middle column ever meets data. The kernels
here are that column, (3, 1): the outputs are torchvision's to rounding, in a third of the
parameters. Parameters have torchvision's names.
"""

import ecg.start  # noqa: F401

# isort: split
import argparse
import json
import re
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import models
from ecg import artifacts, cli, fingerprint, networks, ranges, weights
from ecg.artifacts import InputError
from ecg.beats import CLASSES, WIDTH
from ecg.evaluation import metrics
from ecg.training import distribution, few_labels
from ecg.training.few_labels import Start
from ecg.training.loop import Files
from ecg.training.pretraining import headers_below, pretrain, unlabelled_rows
from ecg.training.recipe import RECIPES
from ecg.training.row_training import train_rows
from ecg.training.rows import load_rows

IMAGENET = "https://download.pytorch.org/models/resnet18-f37072fd.pth"
# what a ResNet18 inside an nn.Sequential calls its children, by their place
WRAPPED = {
    "0": "conv1",
    "1": "bn1",
    "4": "layer1",
    "5": "layer2",
    "6": "layer3",
    "7": "layer4",
    "9": "fc",
    "10": "fc",
}


class BasicBlock(nn.Module):
    """Two (3, 1) convolutions and the way around them (He 2015)."""

    def __init__(self, before: int, after: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, (3, 1), (stride, 1), (1, 0), bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, (3, 1), 1, (1, 0), bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.downsample = None
        if stride > 1 or before != after:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, after, 1, (stride, 1), bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class PretrainedResNet1D(nn.Module):
    """ResNet18 on rows as images of 187 x 1: first convolution (7, 1) with stride (2, 1) and one
    channel, 512 -> 5.

    forward takes (N, 187), (N, 187, 1) or (N, 1, 187), standardised, and returns logits (N,
    num_classes); ValueError for any other shape. freeze_backbone: only the last layer learns;
    batch-norm statistics of what is frozen stay as they are in training mode too."""

    def __init__(
        self,
        num_classes: int = len(CLASSES),
        freeze_backbone: bool = False,
        *,
        input_shape: tuple[int, int] = (WIDTH, 1),
    ):
        super().__init__()
        self.width, self.channels = input_shape
        self.frozen = freeze_backbone
        self.conv1 = nn.Conv2d(self.channels, 64, (7, 1), (2, 1), (3, 0), bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d((3, 1), (2, 1), (1, 0))
        self.layer1 = nn.Sequential(BasicBlock(64, 64, 1), BasicBlock(64, 64, 1))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, 2), BasicBlock(128, 128, 1))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, 2), BasicBlock(256, 256, 1))
        self.layer4 = nn.Sequential(BasicBlock(256, 512, 2), BasicBlock(512, 512, 1))
        self.fc = nn.Linear(512, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for name, parameter in self.named_parameters():
            parameter.requires_grad = name.startswith("fc.") or not freeze_backbone
        self.train()

    def features(self, image: torch.Tensor) -> torch.Tensor:
        """(N, 512, 6, 1), what the last layer averages, of images (N, 1, 187, 1)."""
        x = self.maxpool(torch.relu(self.bn1(self.conv1(image))))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = networks.as_channels(x, self.width, self.channels)
        features = self.features(x if x.dim() == 4 else x.unsqueeze(-1))
        return self.fc(features.mean((2, 3)))

    def train(self, mode: bool = True) -> "PretrainedResNet1D":
        super().train(mode)
        if self.frozen:
            for name, child in self.named_children():
                child.train(mode and name == "fc")
        return self

    def convert_state(self, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """A ResNet18's state_dict, torchvision's or one wrapped as `model.0...`, under our names
        and with our kernels: the middle column of a wider kernel, the sum over the colours of a
        first one with three."""
        own, converted = self.state_dict(), {}
        for key, value in state.items():
            key = re.sub(r"^(model|resnet|backbone)\.", "", key)
            first, _, rest = key.partition(".")
            key = f"{WRAPPED.get(first, first)}.{rest}"
            if key in own and value.dim() == 4:
                value = value[..., value.shape[-1] // 2].unsqueeze(-1)
                if key == "conv1.weight" and self.channels == 1:
                    value = value.sum(1, keepdim=True)
            converted[key] = value
        return converted


def torchvision_state(net: PretrainedResNet1D) -> dict[str, torch.Tensor]:
    """The state_dict of `net` in torchvision's shapes: every (3, 1) kernel as the middle column of
    a 3x3 one."""
    return {
        key: F.pad(value, (1, 1)) if value.dim() == 4 and value.shape[2] == 3 else value
        for key, value in net.state_dict().items()
    }


def create_model(
    freeze_backbone: bool = False,
    *,
    init: str | Path = "none",
    num_classes: int = len(CLASSES),
    weight: str | Path = "weight",
) -> PretrainedResNet1D:
    """PretrainedResNet1D whose backbone starts from `init`: none, imagenet (torchvision's file,
    from `weight`/ or fetched there), or a file of ResNet18 weights. Raises InputError for a file
    that is missing, damaged or no ResNet18."""
    net = PretrainedResNet1D(num_classes, freeze_backbone)
    if init != "none":
        load_backbone(net, imagenet_file(weight) if init == "imagenet" else init)
    return net


def load_backbone(net: PretrainedResNet1D, path: str | Path) -> None:
    """All of a ResNet18 file but its last layer into `net`. A hash in the file's name
    (resnet18-f37072fd.pth) is checked. Raises InputError as `create_model` does."""
    path = Path(path)
    stated = re.fullmatch(r".*-([0-9a-f]{8,64})\.pth", path.name)
    if stated and path.exists() and not artifacts.sha256(path).startswith(stated[1]):
        raise InputError(
            f"{path} is damaged: its SHA-256 does not begin with {stated[1]}; fetch it again"
        )
    backbone = models.converted_state(weights.load_state(path), net)
    state = {key: value for key, value in backbone.items() if not key.startswith("fc.")}
    own = {key: value for key, value in net.state_dict().items() if key.startswith("fc.")}
    weights.fill(net, {**state, **own}, path)


def imagenet_file(weight: str | Path) -> Path:
    """torchvision's ImageNet weights, fetched to `weight`/ when they are not there. Raises
    InputError where they cannot be fetched."""
    path = Path(weight) / Path(IMAGENET).name
    if not path.exists():
        try:
            with artifacts.writing(path) as temporary:
                torch.hub.download_url_to_file(
                    IMAGENET, str(temporary), hash_prefix="f37072fd", progress=sys.stderr.isatty()
                )
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"{IMAGENET} cannot be fetched ({error}): put the file into {weight}/ by hand, or "
                "take --init none"
            ) from None
    return path


# ---- the stage -----------------------------------------------------------------------------------

DEFAULTS = {
    **cli.FRESH_ROW_DEFAULTS,
    **dict(pretrain=False, records=None, compare=False, beats=[100, 1000], seeds=3),
}
OF_ROWS = ("balance", "augment", "dropout", "recipe", "freeze")
UNUSED = {
    "a training": ("records", "beats", "seeds"),
    "--pretrain": (*OF_ROWS, "init", "beats", "seeds"),
    "--compare": (*OF_ROWS, *("batch", "learning_rate", "seed", "resume", "records")),
}


def options() -> cli.Parser:
    """The parser of the command line."""
    p = cli.stage_parser(__doc__)
    cli.add_training_options(p)
    cli.add_fresh_row_options(p)
    group = p.add_argument_group("instead of a training on labelled rows")
    option = group.add_argument
    option("--pretrain", action="store_true", help="features from --records, without labels")
    cli.add(group, "--records", help="WFDB records to pre-train on, none of the test's patients")
    option("--compare", action="store_true", help="frozen, full, from scratch at few beats")
    option("--beats", metavar="N", type=ranges.COUNT, nargs="+", help="how few (default 100 1000)")
    option(
        "--seeds",
        metavar="N",
        type=ranges.whole(1, 1000),
        help="seeds of the comparison (default 3)",
    )
    p.set_defaults(model="resnet18")
    return p


def pretrain_backbone(args: argparse.Namespace) -> Path:
    """WEIGHT/ecg_resnet18.pth from recordings without labels. Returns the file."""
    if not args.records:
        raise InputError(
            "--pretrain needs --records DIR: WFDB records that hold no test beat, such as a folder "
            "of svdb"
        )
    recipe = cli.recipe_from(args, RECIPES["pretrain"])
    device = distribution.choose_device(args.device)
    scaler = artifacts.load_manifest(artifacts.locate(args.data))["scaler"]
    x = torch.from_numpy(unlabelled_rows(args.records, scaler["mean"], scaler["scale"]))
    print(f"{len(x):,} rows from {args.records}, no labels")
    path = artifacts.locate(args.weight) / "ecg_resnet18.pth"
    told = {"task": "hidden spans filled in", "rows": len(x), "epochs": recipe.epochs}
    told |= {"batch": recipe.batch, "rate": recipe.rate, "seed": args.seed}
    torch.manual_seed(args.seed)
    log_dir = Path(args.runs) / path.stem
    net = pretrain(
        PretrainedResNet1D(),
        x,
        recipe,
        Files(log_dir / "checkpoint.pth", log_dir),
        device=device,
        identity=json.dumps(told, sort_keys=True),
        resume=args.resume,
        report=cli.print_line,
    )
    card = {
        "name": "ecg_resnet18",
        "architecture": type(net).__name__,
        "arguments": {},
        "classes": [],
        "parameters": networks.parameter_count(net),
        "input": {"mean": scaler["mean"], "scale": scaler["scale"], "width": WIDTH},
        "recipe": told,
        "manifest": {fingerprint.KEY: fingerprint.of_records(headers_below(args.records))},
        "versions": artifacts.versions(),
    }
    weights.save_weights(path, net.state_dict(), card)
    print(f"{weights.wrote(path, f'{log_dir}/')}; start a training from it with --init {path}")
    return path


def compare(args: argparse.Namespace) -> None:
    """Validation macro-F1 of frozen backbone, full fine-tuning and scratch at few labelled
    beats."""
    if args.device not in ("auto", "cpu"):
        raise InputError(f"--device {args.device}: --compare runs on the CPU")
    train, val, manifest = load_rows(artifacts.locate(args.data), few_labels.CPU, "none")
    names = metrics.scored_classes(manifest["protocol"], np.bincount(val[1], minlength=5))
    own = artifacts.locate(args.weight) / "ecg_resnet18.pth"
    backbone = artifacts.require(
        own if args.init == "none" else args.init, "python pretrain_translearn.py --pretrain"
    )
    starts = (
        Start("frozen", lambda: create_model(True, init=backbone), rate=3e-3),
        Start("full", lambda: create_model(False, init=backbone), rate=1e-3),
        Start("scratch", create_model, rate=1e-3),
    )
    print(
        f"validation macro-F1 over {', '.join(names)}, protocol {manifest['protocol']}, backbone "
        f"{backbone.name}, mean and spread (max - min) of {args.seeds} seeds"
    )
    few_labels.compare_starts(
        starts,
        *(train, val, names),
        counts=args.beats,
        seeds=args.seeds,
        epochs=args.epochs,
        report=cli.print_line,
    )


@cli.stage(options)
def main(given: argparse.Namespace) -> None:
    if given.compare and given.pretrain:
        raise InputError("--compare and --pretrain are two commands: give one of them")
    what = "--compare" if given.compare else "--pretrain" if given.pretrain else "a training"
    cli.refuse_unused(given, UNUSED[what], f"does not apply to {what}")
    args = cli.settle(given, DEFAULTS)
    if args.threads:
        torch.set_num_threads(args.threads)
    try:
        if args.compare:
            compare(args)
        elif args.pretrain:
            pretrain_backbone(args)
        else:
            train_rows(args, models.create)
    finally:
        distribution.leave()


if __name__ == "__main__":
    cli.run(main)
