"""Fine-tuning: more epochs from saved weights, with the validation rows watched.

    python continue_train.py                     50 more epochs at 1e-4 from weight/model_self.pth
    python continue_train.py --patience 8        stops when validation macro-F1 has not risen for 8 epochs
    python continue_train.py --model context --records DIR --annotator cor       adapts the context model to one patient, by the
                                                 first five minutes that a person has labelled

Writes weight/model_NAME_finetuned_best.pth (the epoch with the best validation macro-F1), ..._finetuned_final.pth (the
last epoch), data/new_history_finetune.npy and .json, and goes on with TensorBoard's curves where the training ended.
"""
import argparse
import sys
from pathlib import Path

import torch
from torch import distributed

import models
import train
from ecg import artifacts
from ecg.artifacts import InputError


def parser():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0], formatter_class=argparse.RawDescriptionHelpFormatter,
                                epilog="\n".join(__doc__.splitlines()[2:]))
    p.add_argument("--model", choices=[*models.NAMES, "context"], default="self", help="default self: weight/model_self.pth")
    p.add_argument("--from", dest="start", metavar="FILE", help="start from these weights (default: the model's own)")
    p.add_argument("--patience", type=int, help="stop after so many epochs without a better validation macro-F1 (default: never)")
    train.add_recipe_options(p)
    train.add_common_options(p)
    p.set_defaults(epochs=50)
    return p


def last_run(folder):
    """The newest TensorBoard log below `folder`, or None."""
    logs = sorted(path for path in folder.glob("*") if path.is_dir() and any(path.glob("events.*")))
    return logs[-1] if logs else None


def finetune(args):
    """Returns the weights files (best, final)."""
    recipe = train.recipe_of(args, train.RECIPES["tutorial"])
    if args.patience is not None and args.patience < 1:
        raise InputError(f"--patience {args.patience} must be at least 1")
    if args.threads:
        torch.set_num_threads(args.threads)
    device = train.choose_device(args.device)
    rank, _ = train.processes(device)
    data, weight, runs = artifacts.locate(args.data), artifacts.locate(args.weight), Path(args.runs)
    train_rows, val_rows, manifest = train.load_rows(data, device, recipe.balance)
    start = Path(args.start) if args.start else artifacts.weights_path(weight, args.model, manifest["protocol"])
    net, before = models.load(start)
    if before["input"]["mean"] != manifest["scaler"]["mean"] or before["input"]["scale"] != manifest["scaler"]["scale"]:
        raise InputError(f"{start} was trained on rows standardised otherwise than those in {artifacts.processed(data)}: "
                         "preprocess with the protocol and seed of its model card")
    if args.dropout is not None:
        before["arguments"] = {**before["arguments"], "dropout_rate": args.dropout}
        net = artifacts.fill(models.build(before), net.state_dict(), start)
    behind = before.get("metrics", {}).get("epoch", 0)
    card = train.model_card(before["name"], net, before["arguments"], manifest, recipe, args.seed,
                            {"from": start.name, "from_sha256": artifacts.sha256(start), "from_epoch": behind})
    best_file, final_file = (start.with_name(f"{start.stem}_finetuned_{which}.pth") for which in ("best", "final"))
    best_file, final_file = weight / best_file.name, weight / final_file.name
    report = train.print_line if rank == 0 else lambda text: None
    report(f"{start}: {behind} epochs behind it")

    def keep(run):
        last = {key: values[-1] for key, values in run.history.items()}
        artifacts.save_weights(final_file, run.kept.narrow_state(),
                               {**card, "metrics": {**last, "epoch": run.epoch, "macro_f1_over": run.best["macro_f1_over"]}})
        train.save_history(data, "new_history_finetune", run.history)

    _, best = train.fit(net, card, train_rows, val_rows, recipe, best_file, seed=args.seed, device=device,
                        checkpoint=runs / best_file.stem / "checkpoint.pth", log_dir=runs / start.stem,
                        run_dir=last_run(runs / start.stem), report=report, resume=args.resume, keep=keep,
                        patience=args.patience, first_epoch=behind)
    report(f"{best_file}: epoch {best['epoch']}, validation accuracy {best['val_acc']:.2%}, macro-F1 {best['val_macro_f1']:.4f}\n"
           f"{final_file}: the last epoch")
    return best_file, final_file


def main(argv=None):
    argv = sys.argv[1:] if argv is None else list(argv)
    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument("--model")
    known, rest = chosen.parse_known_args(argv)
    if known.model == "context":
        import model_context
        return model_context.adapt_main(rest)
    try:
        finetune(parser().parse_args(argv))
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


if __name__ == "__main__":
    artifacts.run(main)
