"""What the command lines of the stages share.

Options that several stages have, each defined once; how a stage runs and how it fails.
"""

import argparse
import dataclasses
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ecg.artifacts import InputError
from ecg.training.recipe import BALANCES, Recipe


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """`--help` with every default, and with the examples of the stage as they are written."""


def stage_parser(doc: str) -> argparse.ArgumentParser:
    """The parser of a stage: the first paragraph of its docstring says what it does, the rest how
    it is run."""
    description, _, epilog = doc.partition("\n\n")
    return argparse.ArgumentParser(
        description=description, epilog=epilog, formatter_class=HelpFormatter
    )


def run(main):
    """Run a stage's `main()` as a program: an InputError is one line on stderr and exit status 2.

    A closed pipe (`python STAGE.py | head`) and Ctrl-C end the program quietly, with the status a
    shell expects."""
    try:
        status = main()
    except InputError as error:
        print(f"{_program()}: {' '.join(str(error).split())}", file=sys.stderr)
        status = 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    except KeyboardInterrupt:
        print(f"{_program()}: stopped", file=sys.stderr)
        status = 130
    sys.exit(status or 0)


def _program():
    """The name of the script, or of the package behind `python -m PACKAGE`."""
    script = Path(sys.argv[0])
    return script.parent.name if script.name == "__main__.py" else script.name


def add_recording_options(parser):
    """The three options of every stage that reads recordings, under the same names everywhere."""
    parser.add_argument(
        "--lead",
        help="name or number (from 0) of the lead (default: II where there is one, else the first)",
    )
    parser.add_argument(
        "--fs", type=float, help="sampling rate in Hz, where the file does not say it"
    )
    parser.add_argument(
        "--unit",
        help="V, mV, uV, or ADC units as GAIN/mV or GAIN(ZERO)/mV, such as 200(1024)/mV, "
        "where the file does not say it",
    )


def add_second_lead_option(parser, default: str = "auto"):
    """The option of the stages that can look at two leads of a recording."""
    parser.add_argument(
        "--second",
        metavar="LEAD",
        default=default,
        help="a second lead that the context model asks too: its name or number; none; auto: V1, "
        "V5, V2 or the next "
        "that is called an ECG lead, where there is one",
    )


class _Moved(argparse.Action):
    """An option that is a command of its own now: whoever types it is told the command."""

    def __call__(self, parser, namespace, values, option_string=None):
        raise InputError(f"{option_string} is a command of its own now: {self.const}")


def add_moved_option(parser: argparse.ArgumentParser, option: str, command: str) -> None:
    """Refuse `option`, naming the command that does its work now."""
    parser.add_argument(option, action=_Moved, nargs="*", const=command, help=argparse.SUPPRESS)


def print_line(text: str) -> None:
    print(text, flush=True)


# ---- training ------------------------------------------------------------------------------------

# What an option is where it was not given, for a model of single rows. An option without a default
# in such a table does not apply to the model: see `settle`.
ROW_DEFAULTS = {
    **dict(epochs=None, batch=None, rate=None, balance=None, augment=None, dropout=None),
    **dict(seed=42, device="auto", threads=None, resume=False),
    **dict(data="data", weight="weight", runs="runs"),
}


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """The options of every training. The parsed arguments hold only what was given."""
    option = _adder(parser.add_argument_group("training"))
    of_recipe = "(default: the recipe's; tutorial {})"
    option("--epochs", type=int, help=f"passes over the data {of_recipe.format(10)}")
    option(
        "--batch",
        type=int,
        help=f"rows or sequences a step, over all processes together {of_recipe.format(32)}",
    )
    option(
        "--rate",
        type=float,
        help=f"learning rate, its peak under a one-cycle schedule {of_recipe.format('1e-4')}",
    )
    option(
        "--seed",
        type=int,
        help="of weights, order, dropout and augmentation (default 42; context 0)",
    )
    option(
        "--device",
        choices=("auto", "cuda", "mps", "cpu"),
        help="default auto: the first there is (context: cpu, for the network is small)",
    )
    option(
        "--threads",
        type=int,
        help="CPU threads (default: torch's choice, one a core; context 1, its network is small)",
    )
    option(
        "--resume",
        action="store_true",
        help="continue the same training after its last whole epoch",
    )
    option("--weight", metavar="DIR", help="folder of weights (default weight)")
    option(
        "--runs", metavar="DIR", help="folder of TensorBoard logs and checkpoints (default runs)"
    )


def add_row_options(parser: argparse.ArgumentParser):
    """The options of every training on single rows, as those of `add_training_options`. Returns a
    function that adds others to the group."""
    option = _adder(parser.add_argument_group("models of single rows"))
    option("--data", metavar="DIR", help="folder that holds processed_data/ (default data)")
    option(
        "--balance",
        choices=BALANCES,
        help="smote: SMOTE's rows too; weights: real rows, weighted loss; sampler: real rows drawn "
        "by weight; none: real rows (default: the recipe's; tutorial smote)",
    )
    option(
        "--augment",
        action=argparse.BooleanOptionalAction,
        help="rows shifted, scaled, on a baseline, with noise, as a detector and a recorder may "
        "give them (default: off)",
    )
    option(
        "--dropout",
        type=float,
        help="share of units dropped while training, 0 to 1 (default: the model's)",
    )
    return option


def _adder(group):
    """group.add_argument for options that are absent from the parsed arguments unless given."""

    def add(*names, **about):
        group.add_argument(*names, default=argparse.SUPPRESS, **about)

    return add


def settle(args: argparse.Namespace, defaults: Mapping) -> argparse.Namespace:
    """`args` with `defaults` for what was not given. Raises InputError for an option that was given
    and is not in the table: it does not apply to `args.model`."""
    for name in vars(args):
        if name not in (*defaults, "model"):
            raise InputError(f"--{name} does not apply to --model {args.model}")
    return argparse.Namespace(**{**defaults, **vars(args)})


def recipe_from(args: argparse.Namespace, base: Recipe) -> Recipe:
    """The recipe `base` with what was given on the command line. Raises InputError for what no
    training can do."""
    given = {key: getattr(args, key, None) for key in ("epochs", "batch", "rate")}
    for key, value in given.items():
        if value is not None and not value > 0:
            raise InputError(f"--{key} {value} must be above 0")
    given |= {key: getattr(args, key, None) for key in ("balance", "augment")}
    dropout = getattr(args, "dropout", None)
    if dropout is not None and not 0 <= dropout < 1:
        raise InputError(f"--dropout {dropout} must lie between 0 and 1")
    if args.threads is not None and args.threads < 1:
        raise InputError(f"--threads {args.threads} must be at least 1")
    return dataclasses.replace(base, **{k: v for k, v in given.items() if v is not None})
