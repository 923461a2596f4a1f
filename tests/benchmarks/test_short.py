"""Networks that never saw a record, and what becomes of short pieces of it."""

import numpy as np
import pytest

import train
from benchmarks import short
from benchmarks.common.folds import Folds
from ecg.artifacts import InputError
from ecg.noise import ac_power
from ecg.prediction import card_of
from ecg.synthetic import synthetic_recording, write_wfdb


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Four annotated records, three hand-held ones, and the networks of two folds."""
    folder = tmp_path_factory.mktemp("short")
    for seed in range(4):
        record = synthetic_recording(90, 250, seed=seed, shares={"V": 0.1}, name=f"{100 + seed}")
        write_wfdb(folder / "records", record, "atr")
    for seed in range(3):
        write_wfdb(folder / "held", synthetic_recording(15, 300, seed=seed, name=f"A{seed}"))
    (folder / "held" / "REFERENCE.csv").write_text("A0,N\nA1,N\nA2,A\n")
    train.main(
        [
            *("--model", "context", "--records", str(folder / "records"), "--protocol", "all"),
            *("--normal", str(folder / "held"), "--rhythms", "--cv", "--folds", "2"),
            *("--members", "1", "--epochs", "1", "--keep", str(folder / "folds"), "--quiet"),
        ]
    )
    return folder


def test_every_record_has_a_network_that_never_saw_it(made):
    folds = Folds(made / "folds")
    assert len(folds.networks) == 2
    for record in ("100", "101", "102", "103"):
        names = card_of(folds.network(record))["manifest"]["records"]
        assert f"records/{record}" not in names and len(names) >= 2
    # both hand-held recordings are one group, which one fold leaves out
    assert "held/A0-A1" not in card_of(folds.network("A1"))["manifest"]["records"]
    for network in folds.networks:
        network.card["manifest"]["records"] = ["records/100"]
    with pytest.raises(InputError, match="every network was trained on record 100"):
        folds.network("100")


def test_a_folder_without_networks(tmp_path):
    with pytest.raises(InputError, match="--cv --keep"):
        Folds(tmp_path)


def test_pieces_are_judged_where_they_are(made):
    """The reference of a piece lies where its signal does."""
    recording, reference = short.read(made / "records", "101")
    for piece, beats in short.pieces(recording, reference, 10):
        assert len(piece.signal) == 2500 and (beats.at < 2500).all() and len(beats.at) > 5
        height = np.abs(piece.signal - np.median(piece.signal))
        inside = beats.at[(beats.at > 30) & (beats.at < 2470)]
        near = [height[k - 30 : k + 30].max() for k in inside]
        assert np.median(near) > 3 * np.median(height)


def test_the_tables(made, capsys):
    short.main(
        [
            *("--records", str(made / "records"), "--normal", str(made / "held")),
            *("--mixtures", str(made / "records"), "--folds", str(made / "folds")),
        ]
    )
    out = capsys.readouterr().out
    assert "2 hand-held recordings of class N" in out
    for line in ("30 s", "10 s", "5 s", "100", "103"):
        assert any(row.startswith(line) and "accuracy" in row for row in out.splitlines()), line
    short_line = next(row for row in out.splitlines() if row.startswith("30 s"))
    assert 0 <= float(short_line.split("accuracy ")[1].split()[0]) <= 100


def test_nothing_to_do_is_said():
    with pytest.raises(InputError, match="name --records, --normal or --mixtures"):
        short.main([])


def test_motion_is_added_where_it_is_said(made):
    """Two minutes with and two without after the first, at the SNR asked for, in both leads."""
    recording, _ = short.read(made / "records", "101")
    recording = recording._replace(second=-recording.signal)
    motion = np.random.default_rng(0).standard_normal((9000, 2))
    noisy = short.with_motion(recording, motion, 0)
    clean, first = recording.signal, int(60 * recording.fs)
    np.testing.assert_array_equal(noisy.signal[:first], clean[:first])
    for lead, before in ((noisy.signal, clean), (noisy.second, -clean)):
        added = (lead - before)[first:]
        assert np.mean(added**2) / ac_power(before, recording.fs) == pytest.approx(1, rel=0.1)
    with pytest.raises(InputError, match="--mix needs the noise"):
        short.main(["--mix", str(made / "records")])
