"""The context networks of a cross-validation, each of which never saw a part of the records.

    python train.py --model context --records data/mitdb data/svdb --normal data/cinc2017 \\
        --protocol all --cv --keep weight/folds
"""

from collections.abc import Callable
from pathlib import Path

from torch import nn

from ecg import artifacts
from ecg.artifacts import InputError
from ecg.prediction import card_of

TRAINED_BY = "python train.py --model context --cv --keep DIR"


class ContextFolds:
    """The networks in a folder, by the records that they never saw. load: (path) -> the network
    with its card as `.card`. Raises InputError where there are none."""

    def __init__(self, folder: str | Path, load: Callable[[Path], nn.Module]):
        self.folder = artifacts.locate(folder)
        paths = sorted(self.folder.glob("model_context_fold*.pth"))
        if not paths:
            raise InputError(f"{self.folder} holds no networks of a cross-validation: {TRAINED_BY}")
        self.networks = [load(path) for path in paths]

    def network(self, record: str) -> nn.Module:
        """The first network that was trained without `record` (its name without folder; of a
        hand-held recording too, which cards name by the first and last of a group). Raises
        InputError where every network knows it."""
        for network in self.networks:
            if not any(_holds(name, record) for name in card_of(network)["manifest"]["records"]):
                return network
        raise InputError(f"{self.folder}: every network was trained on record {record}")


def _holds(name, record):
    """Whether FOLDER/RECORD or FOLDER/FIRST-LAST is or holds that record."""
    first, _, last = name.split("/")[-1].partition("-")
    return first <= record <= last if last else first == record
