"""Hum in a stream: found within 10 s, taken out of what comes and of what is kept; else not a bit
of the samples changes."""

import numpy as np
import pytest

import monitor as stage
from ecg import formats
from ecg.streaming import Monitor
from ecg.streaming.hum import ENDS, HOP, SEEN, HumRemover
from ecg.streaming.signal import KeptSignal
from ecg.synthetic import synthetic_recording
from tests.streams import fingerprint, labelled

FS = 250


def heart(seconds=60, seed=5):
    return synthetic_recording(seconds, FS, seed).signal


def hum(n, frequency, amplitude=0.3):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(n) / FS + 1)


def kept(leads, chunk=FS // 4):
    """What a stream of `leads` (n, k) keeps, (k, n), and the remover."""
    signal, remover = KeptSignal(len(leads)), HumRemover(FS)
    for start in range(0, len(leads), chunk):
        remover.write(signal, leads[start : start + chunk])
        if signal.total % int(HOP * FS) == 0:
            remover.look(signal)
    return np.array(signal.part(0, len(leads))), remover


@pytest.mark.parametrize("frequency", [50, 60, 16.7])
def test_it_is_taken_out_before_and_after_it_is_found(frequency):
    clean = heart()
    found, remover = kept(np.column_stack([clean + hum(len(clean), frequency), clean]))
    assert remover.frequencies[0] and remover.frequencies[1] == []
    assert np.array_equal(found[1], clean)
    rest = found[0] - clean
    for part in (rest[: int(SEEN * FS)], rest[int(SEEN * FS) :]):
        middle = part[FS:-FS]
        assert np.std(middle) < 0.06 < 0.2 < np.std(hum(len(middle), frequency))
    assert np.abs(np.fft.rfft(rest[5 * FS :])).argmax() < len(rest)  # finite throughout
    assert np.isfinite(rest).all()


def test_it_ends_where_there_is_none_any_more():
    clean = heart()
    x = clean.copy()
    x[: 20 * FS] += hum(20 * FS, 50)
    found, remover = kept(x[:, None])
    assert remover.frequencies == [[]]
    last = int((20 + SEEN + (ENDS + 1) * HOP) * FS)
    assert np.array_equal(found[0, last:], clean[last:])


def test_missing_samples_stay_missing_and_spoil_nothing():
    clean = heart()
    x = clean + hum(len(clean), 50)
    x[25 * FS : 26 * FS] = np.nan
    found, _ = kept(x[:, None])
    assert np.array_equal(np.isnan(found[0]), np.isnan(x))
    assert np.nanstd((found[0] - clean)[28 * FS :]) < 0.06


def test_labels_and_chunks():
    """The labels of clean and humming signals are the same beats; so are those in any chunks."""
    clean = heart(40)
    x = clean + hum(len(clean), 50, 0.5)

    def heard(signal, chunk):
        monitor = Monitor(FS, fingerprint)
        pieces = range(0, len(signal), chunk)
        events = [e for i in pieces for e in monitor.push(signal[i : i + chunk])]
        return labelled(events + monitor.finish(), "final")

    one, other = heard(x, 77), heard(x, len(x))
    assert one == other
    plain = heard(clean, len(clean))
    assert len(one) == len(plain)
    assert max(abs(a.sample - b.sample) for a, b in zip(one, plain)) <= 0.02 * FS


@pytest.mark.parametrize("frequency", [50, 60])
def test_single_beats_of_a_patient_keep_their_labels(mitdb, frequency):
    """Hum as strong as the heart costs the single-beat model most V; without it few labels
    change."""
    recording = formats.read_recording(mitdb / "200")
    fs, predict = recording.fs, stage.single_beat()
    clean = recording.signal[int(320 * fs) : int(360 * fs)]
    wave = np.sin(2 * np.pi * frequency * np.arange(len(clean)) / fs)

    def labels(x):
        monitor = Monitor(fs, predict)
        events = labelled(monitor.push(x) + monitor.finish(), "final")
        return {e.sample: e.label for e in events if SEEN < e.time_s < 38}

    plain, heard = labels(clean), labels(clean + np.sqrt(2) * clean.std() * wave)
    assert "V" in plain.values() and len(plain) == len(heard) > 30
    at = np.array(list(heard))
    same = [heard[at[np.abs(at - each).argmin()]] == plain[each] for each in plain]
    assert np.mean(same) > 0.95
