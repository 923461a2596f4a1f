"""Weights and their model cards: where they lie, which a name means, loading and saving them."""

import functools
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ecg import artifacts
from ecg.artifacts import InputError, load_json, require, save_json, writing
from ecg.schema import HISTORY, card_fault

if TYPE_CHECKING:  # inference with ONNX weights runs without torch
    import torch
    from torch import nn

Network = TypeVar("Network", bound="nn.Module")


def weights_path(
    weight: str | Path, model: str | Path, protocol: str = "kaggle", suffix: str = ""
) -> Path:
    """weight/model_NAME[_PROTOCOL][SUFFIX].pth; `suffix` such as _best or _finetuned_final."""
    return (
        Path(weight) / f"model_{model}{'' if protocol == 'kaggle' else '_' + protocol}{suffix}.pth"
    )


def onnx_path(weights: str | Path) -> Path:
    """weight/model_self.pth -> weight/ecg_model_self.onnx"""
    weights = Path(weights)
    return weights.with_name(f"ecg_{weights.stem}.onnx")


def card_path(weights: str | Path) -> Path:
    """The model card beside the weights: model_self.pth and ecg_model_self.onnx ->
    model_self.json"""
    weights = Path(weights)
    return weights.with_name(weights.stem.removeprefix("ecg_") + ".json")


def load_card(weights: str | Path) -> dict:
    """The model card beside the weights. Raises InputError, which names the key, where there is
    none, something else, or the card of other weights."""
    weights = Path(weights)
    path = card_path(weights)
    card = load_json(path, "training (python train.py)")
    if fault := card_fault(card, own=True):
        raise InputError(f"{path} is no model card: {fault}")
    if weights.suffix == ".pth" and card.get(SHA256) and weights.is_file():
        if artifacts.known_sha256(weights) not in (card[SHA256], card.get(REPLACED)):
            raise InputError(
                f"{path} is the card of other weights than {weights} ({SHA256} differs): copy both "
                "again, or train again"
            )
    return {"name": short_name(weights), "manifest": {}, "recipe": {}, **card}


SHA256 = "weights_sha256"  # in a card: of the .pth file that it is the card of
REPLACED = "replaced_sha256"  # of the former file, for which the card holds too


def save_weights(path: str | Path, state: Mapping[str, "torch.Tensor"], card: Mapping) -> None:
    """A plain state_dict and its model card, which gets the SHA-256 of the file. The card goes
    first: weights are never without the card that explains them. Killed between the two, the
    weights of before stay, which the card names where it tells the same of them."""
    import torch

    with writing(path) as temporary:
        torch.save(
            {key: value.detach().cpu().contiguous() for key, value in state.items()}, temporary
        )
        told = {**_without(card), SHA256: artifacts.sha256(temporary)}
        save_json(card_path(path), {**told, **_replaced(Path(path), card)})


def _replaced(path, card):
    """{REPLACED: SHA-256 of the weights that lie there}, of the same network with the same
    input."""
    try:
        before, now = load_card(path), artifacts.plain(card)
        same = all(before[key] == now[key] for key in ("architecture", "arguments", "input"))
        return {REPLACED: artifacts.sha256(path)} if same and Path(path).is_file() else {}
    except (InputError, KeyError):
        return {}


def save_card(weights: str | Path, card: Mapping) -> None:
    """Another card of weights that are there."""
    save_json(card_path(weights), of_weights(weights, card))


def of_weights(weights: str | Path, card: Mapping) -> dict:
    """The card, with the SHA-256 of the weights where they are there."""
    kept = _without(card)
    return {**kept, SHA256: artifacts.sha256(weights)} if Path(weights).is_file() else kept


def wrote(weights: str | Path, *others: str | Path) -> str:
    """What a training says at its end: 'wrote' the weights, their card, and the others, each by its
    path."""
    return f"wrote {', '.join(str(each) for each in (weights, card_path(weights), *others))}"


def _without(card):
    """The card without what it tells of a file that was replaced."""
    return {key: value for key, value in card.items() if key != REPLACED}


def behind(onnx: str | Path) -> Path:
    """The .pth file that an ONNX file is of: ecg_model_self_int8.onnx -> model_self.pth"""
    onnx = Path(onnx)
    stem = onnx.stem.removeprefix("ecg_").removesuffix("_int8").removesuffix("_raw")
    return onnx.with_name(f"{stem}.pth")


class StaleFile(InputError):
    """A file that was made from another than lies beside it."""


def why_stale(onnx: str | Path, card: Mapping) -> str | None:
    """Why an ONNX file is not of the weights beside it, as its card tells, or None."""
    source = behind(onnx)
    if not source.is_file() or card.get(SHA256) == artifacts.known_sha256(source):
        return None
    if SHA256 not in card:
        return f"{onnx} does not tell whether it was made from {source.name} beside it"
    return f"{onnx} was made from other weights than {source.name} beside it"


def load_state(path: str | Path) -> dict[str, "torch.Tensor"]:
    """A state_dict from a .pth file, with weights_only=True: a stranger's file cannot run code.
    Raises InputError for anything but plain tensors of finite numbers."""
    import torch

    path = require(path, "python train.py")
    if not path.is_file():
        raise InputError(f"{path} is no file: python train.py makes it")
    try:
        with warnings.catch_warnings():  # torch's words about a foreign pickle; ours follow
            warnings.simplefilter("ignore")
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # a damaged pickle raises whatever its bytes happen to ask for
        raise InputError(
            f"{path} is no weights file (damaged, truncated, or not a plain state_dict): "
            "train again or copy it again"
        ) from None
    if not isinstance(state, dict) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in state.items()
    ):
        raise InputError(f"{path} holds something else than a plain state_dict of tensors")
    size = 0
    for key, value in state.items():
        size += value.numel() * value.element_size()
        if fault := _tensor_fault(value, size, path.stat().st_size):
            raise InputError(f"{path}: {key} {fault}: train again or copy it again")
    return state


MOST_TIMES = 4  # as large as its file the tensors of a state_dict may be; tied ones count twice


def _tensor_fault(value, size, of_file):
    """Why a tensor can be no weights, or None. size: bytes of it and those before it."""
    import torch

    if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized:
        return f"is no plain tensor ({value.layout}, {value.device.type}, {value.dtype})"
    if size > MOST_TIMES * of_file + 10_000:
        return f"is larger than the file ({tuple(value.shape)})"
    if value.is_complex() or (value.is_floating_point() and not value.isfinite().all()):
        return "holds NaN, infinity or complex numbers"
    return None


def fill(module: Network, state: Mapping[str, "torch.Tensor"], path: str | Path) -> Network:
    """Load `state` into `module`; a file of another architecture is an InputError that names the
    first difference."""
    own = module.state_dict()
    for key in [*own, *state]:
        ours, theirs = (_of_tensor(d[key]) if key in d else "absent" for d in (own, state))
        if ours != theirs:
            raise InputError(
                f"{path} holds weights of another architecture than {type(module).__name__}: "
                f"{key} is {theirs} there, {ours} here"
            )
    module.load_state_dict(state)
    return module


def _of_tensor(value):
    """Its shape, and whether it holds whole numbers."""
    shape = tuple(value.shape)
    return shape if value.is_floating_point() else f"{shape} of whole numbers"


# beats from which `auto` takes the model that compares beats with each other: on pieces of 5 to
# 30 s of patients never seen it calls next to no N beat V, single-beat models one in nine
FEWEST_BEATS = 2
SINGLE_BEAT = "residual", "self"  # `auto` below that: the first of these that is there
SHIPPED = "shipped"  # folder below weight/ of what comes with the repository; no stage writes there


def search_folders(weight: str | Path) -> list[Path]:
    """Where weights are looked for, in order: the folder itself, then the shipped ones below it;
    for the default folder also those beside the scripts."""
    folder = artifacts.locate(weight)
    default = Path(weight).resolve() == Path("weight").resolve()
    own = [artifacts.HOME / "weight" / SHIPPED] if default else []
    return list(dict.fromkeys([folder, folder / SHIPPED, *own]))


def in_folders(path: str | Path) -> Path:
    """`path` (of a .pth) in the first folder of `search_folders` that holds it or its ONNX file, so
    that both come from one folder; `path` itself where none does."""
    path = Path(path)
    places = [folder / path.name for folder in search_folders(path.parent)]
    return next((p for p in places if p.exists() or onnx_path(p).exists()), path)


def there(name: str, weight: str | Path) -> bool:
    """Whether a model of this name is there, as .pth or as ONNX."""
    path = in_folders(weights_path(weight, name))
    return path.exists() or onnx_path(path).exists()


def choose_model(model: str, n_beats: int, weight: str | Path = "weight") -> str:
    """The name behind `auto` for a recording of so many beats: `context` where there is another to
    compare a beat with, else the best single-beat model. Any other name is given back."""
    if model != "auto":
        return model
    if n_beats >= FEWEST_BEATS and there("context", weight):
        return "context"
    return next((name for name in SINGLE_BEAT if there(name, weight)), "self")


def find_weights(name: str | Path, weight: str | Path, suffix: str) -> Path:
    """The file behind a path or a name: model_NAME.pth or ecg_model_NAME.onnx, in weight/ or among
    the shipped ones. Raises InputError where there is none."""
    if Path(name).suffix in (".pth", ".onnx"):
        return require_weights(name, "python train.py && python export_onnx.py")
    path = in_folders(weights_path(weight, name))
    path = onnx_path(path) if suffix == ".onnx" else path
    if not path.exists():
        names = sorted(
            p.stem.removeprefix("ecg_").removeprefix("model_")
            for folder in search_folders(weight)
            for p in folder.glob(f"*model_*{suffix}")
        )
        raise InputError(
            f"{path} is missing: there is no model {name!r} as {suffix} (python train.py makes "
            "them, python export_onnx.py their ONNX files); there are: "
            f"{', '.join(dict.fromkeys(names)) or 'none'}"
        )
    return path


def require_weights(path: str | Path, made_by: str) -> Path:
    """A weights file by its path; weight/X that exists as weight/shipped/X only is that one. Raises
    InputError where there is none."""
    path = Path(path)
    shipped = path.parent / SHIPPED / path.name
    path = shipped if not path.exists() and shipped.exists() else artifacts.require(path, made_by)
    if not path.is_file():
        raise InputError(f"{path} is no file: {made_by} makes it")
    return path


def refuse_unknown(model: str | Path, weight: str | Path) -> None:
    """Raise InputError where no model is behind a name (`auto` is one) or a path, before anything
    is read for it."""
    if Path(model).suffix in (".pth", ".onnx"):
        require_weights(model, "python train.py && python export_onnx.py")
    elif model != "auto" and not there(str(model), weight):
        find_weights(model, weight, ".pth")


def is_shipped(path: str | Path) -> bool:
    """Whether a weights file is one of those that come with the repository, which no stage
    changes."""
    return Path(path).parent.name == SHIPPED


OF_SIGNALS = "quality", "vf", "rhythm"  # networks that judge the signal, whatever labels its beats


def models_sha256(model: str | Path, weight: str | Path) -> dict[str, str]:
    """{file name: SHA-256} of the weights behind a name or a path: what the labels of an archive
    were made with."""
    if Path(model).suffix:
        files = [Path(model)]
    else:
        names = ("context", *SINGLE_BEAT) if model == "auto" else (model,)
        paths = [in_folders(weights_path(weight, name)) for name in (*names, *OF_SIGNALS)]
        files = [file for path in paths for file in (path, onnx_path(path))]
    return {
        file.name: _sha256_once(file, file.stat().st_mtime_ns, file.stat().st_size)
        for file in files
        if file.exists()
    }


@functools.lru_cache
def _sha256_once(file: Path, modified: int, size: int) -> str:
    return artifacts.sha256(file)


def rows_weights(name: str | Path, weight: str | Path, protocol: str) -> Path:
    """The .pth behind a path, or behind a name such as `self` or `residual_best` under this
    protocol. Raises InputError."""
    if Path(name).suffix in (".pth", ".onnx"):
        return require_weights(name, "python train.py")
    model, _, suffix = str(name).partition("_")
    if model == "context":
        raise InputError(
            "the context model looks at whole recordings, not at single rows: evaluate it with "
            "--records DIR"
        )
    path = in_folders(weights_path(weight, model, protocol, f"_{suffix}" if suffix else ""))
    if not path.exists():
        names = sorted(p.name for f in search_folders(weight) for p in f.glob("model_*.pth"))
        raise InputError(
            f"{path} is missing: python train.py --model {model} makes it from the rows of "
            "protocol "
            f"{protocol}; there are: {', '.join(dict.fromkeys(names)) or 'none'}"
        )
    return path


def short_name(path: str | Path, protocol: str = "kaggle") -> str:
    """weight/model_self_interpatient_best.pth -> self_best"""
    stem = Path(path).stem.removeprefix("ecg_").removeprefix("model_")
    return stem.replace(f"_{protocol}", "") if protocol != "kaggle" else stem


def history_of(path: str | Path, data: str | Path) -> dict[str, list] | None:
    """The training history of weights: data/history_NAME.json, else the one in the model card, else
    None. Raises InputError where it is something else."""
    stem = short_name(path)
    for file in (Path(data) / f"history_{stem}.json", Path(data) / f"new_history_{stem}.json"):
        if file.exists():
            history = artifacts.load_json(file, "python train.py")
            if fault := HISTORY(history, "history"):
                raise InputError(f"{file}: {fault}")
            return history
    card = card_path(path)
    found = artifacts.load_json(card, "python train.py").get("history") if card.exists() else None
    if found is not None and (fault := HISTORY(found, "history")):
        raise InputError(f"{card}: {fault}")
    return found
