"""Files that pass between the stages: where they are, writing them whole or not at all, loading them with a clear error.

A stage never leaves half a file behind: everything is written to a temporary name in the same folder and renamed.
A user's mistake is an `InputError`: one line on stderr, exit status 2. In a notebook it is a ValueError.
"""
import argparse
import contextlib
import hashlib
import importlib.metadata
import json
import math
import os
import platform
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

HOME = Path(__file__).resolve().parent.parent
SPLITS = ("train", "val", "test")


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """`--help` with every default, and with the examples of the stage as they are written."""


class InputError(ValueError):
    """Something the user gave cannot be used. The message names the file or option, what is wrong and what to do."""


def run(main):
    """Run a stage's `main()` as a program: an InputError is one line on stderr and exit status 2.

    A closed pipe (`python STAGE.py | head`) and Ctrl-C end the program quietly, with the status a shell expects."""
    try:
        status = main()
    except InputError as error:
        print(f"{Path(sys.argv[0]).name}: {' '.join(str(error).split())}", file=sys.stderr)
        status = 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    except KeyboardInterrupt:
        print(f"{Path(sys.argv[0]).name}: stopped", file=sys.stderr)
        status = 130
    sys.exit(status or 0)


def locate(folder):
    """A folder given by its default name: in the working directory, else beside the scripts (a notebook lives elsewhere)."""
    folder = Path(folder)
    if folder.is_absolute() or folder.exists() or not (HOME / folder).exists():
        return folder
    return HOME / folder


def require(path, made_by):
    """`path` when it exists; else an InputError that says which command makes it."""
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} is missing: {made_by} makes it")
    return path


@contextlib.contextmanager
def writing(path):
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well, delete it when it does not.

    The temporary name keeps the suffix, because NumPy, matplotlib and ONNX choose the format by it."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}.tmp-", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def save_npy(path, array):
    with writing(path) as temporary:
        np.save(temporary, array)


def save_text(path, text):
    with writing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def save_json(path, value):
    """JSON that any reader takes: NaN and infinity become null, NumPy scalars and arrays plain numbers and lists."""
    save_text(path, json.dumps(plain(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def plain(value):
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Path):
        return str(value)
    return value


def load_json(path, made_by):
    try:
        return json.loads(require(path, made_by).read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise InputError(f"{path} is not valid JSON: make it again with {made_by}") from None


def sha256(path):
    """SHA-256 of a file, hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def versions():
    """Versions of Python and of the libraries that decide a result, for manifests and model cards."""
    names = ("numpy", "scipy", "scikit-learn", "imbalanced-learn", "torch", "onnx", "onnxruntime", "wfdb")
    found = {"python": platform.python_version()}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


# --------------------------------------------------------------------------------------------- processed data

def processed(data):
    return Path(data) / "processed_data"


def load_manifest(data):
    """The manifest of data/processed_data: which rows these are, from where, split how."""
    return load_json(processed(data) / "manifest.json", "python data_preprocess.py")


def load_split(data, split):
    """(X float32 (n, 187, 1) standardised, y int64 (n,)) of split `train`, `val` or `test`; memory-mapped."""
    arrays = []
    for letter in "Xy":
        path = require(processed(data) / f"{letter}_{split}.npy", "python data_preprocess.py")
        try:
            arrays.append(np.load(path, mmap_mode="r", allow_pickle=False))
        except ValueError:
            raise InputError(f"{path} is damaged: make it again with python data_preprocess.py") from None
    if len(arrays[0]) != len(arrays[1]):
        raise InputError(f"{processed(data)}: X_{split} and y_{split} differ in length: "
                         "make them again with python data_preprocess.py")
    return tuple(arrays)


# --------------------------------------------------------------------------------------------- weights and cards

def weights_path(weight, model, protocol="kaggle", suffix=""):
    """weight/model_NAME[_PROTOCOL][SUFFIX].pth; `suffix` such as _best or _finetuned_final."""
    return Path(weight) / f"model_{model}{'' if protocol == 'kaggle' else '_' + protocol}{suffix}.pth"


def onnx_path(weights):
    """weight/model_self.pth -> weight/ecg_model_self.onnx"""
    weights = Path(weights)
    return weights.with_name(f"ecg_{weights.stem}.onnx")


def card_path(weights):
    """The model card beside the weights: model_self.pth and ecg_model_self.onnx -> model_self.json"""
    weights = Path(weights)
    return weights.with_name(weights.stem.removeprefix("ecg_") + ".json")


def load_card(weights):
    card = load_json(card_path(weights), "training (python train.py)")
    missing = [key for key in ("architecture", "arguments", "input", "classes") if key not in card]
    if missing:
        raise InputError(f"{card_path(weights)} is no model card: it lacks {', '.join(missing)}")
    return card


def save_weights(path, state, card):
    """A plain state_dict and its model card. The card goes first: weights are never without the card that explains them."""
    import torch
    save_json(card_path(path), card)
    with writing(path) as temporary:
        torch.save({key: value.detach().cpu().contiguous() for key, value in state.items()}, temporary)


def load_state(path):
    """A state_dict from a .pth file, with weights_only=True: a stranger's file cannot run code."""
    import pickle
    import torch
    path = require(path, "python train.py")
    try:
        with warnings.catch_warnings():       # torch's words about a foreign pickle; ours follow
            warnings.simplefilter("ignore")
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError):
        raise InputError(f"{path} is no weights file (damaged, truncated, or not a plain state_dict): "
                         "train again or copy it again") from None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise InputError(f"{path} holds something else than a plain state_dict of tensors")
    return state


def fill(module, state, path):
    """Load `state` into `module`; a file of another architecture is an InputError that names the first difference."""
    own = module.state_dict()
    for key in [*own, *state]:
        ours, theirs = (tuple(d[key].shape) if key in d else "absent" for d in (own, state))
        if ours != theirs:
            raise InputError(f"{path} holds weights of another architecture than {type(module).__name__}: "
                             f"{key} is {theirs} there, {ours} here")
    module.load_state_dict(state)
    return module
