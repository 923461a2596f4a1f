"""LabChart's own files: through ADInstruments' library where it runs, which is stood in for here,
and a line that says what to do where it does not."""

import datetime
import gzip
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats.adicht import from_adicht
from ecg.formats.recording import Given
from tests.recordings import ECG, FS

START = datetime.datetime(2026, 1, 5, 10, 20, 30)


def channel(name, unit, fs, blocks):
    """As adi-reader gives one: units, samples and rates by block, whose numbers begin at 1."""
    return SimpleNamespace(
        name=name,
        units=[unit] * len(blocks),
        fs=[fs] * len(blocks),
        n_samples=[len(block) for block in blocks],
        get_data=lambda number: blocks[number - 1].astype(np.float32),
    )


@pytest.fixture
def labchart(monkeypatch):
    """labchart(channels, seconds): `import adi` gives a module that reads these; blocks begin so
    many seconds after START. Gives the paths that it is asked for."""

    def labchart(channels, seconds):
        asked = []
        records = [
            SimpleNamespace(
                record_time=SimpleNamespace(rec_datetime=START + datetime.timedelta(seconds=each))
            )
            for each in seconds
        ]

        def read_file(path):
            assert Path(path).read_bytes() == b"content"
            asked.append(path)
            return SimpleNamespace(records=records, channels=channels)

        monkeypatch.setitem(sys.modules, "adi", SimpleNamespace(read_file=read_file))
        return asked

    return labchart


def test_blocks_stand_where_their_clocks_put_them(tmp_path, labchart):
    empty = np.zeros(0)
    labchart(
        [
            channel("Breath", "V", 25.0, [ECG[::10], empty]),
            channel("ECG", "mV", 250.0, [ECG, ECG]),
            channel("Channel 3", "", 250.0, [empty, empty]),
        ],
        [0, 12],
    )
    (tmp_path / "a.adicht").write_bytes(b"content")
    content = from_adicht(tmp_path / "a.adicht", Given())
    assert [(each.name, each.unit, each.fs) for each in content.channels] == [
        ("Breath", "V", 25.0),
        ("ECG", "mV", 250.0),
    ]
    expected = np.concatenate([ECG, np.full(2 * FS, np.nan), ECG])
    np.testing.assert_allclose(content.channels[1].read(), expected, atol=1e-7)
    assert len(content.channels[0].read()) == 250
    assert (content.facts.date, content.facts.clock) == (START.date(), START.time())


def test_a_packed_file_is_unpacked_for_the_library(tmp_path, labchart):
    asked = labchart([channel("ECG", "mV", 250.0, [ECG])], [0])
    (tmp_path / "a.adicht.gz").write_bytes(gzip.compress(b"content"))
    (one,) = from_adicht(tmp_path / "a.adicht.gz", Given()).channels
    assert len(one.read()) == len(ECG) and asked[0].endswith("a.adicht")


def test_what_cannot_be_one_recording_is_refused(tmp_path, labchart):
    (tmp_path / "a.adicht").write_bytes(b"content")
    several = channel("ECG", "mV", 250.0, [ECG, ECG])
    several.fs = [250.0, 1000.0]
    labchart([several], [0, 20])
    with pytest.raises(InputError, match="several rates"):
        from_adicht(tmp_path / "a.adicht", Given())
    labchart([channel("ECG", "mV", 250.0, [ECG, ECG])], [0, 400_000])
    with pytest.raises(InputError, match="recordings of their own"):
        from_adicht(tmp_path / "a.adicht", Given()).channels[0].read()


def test_without_the_library_one_line_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "adi", None)
    (tmp_path / "a.adicht").write_bytes(b"content")
    with pytest.raises(InputError, match="Windows.*adi-reader.*export it") as caught:
        from_adicht(tmp_path / "a.adicht", Given())
    assert "\n" not in str(caught.value)
