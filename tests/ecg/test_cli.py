"""The command line: one vocabulary, one line for a mistake, the same everywhere."""

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import ecg
from ecg import cli
from ecg.artifacts import InputError
from ecg.overwriting import DEMO
from ecg.ranges import Range
from tests.conftest import HOME

STAGES = (
    *("data_preprocess", "train", "continue_train", "pretrain_translearn", "evaluate"),
    *("export_onnx", "inference", "monitor", "visualize", "clean_ECG", "Noisy_ECG_Signal"),
)
# every module that is run as a program by cli.run: stages, benchmarks, python -m ecg...
COMMANDS = sorted(
    ".".join(path.relative_to(HOME).with_suffix("").parts)
    for pattern in ("*.py", "benchmarks/*.py", "ecg/**/*.py")
    for path in HOME.glob(pattern)
    if "\n    cli.run(main)" in path.read_text(encoding="utf-8")
)
# an option of the shared table means the same everywhere: these alone have a word of their own
OWN = {("monitor", "--json"), ("Noisy_ECG_Signal", "--mains")}


def parser_of(stage, monkeypatch):
    monkeypatch.setattr(sys, "argv", [f"{stage}.py"])
    return importlib.import_module(stage).options()


@pytest.mark.parametrize("stage", STAGES)
def test_help_is_a_line_an_option(stage, monkeypatch):
    parser = parser_of(stage, monkeypatch)
    text = parser.format_help()
    usage, rest = text.split("\n\n", 1)
    assert usage.splitlines() == [usage] and usage.startswith(f"usage: {stage}.py [options]")
    options = rest[: rest.index(cli.EVERY_STAGE)]
    lines = [line for line in options.splitlines() if line.startswith(" ")]
    assert len(lines) >= 3 and all(line.startswith("  ") and line[2] != " " for line in lines)
    assert max(map(len, text.splitlines())) <= 100
    assert "None" not in text and "==SUPPRESS==" not in text
    for action in parser._actions:
        assert action.help, f"{action.option_strings} says nothing"


@pytest.mark.parametrize("stage", STAGES)
def test_shared_options_are_those_of_the_table(stage, monkeypatch):
    """Of the same type, with the same metavar, unless the stage has a reason."""
    for action in parser_of(stage, monkeypatch)._actions:
        for name in action.option_strings:
            shared = cli.OPTIONS.get(name)
            if shared is None or (stage, name) in OWN:
                continue
            assert action.type == shared.get("type")
            if "metavar" in shared and not isinstance(action.metavar, tuple):
                assert action.choices or action.metavar in (shared["metavar"], "FILE")


@pytest.mark.parametrize("stage", STAGES)
def test_version(stage, run):
    assert run(f"{stage}.py", "--version").stdout == f"{stage}.py {ecg.__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_its_version_and_can_be_quiet(name, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", [name])
    command = importlib.import_module(name)
    with pytest.raises(SystemExit) as end:
        command.options().parse_args(["--version"])
    assert end.value.code == 0 and capsys.readouterr().out.endswith(f" {ecg.__version__}\n")
    assert "--quiet" in command.options()._option_string_actions
    assert callable(command.main.__wrapped__), "cli.stage sees to --quiet"


def test_commands_are_found():
    assert {*STAGES, "ecg.ec57.__main__", "ecg.demo", "benchmarks.training"} <= set(COMMANDS)


def test_the_comparison_is_quiet_where_it_is_asked(run):
    pair = ("ecg/ec57/__main__.py", DEMO, "--test", "atr", "--learning", 0)
    assert run(*pair).stdout and run(*pair, "--quiet").stdout == ""


@pytest.mark.parametrize(
    "stage, typed, says",
    [
        ("evaluate", ["--weights", "deep"], "--weights is called --model here"),
        ("evaluate", ["--records", "D", "--weights", "deep"], "--weights is called --model here"),
        ("export_onnx", ["--weights=x.pth"], "--weights is called --model here"),
        ("continue_train", ["--from", "x.pth"], "--from is called --model here"),
        ("continue_train", ["--annotator", "cor"], "--annotator is called --reference here"),
        ("train", ["--rate", "1e-3"], "--rate is called --learning-rate here"),
        ("train", ["--annotator", "cor"], "--annotator is called --reference here"),
        ("visualize", ["100", "--labels", "atr"], "--labels is called --reference here"),
        ("pretrain_translearn", ["--labels", "100"], "--labels is called --beats here"),
        ("Noisy_ECG_Signal", ["--rate", "80"], "--rate is called --heart-rate here"),
        ("inference", ["--rate", "250"], "--rate is called --fs here"),
    ],
)
def test_a_former_spelling_names_the_new_one(stage, typed, says, refused):
    assert says in refused(f"{stage}.py", *typed)


@pytest.mark.parametrize(
    "stage, typed, says",
    [
        ("train", ["--epoch", "3"], "there is no option --epoch: is --epochs meant?"),
        ("train", ["--epochs", "three"], "--epochs three: give a whole number from 1 to 1,000,000"),
        ("train", ["--model", "nothing"], "--model: invalid choice: 'nothing'"),
        ("train", ["--epochs"], "--epochs: expected one argument"),
        ("train", ["stray"], "stray: nothing is expected there"),
        ("inference", ["--xyzzy"], "there is no option --xyzzy;"),
    ],
)
def test_a_usage_error_is_one_line(stage, typed, says, refused):
    line = refused(f"{stage}.py", *typed)
    assert line.startswith(f"{stage}.py: {says}")
    assert "give" in line or f"{stage}.py --help" in line


@pytest.mark.parametrize(
    "stage, typed",
    [
        ("data_preprocess", ["--source", "demo", "--url", "http://x"]),
        ("data_preprocess", ["--source", "demo", "--reference", "atr"]),
        ("train", ["--members", "2"]),
        ("train", ["--model", "context", "--hints"]),
        ("continue_train", ["--minutes", "3"]),
        ("pretrain_translearn", ["--seeds", "2"]),
        ("pretrain_translearn", ["--compare", "--balance", "none"]),
        ("pretrain_translearn", ["--pretrain", "--freeze"]),
        ("evaluate", ["--peaks", "annotated"]),
        ("evaluate", ["--records", "D", "--splits", "val"]),
        ("evaluate", ["--input", "minmax"]),
        ("inference", ["--jobs", "2"]),
        ("inference", ["x.csv", "--jobs", "2"]),
        ("inference", ["x.csv", "--lang", "zh"]),
        ("inference", ["x.csv", "--out", "D", "--csv", "x.csv"]),
        ("inference", ["--fs", "250"]),
        ("inference", ["--anonymous"]),
        ("monitor", ["x.csv", "--format", "int16"]),
        ("monitor", ["-", "--fs", "250", "--speed", "2"]),
        ("monitor", ["--lead", "II"]),
        ("visualize", ["--saliency"]),
        ("visualize", ["--fs", "250"]),
        ("visualize", ["--dataset", "--anonymous"]),
        ("visualize", ["x", "--dataset"]),
        ("visualize", ["x", "--reference", "atr", "--model", "self"]),
        ("clean_ECG", ["--lead", "II"]),
        ("clean_ECG", ["x.csv", "--zscore"]),
        ("clean_ECG", ["x.csv", "--start", "3"]),
        ("Noisy_ECG_Signal", ["--records", "D", "--kinds", "N"]),
        ("Noisy_ECG_Signal", ["--snr", "3"]),
    ],
)
def test_an_option_that_would_be_ignored_is_an_error(stage, typed, refused, tmp_path):
    line = refused(f"{stage}.py", *typed, cwd=tmp_path)
    assert line.startswith(f"{stage}.py: ")
    assert not list(tmp_path.iterdir())


def test_quiet_leaves_errors_and_files(run, tmp_path):
    made = run("Noisy_ECG_Signal.py", "--quiet", "--save", tmp_path / "x.png")
    assert made.stdout == "" and (tmp_path / "x.png").exists()
    wrong = run("Noisy_ECG_Signal.py", "--quiet", "--kinds", "X", check=False)
    assert wrong.returncode == 2 and "--kinds" in wrong.stderr


def test_what_was_typed_is_known():
    parser = cli.stage_parser("A stage.\n\nMore.", prog="stage.py")
    cli.add(parser, "--data", "--seed")
    args = parser.parse_args(["--data", "data"])
    assert args.given == {"data"} and args.seed == 0
    with pytest.raises(InputError, match="--data is for others"):
        cli.refuse_unused(args, ("seed", "data"), "is for others")


def numbers_of(stage, monkeypatch):
    """The options of a stage that take numbers."""
    actions = parser_of(stage, monkeypatch)._actions
    by_default = (int, float)
    return [a for a in actions if a.type is not None or type(a.default) in by_default]


BENCHMARKS = sorted(path.stem for path in HOME.glob("benchmarks/*.py"))


@pytest.mark.parametrize(
    "stage", [*STAGES, "ecg.ec57.__main__", *(f"benchmarks.{name}" for name in BENCHMARKS)]
)
def test_every_number_has_a_range(stage, monkeypatch):
    for action in numbers_of(stage, monkeypatch):
        name = action.option_strings[-1]
        if isinstance(action.default, Path) or action.type is Path:
            continue
        assert isinstance(action.type, Range), f"{name} of {stage} has no range"
        low, high = action.type.low, action.type.high
        assert -1e12 < low < high < 1e12
        for wrong in ("nan", "inf", "1e300", "-1e300", "none", low - 1, high + 1, ""):
            with pytest.raises(ValueError, match="give"):
                action.type(wrong)
        for default in action.default if isinstance(action.default, tuple) else [action.default]:
            assert default is None or action.type(default) == default


def test_a_stage_without_a_range_would_be_found(monkeypatch):
    parser = cli.stage_parser("A stage.", prog="stage.py")
    parser.add_argument("--many", type=int)
    monkeypatch.setitem(sys.modules, "made_up", SimpleNamespace(options=lambda: parser))
    with pytest.raises(AssertionError, match="--many of made_up has no range"):
        test_every_number_has_a_range("made_up", monkeypatch)
