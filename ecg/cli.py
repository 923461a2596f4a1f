"""What the command lines of the stages share: options that several have, each defined once."""

import argparse
import dataclasses
import difflib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from ecg import __version__, ranges
from ecg.errors import InputError
from ecg.running import parse_early as parse_early
from ecg.running import print_line as print_line
from ecg.running import run as run
from ecg.running import stage as stage
from ecg.training.recipe import BALANCES, ROW_RECIPES, Recipe
from ecg.translations import LANGUAGES

# ---- the options -----------------------------------------------------------------------------

# one meaning everywhere; a stage that says more of one hands that to `add`
OPTIONS: dict[str, dict[str, Any]] = {
    # which data
    "--records": dict(metavar="DIR", help="folder of annotated WFDB records"),
    "--reference": dict(metavar="NAME", default="atr", help="annotator of the reference"),
    # which model
    "--model": dict(metavar="MODEL", help="name of a model, or a .pth or .onnx file"),
    # folders
    "--data": dict(metavar="DIR", default="data", help="folder of the data"),
    "--weight": dict(metavar="DIR", default="weight", help="folder of the weights"),
    "--runs": dict(metavar="DIR", default="runs", help="folder of TensorBoard logs, checkpoints"),
    # where results go
    "--out": dict(metavar="DIR", help="folder of the results"),
    "--csv": dict(metavar="FILE", help="write the beats as CSV"),
    "--json": dict(metavar="FILE", help="write the results as JSON"),
    "--save": dict(metavar="FILE", help="write the figure: .png, .svg, .pdf (default: a window)"),
    "--annotation": dict(metavar="DIR", help="write a WFDB annotation (annotator cnn) into DIR"),
    "--report": dict(metavar="FILE", help="write the report, one HTML page"),
    "--pdf": dict(metavar="FILE", help="print the report to A4, by Chromium, Chrome or Edge"),
    "--lang": dict(choices=LANGUAGES, default="en", help="language of what is drawn"),
    # what a recording's file does not say
    "--lead": dict(metavar="L", help="lead: name or number from 0 (default: II, else the first)"),
    "--second": dict(
        metavar="L", default="auto", help="second lead of the context model: name, number, none"
    ),
    "--fs": dict(metavar="HZ", type=ranges.RATE, help="sampling rate, where the file lacks it"),
    "--unit": dict(metavar="U", help="V, mV, uV, GAIN/mV or GAIN(ZERO)/mV, where it is lacking"),
    "--invert": dict(choices=("auto", "yes", "no"), default="auto", help="turn the lead over"),
    "--mains": dict(choices=("auto", "none"), default="auto", help="take strong mains hum out"),
    "--anonymous": dict(action="store_true", help="without patient, age, sex and date"),
    # training and running
    "--epochs": dict(metavar="N", type=ranges.COUNT, help="passes over the data"),
    "--batch": dict(
        metavar="N", type=ranges.COUNT, help="rows or sequences a step, in all processes"
    ),
    "--learning-rate": dict(
        metavar="R", type=ranges.LEARNING_RATE, help="learning rate; of one cycle, its peak"
    ),
    "--seed": dict(
        metavar="N", type=ranges.SEED, default=0, help="the same seed gives the same result"
    ),
    "--device": dict(choices=("auto", "cuda", "mps", "cpu"), help="what computes"),
    "--threads": dict(metavar="N", type=ranges.WORKERS, help="CPU threads"),
    "--jobs": dict(
        metavar="N", type=ranges.WORKERS, default=1, help="recordings worked on at a time"
    ),
    # on every stage
    "--overwrite": dict(action="store_true", help="write over files that are no earlier output"),
    "--quiet": dict(action="store_true", help="no report and no progress, only errors"),
}

# spellings of version 1: {old: what it is called now, in one stage or another}
RENAMED = {
    "--weights": ("--model",),
    "--from": ("--model",),
    "--annotator": ("--reference",),
    "--labels": ("--reference", "--beats"),
    "--rate": ("--learning-rate", "--heart-rate", "--fs"),
}


# argparse has no public names for what `add_argument_group` gives, and for what has `add_argument`
Group = argparse._ArgumentGroup


def add(group: argparse._ActionsContainer, *names: str, **changes: Any) -> None:
    """Add options of OPTIONS to a parser or a group of it, with `changes` to what stands there."""
    for name in names:
        group.add_argument(name, **{**OPTIONS[name], **changes})


def add_recording_options(parser: argparse.ArgumentParser, *more: str) -> Group:
    """The options of every stage that reads recordings: --lead, --fs, --unit, and `more` of the
    table. Returns their group."""
    group = parser.add_argument_group("the recording: what the file does not say")
    add(group, "--lead", *(("--second",) if "--second" in more else ()), "--fs", "--unit")
    add(group, *(name for name in more if name != "--second"))
    return group


class _Moved(argparse.Action):
    """An option that is a command of its own now: whoever types it is told the command."""

    def __call__(self, parser, namespace, values, option_string=None):
        raise InputError(f"{option_string} is a command of its own now: {self.const}")


def add_moved_option(parser: argparse.ArgumentParser, option: str, command: str) -> None:
    """Refuse `option`, naming the command that does its work now."""
    parser.add_argument(option, action=_Moved, nargs="*", const=command, help=argparse.SUPPRESS)


# ---- the parser ------------------------------------------------------------------------------


HELP_COLUMN = 27  # where the text of `--help` begins


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """`--help`: a line an option, with its default where it has one, and the examples of the stage
    as they are written."""

    def __init__(self, prog: str):
        super().__init__(prog, max_help_position=HELP_COLUMN, width=100)

    def _format_usage(self, usage, actions, groups, prefix):
        files = [self._format_args(a, a.metavar) for a in actions if not a.option_strings]
        return f"usage: {' '.join([self._prog, '[options]', *files])}\n\n"

    def _format_args(self, action, default_metavar):
        if action.nargs in ("+", "*") and action.option_strings:
            return f"{action.metavar or 'NAME'} ..."
        return super()._format_args(action, default_metavar)

    def _metavar_formatter(self, action, default_metavar):
        if action.metavar is None and self._long(action):
            return lambda size: ("NAME",) * size
        return super()._metavar_formatter(action, default_metavar)

    @staticmethod
    def _long(action):
        """Whether the choices of an option do not fit beside its name."""
        names = (
            20 * bool(action.nargs)
            + len("".join(action.option_strings))
            + len(",".join(map(str, action.choices or ())))
        )
        return names + 8 > HELP_COLUMN

    def _get_help_string(self, action):
        text = action.help or ""
        if action.choices and action.metavar is None and self._long(action):
            text = f"{', '.join(map(str, action.choices))}: {text}"
        default = action.default
        if default in (None, False, True, [], argparse.SUPPRESS) or "default" in text:
            return text
        if isinstance(default, (list, tuple)):
            default = " ".join(map(str, default))
        return f"{text} (default: {default})".replace("%", "%%")


class Parser(argparse.ArgumentParser):
    """argparse's, but that a mistake is an InputError: one line."""

    def error(self, message: str) -> NoReturn:
        message = message.removeprefix("argument ")
        raise InputError(f"{message}; {self.prog} --help tells the options")

    def _get_value(self, action, arg_string):
        """argparse's, but that a number out of its range is told with the range."""
        if not isinstance(action.type, ranges.Range):
            return super()._get_value(action, arg_string)  # type: ignore[misc]
        try:
            return action.type(arg_string)
        except ValueError as error:
            raise InputError(f"{action.option_strings[-1]} {error}") from None

    def format_help(self) -> str:
        groups = self._action_groups
        groups.sort(key=lambda group: group.title == EVERY_STAGE)
        return super().format_help()

    def parse_args(  # type: ignore[override]  # argparse's takes any object as a namespace
        self, args: Iterable[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """The arguments; `given` of them holds the names of the options that were typed."""
        typed = list(sys.argv[1:] if args is None else args)
        found, unknown = self.parse_known_args(typed, namespace)
        if unknown:
            self.error(self._unknown(unknown))
        options = [action for action in self._actions if action.option_strings]
        absent = argparse.Namespace(**{action.dest: _ABSENT for action in options})
        seen = vars(self.parse_known_args(typed, absent)[0])
        found.given = frozenset(a.dest for a in options if seen[a.dest] is not _ABSENT)
        return found

    def _unknown(self, unknown):
        """What is said of arguments that are no option of this stage."""
        typed = unknown[0].partition("=")[0]
        if not typed.startswith("-"):
            return f"{' '.join(unknown)}: nothing is expected there"
        shown = (a for a in self._actions if a.help != argparse.SUPPRESS)
        names = [name for action in shown for name in action.option_strings]
        for new in RENAMED.get(typed, ()):
            if new in names:
                return f"{typed} is called {new} here"
        near = difflib.get_close_matches(typed, names, 1, 0.7)
        return f"there is no option {typed}" + (f": is {near[0]} meant?" if near else "")


_ABSENT = object()
# what is no option although it begins with a dash; argparse takes -1e3 and -inf for options
NEGATIVE = re.compile(r"-(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|-(inf|nan)", re.IGNORECASE)
EVERY_STAGE = "every stage"


def stage_parser(doc: str | None, prog: str | None = None, writes: bool = True) -> Parser:
    """The parser of a stage: the first paragraph of its docstring says what it does, the rest how
    it is run. It has the options that every stage has; --overwrite where it `writes` files."""
    description, _, epilog = (doc or "").partition("\n\n")
    parser = Parser(
        prog=prog,
        description=description,
        epilog=epilog,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    parser._negative_number_matcher = NEGATIVE
    group = parser.add_argument_group(EVERY_STAGE)
    group.add_argument("-h", "--help", action="help", help="show this and stop")
    version = f"{parser.prog} {__version__}"
    group.add_argument("--version", action="version", version=version, help="show the version")
    add(group, *(("--overwrite",) if writes else ()), "--quiet")
    return parser


def refuse_unused(args: argparse.Namespace, names: Sequence[str], why: str) -> None:
    """Raise InputError where one of the options `names` (as attributes: no dashes) was typed
    although it would be ignored; `why` says so after its name: `is for one recording`."""
    for name in names:
        if name in args.given:
            raise InputError(f"{spelled(name)} {why}")


def spelled(name: str) -> str:
    """learning_rate -> --learning-rate"""
    return "--" + name.replace("_", "-")


# ---- training --------------------------------------------------------------------------------

# What an option is where it was not given, for a model of single rows. An option without a default
# in such a table does not apply to the model: see `settle`.
ROW_DEFAULTS: dict[str, Any] = {
    **dict(epochs=None, batch=None, learning_rate=None, balance=None, augment=None, dropout=None),
    **dict(seed=42, device="auto", threads=None, resume=False),
    **dict(data="data", weight="weight", runs="runs"),
}


def add_training_options(parser: Parser) -> None:
    """The options of every training. Their defaults are the model's: see `settle`."""
    group = parser.add_argument_group("training")
    add(group, "--epochs", help="passes over the data (default: the recipe's; tutorial 10)")
    add(group, "--batch", help="items a step, over all processes (default: the recipe's; 32)")
    add(group, "--learning-rate", help="or its peak, in one cycle (default: the recipe's; 1e-4)")
    add(group, "--seed", default=None, help="of weights, order, dropout (default 42; context 0)")
    add(group, "--device", help="what computes (default auto)")
    add(group, "--threads", help="CPU threads (default: one a core; context 1)")
    group.add_argument("--resume", action="store_true", help="continue after the last whole epoch")
    add(group, "--weight", "--runs")


def add_row_options(parser: Parser) -> Group:
    """The options of every training on single rows. Returns their group."""
    group = parser.add_argument_group("models of single rows")
    add(group, "--data")
    group.add_argument("--balance", choices=BALANCES, help="of classes (default: the recipe's)")
    group.add_argument(
        "--augment",
        action=argparse.BooleanOptionalAction,
        help="rows as another detector or recorder gives them (default: off)",
    )
    group.add_argument(
        "--dropout",
        metavar="SHARE",
        type=ranges.SHARE,
        help="units dropped while learning, 0 to 1 (default: the model's)",
    )
    return group


# and what a training that starts afresh has besides
FRESH_ROW_DEFAULTS: dict[str, Any] = {
    **ROW_DEFAULTS,
    **dict(recipe="tutorial", init="none", freeze=False, hints=False, refit=False),
}


def add_fresh_row_options(parser: Parser) -> Any:
    """The options of a training on single rows that starts afresh, those of `add_row_options`
    among them. Returns their group."""
    group = add_row_options(parser)
    option = group.add_argument
    option("--recipe", choices=ROW_RECIPES, help="(the first)")
    option("--init", metavar="START", help="resnet18: none, imagenet or FILE (default none)")
    option("--freeze", action="store_true", help="resnet18: only the last layer learns")
    return group


def settle(args: argparse.Namespace, defaults: Mapping[str, Any]) -> argparse.Namespace:
    """The options that were typed, with `defaults` for the others. Raises InputError for one that
    was typed and is not in the table: it does not apply to `args.model`."""
    for name in sorted(args.given - {"model", "overwrite", "quiet"}):
        if name not in defaults:
            raise InputError(f"{spelled(name)} does not apply to --model {args.model}")
    typed = {name: getattr(args, name) for name in args.given}
    return argparse.Namespace(**{"model": args.model, **defaults, **typed})


def recipe_from(args: argparse.Namespace, base: Recipe) -> Recipe:
    """The recipe `base` with what was given on the command line. Raises InputError for what no
    training can do; its numbers lie in their ranges (ecg.ranges)."""
    given = {key: getattr(args, key, None) for key in ("epochs", "batch", "balance", "augment")}
    given["rate"] = getattr(args, "learning_rate", None)
    if getattr(args, "dropout", None) == 1:
        raise InputError("--dropout 1 leaves nothing to learn from: give a share below 1")
    return dataclasses.replace(base, **{k: v for k, v in given.items() if v is not None})
