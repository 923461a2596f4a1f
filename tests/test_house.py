"""The rules of the house (docs/architecture.md): who may import whom, how long files and functions
are, that what others call is typed."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
MODEL_FILES = {
    "model_self",
    "model_deep",
    "model_residual",
    "model_context",
    "model_quality",
    "model_vf",
    "pretrain_translearn",
}
LONGEST_FILE, LONGEST_FUNCTION = 400, 60
DATA = {"ecg.translations"}  # a table of words


def _module(path):
    name = ".".join(path.relative_to(HOME).with_suffix("").parts)
    return name.removesuffix(".__init__")


FILES = {
    _module(path): path
    for pattern in ("*.py", "ecg/**/*.py", "benchmarks/**/*.py")
    for path in HOME.glob(pattern)
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
SCRIPTS = {name for name in FILES if "." not in name}


def _imported(nodes):
    """The project's modules that these nodes import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in FILES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if name in FILES or node.module in FILES:
                    yield name if name in FILES else node.module


ARROWS = {name: set(_imported(ast.walk(tree))) - {name} for name, tree in TREES.items()}
# what is imported when the module is: not what a function imports when it is called
AT_ONCE = {name: set(_imported(tree.body)) - {name} for name, tree in TREES.items()}


def _reached(start, arrows):
    seen, stack = set(), [start]
    while stack:
        for name in arrows[stack.pop()] - seen:
            seen.add(name)
            stack.append(name)
    return seen


def test_no_circles():
    circles = {name for name in FILES if name in _reached(name, ARROWS)}
    assert not circles, f"these modules import themselves by way of others: {sorted(circles)}"


def test_the_library_does_not_look_up():
    up = {
        name: sorted(to for to in found if not to.startswith("ecg"))
        for name, found in ARROWS.items()
        if name.startswith("ecg")
    }
    assert {name: found for name, found in up.items() if found} == {}


def test_a_stage_imports_no_other_stage():
    """But for inference.py, which is a library too, and model files with models.py."""
    wrong = defaultdict(set)
    for name in SCRIPTS:
        allowed = MODEL_FILES | {"models", "inference"}
        if name in MODEL_FILES - {"pretrain_translearn"}:
            allowed = set()
        elif name == "models":
            allowed = MODEL_FILES
        elif name == "inference":  # clean_ECG's functions have always been importable from it
            allowed = {"models"}
        wrong[name] = {to for to in ARROWS[name] if not to.startswith("ecg")} - allowed
    assert {name: sorted(found) for name, found in wrong.items() if found} == {}


def test_inference_imports_no_training_code():
    heavy = {name for name in _reached("inference", AT_ONCE) if name.startswith("ecg.training")}
    assert heavy <= {"ecg.training", "ecg.training.recipe"}, "a recipe is a table; the rest is not"
    third = set()
    for name in {"inference", *_reached("inference", AT_ONCE)}:
        for node in TREES[name].body:
            if isinstance(node, ast.Import):
                third |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                third.add(node.module.split(".")[0])
    assert not third & {"torch", "sklearn", "imblearn", "tensorboard", "onnx", "matplotlib"}


@pytest.mark.parametrize("name", sorted(set(FILES) - DATA))
def test_files_and_functions_fit_in_a_head(name):
    lines = len(FILES[name].read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{FILES[name]} has {lines} lines: does it hold one subject?"
    for node in ast.walk(TREES[name]):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{name}.{node.name} has {length} lines"


def _public_functions(tree):
    """(name, function) of every function that others may call: at the top, or in a public class."""
    for node in tree.body:
        inside = isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        for item in node.body if inside else [node]:
            if not isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            if not item.name.startswith("_") or (inside and item.name == "__init__"):
                yield (f"{node.name}.{item.name}" if inside else item.name), item


def _without_hint(function):
    """What of a function has no type hint: names of parameters, and 'return'."""
    a = function.args
    given = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
    missing = [p.arg for p in given if p.annotation is None and p.arg not in ("self", "cls")]
    if function.returns is None and function.name != "__init__":
        missing.append("return")
    return missing


def test_every_public_function_is_typed():
    untyped = [
        f"{FILES[module].relative_to(HOME)}: {name} ({', '.join(missing)})"
        for module, tree in sorted(TREES.items())
        for name, function in _public_functions(tree)
        if (missing := _without_hint(function))
    ]
    assert not untyped, "no type hint for\n  " + "\n  ".join(untyped)


@pytest.mark.parametrize("page", ["architecture.md", "architecture.zh-CN.md"])
def test_the_page_of_the_house_names_every_room(page):
    text = (HOME / "docs" / page).read_text(encoding="utf-8")
    rooms = {name.split(".")[1] for name in FILES if name.startswith("ecg.")}
    missing = {room for room in rooms if f"{room}.py" not in text and f"{room}/" not in text}
    assert not missing, f"docs/{page} does not name {sorted(missing)}"
