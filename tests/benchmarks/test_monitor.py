"""benchmarks/monitor.py: the stream against the whole recording."""

import pytest

from benchmarks import monitor as benchmark
from ecg.synthetic import synthetic_recording
from tests.streams import FS, fingerprint, strip, wide_is_v


@pytest.fixture(scope="module")
def minute():
    return synthetic_recording(40, fs=FS, seed=3)


def test_agreement_of_a_recording_with_itself(minute):
    figures, events = benchmark.agreement(minute.signal, FS, fingerprint)
    assert (
        figures["beats_stream"] == figures["beats_offline"] == figures["both"]
        and figures["final_offline"] == 1.0
    )
    assert (
        0 < figures["provisional_delay_s"]["median"] < 0.7
        and figures["provisional_delay_s"]["late"] == 0
    )
    x, _ = strip("NNNNNNNNVVVVNNNNNNNNN", [0.8] * 7 + [0.5] * 4 + [0.8] * 5 + [4.0] + [0.8] * 3)
    figures, _ = benchmark.agreement(x, FS, wide_is_v)
    for name in ("v_run", "pause"):
        told = figures["alarms"][name]
        assert (told["events"], told["alarms"], told["missed"], told["false"]) == (1, 1, 0, 0)
        assert 0 < told["delay_max_s"] < 1.6
    benchmark.print_agreement([("strip", figures)])


def test_the_command_wants_recordings(refused):
    assert "FILE" in refused("benchmarks/monitor.py")
