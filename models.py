"""The models by name: making a fresh one, building one from its card, loading its weights.

The one place to add a model: a line in MODELS. A model's own file says what it is.
"""

import importlib
from pathlib import Path

import torch
from torch import nn

from ecg.artifacts import InputError
from ecg.prediction import is_context_model
from ecg.weights import fill, load_card, load_state

# name on the command line -> (module, class)
MODELS = {
    "self": ("model_self", "ECGCNN"),
    "deep": ("model_deep", "ECGCNN_Deep"),
    "resnet18": ("pretrain_translearn", "PretrainedResNet1D"),
    "residual": ("model_residual", "ResidualNet"),
    "context": ("model_context", "ContextNet"),
}
NAMES = [name for name in MODELS if name != "context"]  # those that take single rows


def model_class(name: str) -> type[nn.Module]:
    """The class behind a name (`self`) or behind its own name (`ECGCNN`). Raises InputError for
    anything else."""
    for key, (module, cls) in MODELS.items():
        if name in (key, cls):
            return getattr(importlib.import_module(module), cls)
    raise InputError(f"there is no model {name!r}: choose among {', '.join(NAMES)}")


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

    dropout: share of units dropped, None for the model's own. freeze, init: of ResNet18 alone, see
    pretrain_translearn.create_model; ImageNet's file is fetched into `weight`. Raises InputError
    for an option that this model does not have."""
    if name != "resnet18" and (init != "none" or freeze):
        raise InputError("--init and --freeze are for --model resnet18")
    arguments = {} if dropout is None else {"dropout_rate": dropout}
    if name == "resnet18":
        if arguments:
            raise InputError("--dropout: ResNet18 has none")
        stage = importlib.import_module(MODELS[name][0])
        network = stage.create_model(freeze, init, weight=weight)
        return network, {}, {"init": Path(init).name, "freeze": freeze}
    if name == "residual":  # it looks at the min-max row
        arguments |= {key: manifest["scaler"][key] for key in ("mean", "scale")}
    return model_class(name)(**arguments), arguments, {}


def build(card: dict) -> nn.Module:
    """The network a model card describes, with fresh weights. `card` needs `architecture` and
    `arguments` only. Raises InputError where they do not fit."""
    try:
        return model_class(card["architecture"])(**card["arguments"])
    except TypeError as error:
        raise InputError(
            f"the model card's arguments do not fit {card['architecture']}: {error}"
        ) from None


def load(path: str | Path) -> tuple[nn.Module, dict]:
    """(network in eval mode with its card as `.card`, the card) of a .pth file with its model card
    beside it. Raises InputError when file and card do not fit."""
    card = load_card(path)
    network = build(card)
    fill(network, converted_state(load_state(path), network), path)
    network.card = card
    return network.eval(), card


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
