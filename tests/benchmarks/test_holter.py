"""benchmarks/holter.py: time by step, and the parts that need no database."""

import numpy as np
import pytest

from benchmarks import holter
from benchmarks.holter_parts import common, day, engines, steps, stream
from benchmarks.holter_parts.steps import WATCHED
from ecg import beat_table
from ecg.artifacts import InputError


def test_a_step_is_timed_without_the_steps_that_it_calls(monkeypatch):
    """By a clock that the steps themselves set forward: 5 s in each inner one, 1 s around them."""
    now = np.zeros(2)
    monkeypatch.setattr(steps, "clocks", now.copy)

    def spend(seconds):
        now.__iadd__(seconds)

    timed = steps.Steps()
    inner = timed.timed("inner", lambda: spend(5))
    outer = timed.timed("outer", lambda: (spend(1), inner(), inner()))
    outer()
    assert timed.seconds["inner"].tolist() == [10, 10] and timed.seconds["outer"].tolist() == [1, 1]


@pytest.fixture
def unwatched(monkeypatch):
    """What `Steps.watch_all` wraps is unwrapped after the test."""
    for module, name, _ in (*WATCHED, (beat_table, "extract_beats", None)):
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
    assert 0 < wall <= found["total"][0]
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
