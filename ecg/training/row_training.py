"""A whole training on rows: its weights and model card, and what a command line describes."""

import copy
import dataclasses
import inspect
import json
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ecg import artifacts, beats, fingerprint, networks, overwriting
from ecg.artifacts import InputError
from ecg.cli import print_line, recipe_from
from ecg.evaluation.metrics import fit_temperature
from ecg.training import distribution
from ecg.training.auxiliary import auxiliary_targets
from ecg.training.fast_form import why_plain
from ecg.training.log import history_files, in_percent, log_figures, save_history
from ecg.training.loop import Files, Training, fit
from ecg.training.recipe import HINTS, RECIPES, Recipe
from ecg.training.rows import Rows, RowTask, f1_by_class, load_rows, logits_of, scores_of
from ecg.weights import (
    card_path,
    fill,
    load_card,
    load_state,
    save_card,
    save_weights,
    weights_path,
    wrote,
)

# ---- the model card ------------------------------------------------------------------------------


def model_card(
    name: str,
    network: nn.Module,
    arguments: Mapping[str, Any],
    manifest: Mapping[str, Any],
    recipe: Recipe,
    seed: int,
    extra: Mapping[str, Any] | tuple = (),
) -> dict:
    """What a reader of the weights must know: architecture, input contract, classes, where the rows
    came from, recipe (with `extra`)."""
    told = ("source", "synthetic", "protocol", "seed", "n_real", "counts", fingerprint.KEY)
    summary = {key: manifest[key] for key in told if key in manifest}
    parameters = inspect.signature(type(network)).parameters.items()
    # what a card can hold; a class is built without the others, which are its defaults
    kinds = (bool, int, float, str, list, tuple, type(None))
    defaults = {key: p.default for key, p in parameters if isinstance(p.default, kinds)}
    return {
        "name": name,
        "architecture": type(network).__name__,
        "arguments": {**defaults, **arguments},
        "parameters": networks.parameter_count(network),
        "input": {
            "rate_hz": beats.ROW_FS,
            "source_rate_hz": beats.SOURCE_FS,
            "step": beats.STEP,
            "width": beats.WIDTH,
            "scaling": "min-max over the beat's whole segment, then (row - mean) / scale, "
            "sample by sample",
            "mean": manifest["scaler"]["mean"],
            "scale": manifest["scaler"]["scale"],
        },
        "classes": manifest["classes"],
        "manifest": {**summary, "sha256": manifest.get("outputs_sha256", {})},
        "recipe": {**recipe.as_card(), "seed": seed, **dict(extra)},
        "temperature": 1.0,
        "versions": artifacts.versions(),
    }


def chosen_before(weights_file: Path, card: Mapping) -> dict:
    """What a refit takes over from the user's own training with validation rows, from its last
    epoch, which is the one that a refit keeps: {temperature, validation (its metrics)}.

    Shipped weights are not looked at: nobody knows whether they are of the same rows. Raises
    InputError where that training is missing or was another one."""
    path = artifacts.require(weights_file, "python train.py with the same options, without --refit")
    before = load_card(path)
    if _comparable(card) != _comparable(before):
        raise InputError(
            f"--refit: {weights_file} was trained otherwise (model or recipe differ): train with "
            "the same options, without --refit, first"
        )
    if "validation" in before:  # it is a refit itself, which took these over
        return {key: before[key] for key in ("temperature", "validation")}
    last = {**before["last"], "seed": before["recipe"]["seed"]}
    return {"temperature": last["temperature"], "validation": last}


def _comparable(card: Mapping) -> list:
    """What must be the same in a training and its refit."""
    recipe = {k: v for k, v in card["recipe"].items() if k not in ("seed", "refit")}
    return artifacts.plain([card["architecture"], card["arguments"], recipe])


# ---- a training and its files --------------------------------------------------------------------


def fit_rows(
    network: nn.Module,
    card: dict,
    train: Rows,
    val: Rows | None,
    recipe: Recipe,
    weights_file: Path,
    files: Files,
    *,
    seed: int,
    device: torch.device,
    after_epoch: Callable[[Training], object] | None = None,
    auxiliary: tuple[torch.Tensor, torch.Tensor] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Train a copy of `network` on rows and keep its best epoch. Returns the metrics of that epoch.

    train, val, auxiliary: as for `RowTask`. Weights and `card` go to `weights_file` whenever
    validation macro-F1 is higher than ever; without validation rows, after every epoch. At the end
    the card gets the history, the metrics, and those of the last epoch with its temperature.
    after_epoch: called after every epoch. options: the others of ecg.training.loop.fit."""
    overwriting.check(weights_file)  # before an epoch is spent
    task = RowTask(
        train,
        val,
        recipe,
        seed=seed,
        device=device,
        protocol=card["manifest"]["protocol"],
        scaler=(_numbers(card["input"]["mean"]), _numbers(card["input"]["scale"])),
        auxiliary=auxiliary,
        identity=_identity(card, recipe, len(train[1])),
    )

    def save(training, better):
        if better:
            save_weights(weights_file, training.weights(), {**card, "metrics": training.best})
        if after_epoch:
            after_epoch(training)

    def finish(training, writer):
        final_card = _final_card if val else _final_card_of_refit
        told = final_card(training, network, card, weights_file, writer, options)
        training.best = told["metrics"]
        save_card(weights_file, {**told, "history": in_percent(training.history)})

    return fit(task, network, files, seed=seed, after_epoch=save, at_end=finish, **options).best


def _numbers(values: Sequence[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32)


def _identity(card: Mapping, recipe: Recipe, n: int) -> str:
    """Which training it is. One at a constant rate may go on for more epochs."""
    left_out = {"epochs"} if recipe.schedule == "constant" else set()
    told = {key: value for key, value in card["recipe"].items() if key not in left_out}
    which = [told, card["architecture"], card["arguments"], card["manifest"]["sha256"], n]
    return json.dumps(which, sort_keys=True)


def _final_card_of_refit(training, network, card, weights_file, writer, options):
    """The card of a training without validation rows."""
    metrics = {**training.best, "seconds": sum(training.history["seconds"])}
    return {**card, "metrics": metrics}


def _final_card(training, network, card, weights_file, writer, options):
    """The card with the metrics of the best epoch, as it was saved, and of the last one.
    TensorBoard gets the figures of the best epoch."""
    task, (x, y) = training.task, training.task.val
    saved = fill(copy.deepcopy(network), load_state(weights_file), weights_file)
    logits = logits_of(saved.to(task.device), x)
    scores, matrix = scores_of(logits, y, task.scored)
    epoch = options.get("first_epoch", 0) + training.best["epoch"]
    log_figures(writer, matrix, x, y.cpu(), logits, task.scaler, epoch)
    card = load_card(weights_file)
    card["metrics"] |= {
        "val_acc": scores["val_acc"],
        "val_macro_f1": scores["val_macro_f1"],
        "val_f1": f1_by_class(matrix),
        "confusion": matrix,
        "seconds": sum(training.history["seconds"]),
    }
    logits = logits_of(training.result, x)
    scores, matrix = scores_of(logits, y, task.scored)
    card["last"] = {
        "epoch": training.epoch,
        **scores,
        "val_f1": f1_by_class(matrix),
        "macro_f1_over": task.scored,
        "temperature": round(fit_temperature(logits.numpy(), y.cpu().numpy()), 4),
    }
    return card


# ---- what a command line describes ---------------------------------------------------------------


# models.create: (name, manifest, dropout, freeze, init, weight) -> (fresh network, its arguments,
# what else its card tells)
Create = Callable[..., tuple[nn.Module, dict[str, Any], dict[str, Any]]]


def train_rows(args: Namespace, create: Create) -> Path:
    """One training as the command line describes it (train.py, pretrain_translearn.py). Returns the
    weights file.

    create: models.create. Raises InputError for what cannot be trained."""
    recipe = _recipe(args)
    if args.threads:
        torch.set_num_threads(args.threads)
    device = distribution.choose_device(args.device)
    rank, _ = distribution.processes(device)
    data, weight = artifacts.locate(args.data), artifacts.locate(args.weight)
    train, val, manifest = load_rows(data, device, recipe.balance)
    watched: Rows | None = val
    torch.manual_seed(args.seed)
    network, arguments, extra = create(
        args.model, manifest, args.dropout, args.freeze, args.init, weight
    )
    suffix = "_best" if args.recipe == "best" and args.model != "residual" else ""
    weights_file = weights_path(weight, args.model, manifest["protocol"], suffix)
    extra = {**extra, "refit": True} if args.refit else extra
    learnt = fingerprint.with_marks_of(manifest, *_learnt_before(args.init))
    card = model_card(args.model, network, arguments, learnt, recipe, args.seed, extra)
    if args.refit:
        card |= chosen_before(weights_file, card)
        train, watched = _joined(train, val), None
    splits = ("train", "val") if args.refit else ("train",)
    rows = manifest.get("rows", {})
    auxiliary = auxiliary_targets(rows, splits, len(train[1])) if args.hints else None
    report = print_line if rank == 0 else lambda text: None
    report(
        f"{type(network).__name__}, {card['parameters']:,} parameters, protocol "
        f"{manifest['protocol']}, {'SYNTHETIC' if manifest['synthetic'] else 'real'} rows, "
        f"{device}, {torch.get_num_threads()} threads"
    )
    if reason := why_plain(network):
        report(
            f"{type(network).__name__} learns as it is, without the faster form for CPUs: {reason}"
        )
    log_dir = Path(args.runs) / weights_file.stem
    stem = weights_file.stem.replace("model_", "history_", 1)
    best = fit_rows(
        network,
        card,
        train,
        watched,
        recipe,
        weights_file,
        Files(log_dir / f"checkpoint{'_refit' if args.refit else ''}.pth", log_dir),
        seed=args.seed,
        device=device,
        after_epoch=lambda training: save_history(data, stem, training.history),
        auxiliary=auxiliary,
        report=report,
        resume=args.resume,
    )
    histories = history_files(data, stem)
    report(f"{weights_file.stem}: epoch {best['epoch']}, {_outcome(best)}")
    report(wrote(weights_file, *histories, f"{log_dir}/"))
    return weights_file


def _learnt_before(init: str) -> list[Mapping]:
    """The manifest of the weights that a training starts from; ImageNet's have seen no ECG."""
    if init in ("none", "imagenet"):
        return []
    card = card_path(init)
    return [artifacts.load_json(card, "").get("manifest", {}) if card.is_file() else {}]


def _joined(train: Rows, val: Rows) -> Rows:
    return torch.cat([train[0], val[0]]), torch.cat([train[1], val[1]])


def _outcome(best: Mapping[str, Any]) -> str:
    if "val_acc" not in best:
        return "validation rows learnt too"
    return f"validation accuracy {best['val_acc']:.2%}, macro-F1 {best['val_macro_f1']:.4f}"


def _recipe(args: Namespace) -> Recipe:
    """The recipe of the command line. Raises InputError where it cannot be followed."""
    recipe = recipe_from(args, RECIPES[args.recipe])
    if not args.hints:
        return recipe
    if recipe.balance == "smote":
        raise InputError(
            "--hints: SMOTE's rows are nobody's beats; take --balance weights, sampler or none"
        )
    return dataclasses.replace(recipe, hints=HINTS)
