"""The models by name: making a fresh one, building one from its card, loading its weights.

The one place to add a model: a line in MODELS (docs/architecture.md, "To add a model"). A model's
own file says what it is.
"""

import copy
import importlib
import inspect
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ecg import foreign
from ecg.artifacts import InputError
from ecg.beats import CLASSES, WIDTH
from ecg.prediction import is_context_model
from ecg.weights import card_path, fill, load_card, load_state

# name on the command line -> (module, class)
MODELS = {
    "self": ("model_self", "ECGCNN"),
    "deep": ("model_deep", "ECGCNN_Deep"),
    "resnet18": ("pretrain_translearn", "PretrainedResNet1D"),
    "residual": ("model_residual", "ResidualNet"),
    "context": ("model_context", "ContextNet"),
    "quality": ("model_quality", "QualityNet"),
    "vf": ("model_vf", "VfNet"),
    "rhythm": ("model_rhythm", "RhythmNet"),
}
NAMES = [
    name for name in MODELS if name not in ("context", "quality", "vf", "rhythm")
]  # those that take single rows
TUTORIALS = "self", "deep", "resnet18"  # what the tutorial's code trains and saves without a card


def model_class(name: str) -> type[nn.Module]:
    """The class behind a name (`self`) or behind its own name (`ECGCNN`). Raises InputError for
    anything else, and where its file or class is not there."""
    for key, (module, cls) in MODELS.items():
        if name in (key, cls):
            return _imported(key, module, cls)
    raise InputError(f"there is no model {name!r}: choose among {', '.join(NAMES)}")


def _imported(key, module, cls):
    line = f'models.py, line "{key}": ("{module}", "{cls}")'
    try:
        found = getattr(importlib.import_module(module), cls, None)
    except Exception as error:  # whatever the file does when it is run
        told = f"{type(error).__name__}: {error}"
        raise InputError(f"{line}: {module}.py cannot be imported ({told})") from None
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise InputError(f"{line}: {module}.py holds no network of the name {cls}")
    return found


def create(
    name: str,
    manifest: dict,
    dropout: float | None = None,
    freeze: bool = False,
    init: str = "none",
    weight: str | Path = "weight",
) -> tuple[nn.Module, dict, dict]:
    """(fresh network, its arguments, what else its card tells), to be trained on the rows that
    `manifest` describes.

    dropout: share of units dropped, None for the model's own; for a class that takes
    `dropout_rate`. A class that takes `mean` and `scale` is given the scaler of the rows. freeze,
    init: of ResNet18 alone, see pretrain_translearn.create_model; ImageNet's file is fetched into
    `weight`. Raises InputError for an option that this model does not have, and for a class that is
    not made so or gives something else than logits (N, 5)."""
    if name != "resnet18" and (init != "none" or freeze):
        raise InputError("--init and --freeze are for --model resnet18")
    cls = model_class(name)
    takes = inspect.signature(cls).parameters
    if dropout is not None and "dropout_rate" not in takes:
        raise InputError(f"--dropout: {cls.__name__} has none, it takes no dropout_rate")
    if name == "resnet18":
        stage = importlib.import_module(MODELS[name][0])
        network = stage.create_model(freeze, init=init, weight=weight)
        return network, {}, {"init": Path(init).name, "freeze": freeze}
    arguments: dict = {} if dropout is None else {"dropout_rate": dropout}
    if {"mean", "scale"} <= set(takes):  # it looks at the min-max row
        arguments |= {key: manifest["scaler"][key] for key in ("mean", "scale")}
    try:
        network = cls(**arguments)
    except TypeError as error:
        raise InputError(
            f"{cls.__name__} cannot be made ({error}): all that it takes, but mean, scale and "
            "dropout_rate, needs a default"
        ) from None
    _check_logits(network)
    return network, arguments, {}


def _check_logits(network):
    """Raises InputError for a network that does not give logits (N, 5) for rows (N, 1, 187), one
    row too."""
    judged = copy.deepcopy(network).eval()
    for rows in (1, 3):
        with torch.no_grad():
            shape = tuple(judged(torch.zeros(rows, 1, WIDTH)).shape)
        if shape != (rows, len(CLASSES)):
            raise InputError(
                f"{type(network).__name__} gives {shape} for rows {(rows, 1, WIDTH)}: its forward "
                f"must give logits {(rows, len(CLASSES))}"
            )


def build(card: dict) -> nn.Module:
    """The network a model card describes, with fresh weights. `card` needs `architecture` and
    `arguments` only. Raises InputError where they do not fit."""
    cls = model_class(card["architecture"])
    try:
        return cls(**card["arguments"])
    except Exception as error:  # whatever a class does with arguments that are not for it
        told = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(
            f"the model card's arguments do not fit {card['architecture']}: {told}"
        ) from None


def load(path: str | Path) -> tuple[nn.Module, dict]:
    """(network in eval mode with its card as `.card`, the card) of a .pth file with its model card
    beside it. Raises InputError when file and card do not fit."""
    state, card = load_state(path), load_card(path)  # a damaged file is told as one
    told = getattr(model_class(card["architecture"]), "arguments_of", None)
    try:
        card["arguments"] |= told(state) if told else {}
    except (KeyError, TypeError):
        raise InputError(
            f"{path} holds weights of another architecture than {card['architecture']}"
        ) from None
    _check_size(card, state, path)
    network = build(card)
    fill(network, converted_state(state, network), path)
    network.card = card  # type: ignore[assignment]  # not a part of it, a note on it
    return network.eval(), card


def load_without_card(path: str | Path, scaler: Any = None) -> tuple[nn.Module, dict]:
    """`load` of weights that have no model card, as the tutorial's own code writes them: names and
    shapes tell which of its networks it is. scaler: of its rows, see ecg.foreign.tutorials_card.
    Raises InputError for weights of any other network."""
    state = load_state(path)
    for name in TUTORIALS:
        cls = model_class(name)
        told = getattr(cls, "arguments_of", None)
        arguments = told(state) if told else {}
        network = cls(**arguments)
        try:
            fill(network, converted_state(state, network), path)
        except InputError:
            continue
        about = {"architecture": cls.__name__, "arguments": arguments}
        card = {**foreign.tutorials_card(path, scaler), **about}
        network.card = card  # type: ignore[assignment]  # not a part of it, a note on it
        return network.eval(), card
    known = ", ".join(MODELS[name][1] for name in TUTORIALS)
    raise InputError(
        f"{path} has no model card ({card_path(path)}), and its weights are none of {known}: "
        "python train.py writes both"
    )


def _check_size(card, state, path):
    """Raises InputError where the card describes a network much larger than the file: it would
    take memory before it is known not to fit."""
    try:
        with torch.device("meta"):  # shapes alone
            outline = build(card).state_dict()
    except (InputError, NotImplementedError, RuntimeError):
        return  # a class that looks at its own numbers; `build` tells what does not fit
    described, held = (sum(v.numel() for v in of.values()) for of in (outline, state))
    if described > 2 * held + 100_000:
        raise InputError(
            f"{path} holds {held:,} numbers, the arguments in its card describe a network of "
            f"{described:,}: copy both again, or train again"
        )


def load_context(path: str | Path) -> tuple[nn.Module, dict]:
    """`load` of a context model. Raises InputError for one of single beats."""
    card = load_card(path)
    if not is_context_model(card):
        raise InputError(
            f"{path} is a model of single beats ({card['architecture']}), no context model"
        )
    return load(path)


def converted_state(state: dict[str, torch.Tensor], network: nn.Module) -> dict[str, torch.Tensor]:
    """`state` as `network` takes it: float32, and keys and shapes of other people's files brought
    to ours by the network's own `convert_state`, where it has one."""
    convert = getattr(network, "convert_state", None)
    state = convert(state) if convert else state
    return {
        key: value.float() if value.is_floating_point() else value for key, value in state.items()
    }
