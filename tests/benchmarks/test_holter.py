"""benchmarks/holter.py: time by step, and the parts that need no database."""

import time

import pytest

from benchmarks import holter
from benchmarks.holter_parts import common, day, engines, stream
from benchmarks.holter_parts.steps import WATCHED, Steps
from ecg import labelling
from ecg.artifacts import InputError


def test_a_step_is_timed_without_the_steps_that_it_calls():
    steps = Steps()
    inner = steps.timed("inner", lambda: time.sleep(0.05))
    outer = steps.timed("outer", lambda: (time.sleep(0.01), inner(), inner()))
    outer()
    assert steps.seconds["inner"][0] >= 0.1
    assert 0.01 <= steps.seconds["outer"][0] < 0.05


@pytest.fixture
def unwatched(monkeypatch):
    """What `Steps.watch_all` wraps is unwrapped after the test."""
    for module, name, _ in (*WATCHED, (labelling, "extract_beats", None)):
        monkeypatch.setattr(module, name, getattr(module, name))


@pytest.mark.parametrize("model", ["self", "context"])
def test_every_step_of_a_recording_is_watched(unwatched, two_leads, home, tmp_path, model):
    """Each function is still called by the name under which it is watched."""
    weight = home / "weight" / "shipped"
    found = day.label_day([two_leads.with_suffix(".hea")], model, weight, tmp_path)
    unused = "compare with own patient" if model == "self" else "cut rows"
    expected = {step for *_, step in WATCHED} - {unused} | {"load the model", "else"}
    assert set(found["steps"]) == expected
    wall = sum(seconds[0] for seconds in found["steps"].values())
    assert wall == pytest.approx(found["total"][0], rel=0.05)
    assert (found["alone"] is None) == (model == "context") == (found["rows"] == 0)
    assert {p.name for p in tmp_path.iterdir()} == {"two.csv", "two.cnn", "two.json"}


def test_parity_of_the_shipped_weights(two_leads, home, tmp_path, capsys):
    paths, weight = [two_leads.with_suffix(".hea")], home / "weight" / "shipped"
    figures = engines.measure_parity(paths, ["self"], weight, tmp_path)
    assert figures["self, 24 h"]["rows"] > 100
    assert figures["self, 24 h"]["unequal"] == figures["self, 24 h"]["ties"]
    assert "without test rows" in capsys.readouterr().out


def test_a_monitor_holds_minutes_not_the_hour():
    (held,) = stream.memory_by_hour(1)
    assert held < 8 * 100 * 900 / 1024  # kB of a quarter of an hour of float64 at 100 Hz


def test_records_are_needed(tmp_path, home):
    with pytest.raises(InputError, match="--records"):
        common.find_records(tmp_path)
    assert holter.default_models(home / "weight" / "shipped") == ["self", "residual", "context"]
