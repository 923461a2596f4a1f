"""A cluster is asked whether it can do the work before any is handed out."""

from types import SimpleNamespace

import pytest

from ecg.archive import _probe
from ecg.artifacts import InputError


def cluster(*workers):
    """A client of a cluster whose workers are these functions, which do as they are told."""

    def run(function, *args):
        return {k: worker(function, *args) for k, worker in enumerate(workers)}

    return SimpleNamespace(run=run)


def without_project(*_):
    raise ModuleNotFoundError("No module named 'inference'")


def with_project(function, *args):
    return function(*args)


def test_workers_that_have_the_project_are_taken():
    _probe(cluster(with_project), "tcp://x")


def test_workers_that_lack_the_project_are_refused():
    with pytest.raises(InputError, match="tcp://x: its workers cannot import the project .No mod"):
        _probe(cluster(with_project, without_project), "tcp://x")


def test_a_cluster_without_workers_is_refused():
    with pytest.raises(InputError, match="tcp://x: it has no workers"):
        _probe(cluster(), "tcp://x")
