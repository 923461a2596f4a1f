"""Auxiliary targets (--hints): what is known of training rows only is learnt beside the class."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from ecg import beats
from ecg.artifacts import InputError

# the prematurity of a beat is divided by this, so that guessing it weighs about as much as a class
PREMATURITY_SCALE = 0.2


class WithAuxiliary(nn.Module):
    """A network and, while it learns, auxiliary outputs from what its last layers see.

    forward: rows (n, 187) -> (logits (n, members, classes), None or (n, members, groups + 1)): the
    logits of the row's group, and its prematurity.

    Which group of beats a row belongs to (its record and annotation symbol: `groups` of them) and
    how early the beat came (ln of the RR interval before it over the patient's own) are not in the
    row, and known of training rows only. A network that has to guess them looks at more of a row
    than the few S beats teach it: the repolarisation tells of the interval before. (Extra outputs:
    Caruana 1997; information that is there in training only: Vapnik & Vashist 2009.) Neither they
    nor their weights are saved with the network."""

    def __init__(self, network: nn.Module, groups: int = 0):
        super().__init__()
        self.network, self.heads = network, nn.ModuleList()
        self._outputs: list[torch.Tensor] = []
        for layer in _class_layers(network) if groups else []:
            head = nn.Linear(layer.in_features, groups + 1).to(layer.weight.device)
            self.heads.append(head)
            layer.register_forward_hook(self._ask(head))

    def _ask(self, head):
        """What is done when a layer of the network has been run: the head looks at what it saw."""

        def hook(layer, seen, _):
            if layer.training:
                self._outputs.append(head(seen[0]))

        return hook

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        self._outputs.clear()
        logits = self.network(x[:, None])
        logits = logits if logits.dim() == 3 else logits[:, None]  # every member learns for itself
        auxiliary = torch.stack(self._outputs, 1) if self._outputs else None
        self._outputs.clear()
        return logits, auxiliary


def _class_layers(network: nn.Module) -> list[nn.Linear]:
    """The layers that give the logits of the classes: one of every member."""
    linear = (module for module in network.modules() if isinstance(module, nn.Linear))
    return [layer for layer in linear if layer.out_features == len(beats.CLASSES)]


def auxiliary_targets(
    rows: Mapping, splits: Sequence[str], n: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """(group int64 (n,), prematurity float32 (n,)) of the first n rows of the splits together, from
    the manifest's `rows`. Raises InputError where it is not known which beats they are."""
    about = {
        key: [v for split in splits for v in rows.get(split, {}).get(key, [])][:n]
        for key in ("record", "symbol", "early")
    }
    if any(len(values) != n or None in values for values in about.values()):
        raise InputError(
            "--hints needs to know which beat of which record each row is, and these rows do not "
            "tell: prepare them with python data_preprocess.py --source records (or --source "
            "download)"
        )
    names = [f"{record} {symbol}" for record, symbol in zip(about["record"], about["symbol"])]
    group = np.unique(names, return_inverse=True)[1]
    prematurity = torch.tensor(about["early"], dtype=torch.float32) / PREMATURITY_SCALE
    return torch.from_numpy(group), prematurity
