"""requirements-inference.txt holds all that labels, monitor, figures and report need, and no more
than requirements.txt, in the same versions."""

import ast
import functools
import re
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
# what works without torch; the rooms below are imported where they are needed
ROOTS = "inference", "monitor", "clean_ECG", "visualize", "Noisy_ECG_Signal"
ROOMS = "ecg.report", "ecg.evaluation.reference", "ecg.figures.tutorial", "ecg.demo"
WHERE_ASKED = {"torch", "requests", "dask"}  # for .pth files, a download, a cluster
WITH_ANOTHER = {"markupsafe"}  # what a listed package stands on: Jinja2


def packages(name):
    """{package: version} of a file of requirements."""
    lines = (HOME / name).read_text("utf-8").splitlines()
    found = (re.match(r"([\w-]+)==(\S+)", line) for line in lines)
    return {match[1].lower(): match[2] for match in found if match}


def file_of(module):
    """The file of one of the project's modules, None for other people's."""
    path = HOME / Path(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


class _Imports(ast.NodeVisitor):
    """Modules that a file imports: when it is imported, and in functions."""

    def __init__(self):
        self.at_once, self.in_functions = set(), set()
        self.found = self.at_once

    def visit_FunctionDef(self, node):
        before, self.found = self.found, self.in_functions
        self.generic_visit(node)
        self.found = before

    def visit_If(self, node):
        if getattr(node.test, "id", "") != "TYPE_CHECKING":
            self.generic_visit(node)

    def visit_Expr(self, node):  # holds no import
        pass

    visit_Assign = visit_Return = visit_Expr

    def visit_Import(self, node):
        self.found |= {alias.name for alias in node.names}

    def visit_ImportFrom(self, node):
        self.found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}


@functools.cache
def imports(file):
    """The imports of a file."""
    found = _Imports()
    found.visit(ast.parse(file.read_text("utf-8")))
    return found


@functools.cache
def reached():
    """Files that are imported with the roots and rooms."""
    todo, found = [*ROOTS, *ROOMS], {}
    while todo:
        module = todo.pop()
        file = file_of(module)
        if file is None or module in found:
            continue
        found[module] = file
        todo += imports(file).at_once
        todo += [module.rpartition(".")[0]] if "." in module else []
    return found


def foreign(modules):
    """Names of packages that neither Python nor the project has."""
    names = {module.partition(".")[0] for module in modules}
    return {each for each in names if each not in sys.stdlib_module_names and not file_of(each)}


def test_nothing_else_is_imported():
    files = reached()
    assert {"ecg.labelling", "ecg.streaming.monitor", "ecg.report.page", "ecg.qrs"} <= set(files)
    listed = {*packages("requirements-inference.txt"), *WITH_ANOTHER}
    asked = {*listed, *WHERE_ASKED, *packages("requirements-formats.txt")}
    for module, file in files.items():
        assert foreign(imports(file).at_once) <= listed, module
        assert foreign(imports(file).in_functions) <= asked, module
    assert not listed & {"torch", "onnx", "scikit-learn", "imbalanced-learn", "tensorboard"}


def test_everything_listed_is_imported():
    found = [imports(file) for file in reached().values()]
    used = set().union(*(foreign(each.at_once | each.in_functions) for each in found))
    assert set(packages("requirements-inference.txt")) <= used


def test_versions_are_those_of_all_stages():
    everything = packages("requirements.txt")
    few = packages("requirements-inference.txt")
    assert len(few) >= 9 and few == {name: everything[name] for name in few}
