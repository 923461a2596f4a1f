"""MATLAB files of every version are read: matrices, vectors, structs, cells, and what stands beside
them; what no file can hold is refused before it is allocated."""

import struct

import numpy as np
import pytest
import scipy.io

from ecg.artifacts import InputError
from ecg.formats import read_recording
from ecg.formats.matlab import from_matlab, is_matlab
from ecg.formats.matlab.v4 import tree_of_v4
from ecg.formats.matlab.v5 import tree_of_v5
from ecg.formats.recording import Given
from tests.clinical import packed, sample
from tests.recordings import ECG, FS, OTHER, same
from tests.research import COUNTS, OTHER_COUNTS, labchart_mat, matlab

VERSIONS = 4, 5, 7, 7.3
needs_h5py = pytest.importorskip("h5py")


def read(path, given=Given()):
    return from_matlab(path, given)


def signals(path):
    """{name: (unit, Hz, samples)} of a file."""
    return {each.name: (each.unit, each.fs, each.read()) for each in read(path).channels}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_is_read(tmp_path, version):
    path = matlab(tmp_path / "a.mat", version, ecg=np.vstack([OTHER, ECG]), fs=250.0)
    assert is_matlab(path.read_bytes()[:4096])
    one, two = read(path).channels
    assert (
        (one.name, one.kind, one.unit, one.fs)
        == ("", "ECG", None, 250.0)
        == two[:1] + (two.kind, two.unit, two.fs)
    )
    np.testing.assert_array_equal(one.read(), OTHER)
    np.testing.assert_array_equal(two.read(), ECG)
    same(read_recording(path, lead=1))
    same(read_recording(packed(path, tmp_path), lead=1))


@pytest.mark.parametrize("version", VERSIONS[1:])
@pytest.mark.parametrize("turned", [False, True])
def test_a_matrix_with_its_rate_names_unit_and_person(tmp_path, version, turned):
    x = np.vstack([OTHER, ECG])
    path = matlab(
        tmp_path / "a.mat",
        version,
        signal=x.T if turned else x,
        info={"Sampling_Rate": 250.0, "units": "mV", "Age": 63.0, "gender": "F", "subj_id": "s7"},
        lead_names=["V1", "II"],
        start_time="2026-01-05 10:20:30",
    )
    content = read(path)
    assert [(each.name, each.unit, each.fs) for each in content.channels] == [
        ("V1", "mV", 250.0),
        ("II", "mV", 250.0),
    ]
    facts = content.facts
    assert (facts.age, facts.sex, facts.patient) == (63.0, "female", "s7")
    assert (str(facts.date), str(facts.clock)) == ("2026-01-05", "10:20:30")
    same(read_recording(path), lead="II")


@pytest.mark.parametrize("version", VERSIONS[1:])
def test_structs_in_structs(tmp_path, version):
    path = matlab(
        tmp_path / "a.mat",
        version,
        data={
            "ppg": {"v": OTHER[::2].copy(), "fs": 125.0},
            "ekg": {"v": ECG, "fs": 250.0, "unit": "mV"},
            "fix": {"subj_id": "3", "name": "Jane Doe"},
        },
    )
    found = signals(path)
    assert {name: each[:2] for name, each in found.items()} == {
        "ppg": (None, 125.0),
        "ekg": ("mV", 250.0),
    }
    np.testing.assert_array_equal(found["ekg"][2], ECG)
    facts = read(path).facts
    assert facts.patient == "3" and "Jane" not in str(facts)
    same(read_recording(path), lead="ekg")


def test_several_vectors_are_channels_and_what_stands_beside_them_is_not(tmp_path):
    path = matlab(
        tmp_path / "a.mat",
        RESP=OTHER,
        II=ECG,
        V5=OTHER,
        fs=250.0,
        rpeaks=np.arange(100, 2500, 20.0),
        t=np.arange(2500) / FS,
        tiny=np.arange(50.0),
    )
    assert [each.name for each in read(path).channels] == ["RESP", "II", "V5"]
    same(read_recording(path), lead="II")


def test_the_rate_of_a_time_beside_the_signal(tmp_path):
    path = matlab(tmp_path / "a.mat", time=np.arange(2500) / FS, ecg=ECG)
    same(read_recording(path), lead="ecg")
    path = matlab(tmp_path / "b.mat", data=np.column_stack([np.arange(2500) / FS, ECG]))
    same(read_recording(path))
    assert len(read(path).channels) == 1


def test_rates_of_their_own_and_steps(tmp_path):
    path = matlab(tmp_path / "a.mat", ecg=ECG, ecg_fs=250.0, ppg=OTHER[::2].copy(), fs_ppg=125.0)
    assert {name: each[1] for name, each in signals(path).items()} == {"ecg": 250, "ppg": 125}
    for k, said in enumerate(
        ({"isi": 4.0, "isi_units": "ms"}, {"dt": 0.004}, {"sampling_interval_ms": 4.0})
    ):
        path = matlab(tmp_path / f"{k}.mat", ecg=ECG, **said)
        assert signals(path)["ecg"][1] == pytest.approx(250)
    path = matlab(tmp_path / "k.mat", ecg=ECG, fs="0.25 kHz")
    assert signals(path)["ecg"][1] == 250
    path = matlab(tmp_path / "none.mat", ecg=ECG)
    with pytest.raises(InputError, match="--fs"):
        read_recording(path)
    same(read_recording(path, fs=FS))


def test_the_rate_is_that_of_the_ecg_among_vectors_of_several_lengths(tmp_path):
    path = matlab(tmp_path / "a.mat", resp=OTHER[::10].copy(), ecg=ECG, fs=250.0)
    assert {name: each[1] for name, each in signals(path).items()} == {"resp": None, "ecg": 250}


def test_converter_units_beside_their_gain(tmp_path):
    path = matlab(
        tmp_path / "a.mat",
        val=np.vstack([COUNTS + 512, OTHER_COUNTS]),
        Fs=250.0,
        gain=np.array([2000.0, 2000.0]),
        baseline=np.array([512.0, 0.0]),
        names=["II", "V1"],
    )
    channel = read(path).channels[0]
    assert (channel.unit, channel.adc) == ("mV", (2000.0, 512.0)) and "gain 2000" in channel.note
    np.testing.assert_allclose(channel.read(), COUNTS / 2000, atol=1e-12)
    same(read_recording(path), tolerance=3e-4)
    assert any("gain 2000" in note for note in read_recording(path).notes)
    # numbers that are no converter's stand for themselves, whatever gain the amplifier had
    path = matlab(tmp_path / "b.mat", ecg=ECG, fs=250.0, gain=2000.0, unit="mV")
    same(read_recording(path), tolerance=0)


def test_a_gain_is_not_always_that_of_a_converter(tmp_path):
    for k, more in enumerate(
        ({"unit": "uV", "gain": 200.0}, {"gain": 10.0}, {"unit": "uV", "gain": 0.0})
    ):
        path = matlab(tmp_path / f"{k}.mat", ecg=COUNTS, fs=250.0, **more)
        channel = read(path).channels[0]
        assert channel.adc is None
        np.testing.assert_array_equal(channel.read(), COUNTS)


def test_several_recordings_in_one_file_are_not_leads_of_one(tmp_path):
    subjects = [{"ekg": {"v": ECG, "fs": 250.0}, "ppg": {"v": OTHER, "fs": 250.0}}] * 3
    path = matlab(tmp_path / "a.mat", data=subjects)
    with pytest.raises(InputError, match="3 recordings, in data"):
        read(path)
    path = matlab(tmp_path / "b.mat", records=[{"ecg": ECG}, {"ecg": ECG[:2000].copy()}], fs=250.0)
    with pytest.raises(InputError, match="2 recordings, in records"):
        read(path)
    path = matlab(tmp_path / "c.mat", ch=[{"data": OTHER}, {"data": ECG}], fs=250.0)
    assert len(read(path).channels) == 2


def test_val_without_a_header_is_in_converter_units(tmp_path):
    path = matlab(tmp_path / "A0001.mat", val=np.vstack([COUNTS, OTHER_COUNTS]))
    assert [(each.name, each.unit, each.fs) for each in read(path).channels] == [
        ("", None, None)
    ] * 2
    found = read_recording(path, fs=250, lead=0)
    np.testing.assert_array_equal(found.signal, COUNTS)
    assert any("mV taken" in note for note in found.notes)
    same(read_recording(path, fs=250, lead=0, unit="2000/mV"), tolerance=3e-4)


def test_val_with_the_text_of_physiobank_atm(tmp_path):
    matlab(tmp_path / "100m.mat", val=np.vstack([COUNTS + 1024, OTHER_COUNTS + 1024]).astype(float))
    (tmp_path / "100m.info").write_text(
        "Source: record mitdb/100  Start: [00:00:10.000]\n"
        "val has 2 rows (signals) and 2500 columns (samples/signal)\nDuration:     0:10\n"
        "Sampling frequency: 250 Hz  Sampling interval: 0.004 sec\n"
        "Row\tSignal\tGain\tBase\tUnits\n1\tMLII\t2000\t1024\tmV\n2\tV5\t2000\t1024\tmV\n\n"
        "To convert from raw units to the physical units shown\n"
        "above, subtract 'base' and divide by 'gain'.\n"
    )
    assert [each[:3] for each in read(tmp_path / "100m.mat").channels] == [
        ("MLII", "mV", 250.0),
        ("V5", "mV", 250.0),
    ]
    same(read_recording(tmp_path / "100m.mat"), lead="MLII", tolerance=3e-4)


def test_leads_described_in_a_list_of_structs(tmp_path):
    leads = [
        {"Description": name, "Units": "mV", "Gain": 2000.0, "Baseline": 0.0}
        for name in ("MLII", "V5")
    ]
    path = matlab(
        tmp_path / "a.mat", signal=np.vstack([COUNTS, OTHER_COUNTS]), Fs=250.0, siginfo=leads
    )
    assert [(each.name, each.unit) for each in read(path).channels] == [
        ("MLII", "mV"),
        ("V5", "mV"),
    ]
    same(read_recording(path), lead="MLII", tolerance=3e-4)
    channels = [{"name": "Pleth", "data": OTHER}, {"name": "ECG II", "data": ECG}]
    path = matlab(tmp_path / "b.mat", channels=channels, srate=250.0)
    same(read_recording(path), lead="ECG II")


def test_structs_of_common_programs(tmp_path):
    eeglab = {
        "data": np.vstack([OTHER, ECG]),
        "srate": 250.0,
        "times": np.arange(2500) * 4.0,
        "chanlocs": [{"labels": "Cz"}, {"labels": "ECG"}],
        "icawinv": np.random.default_rng(0).normal(size=(32, 32)),
    }
    same(read_recording(matlab(tmp_path / "a.mat", EEG=eeglab)), lead="ECG")
    fieldtrip = {"trial": [np.vstack([OTHER, ECG])], "label": ["RESP", "ECG"], "fsample": 250.0}
    same(read_recording(matlab(tmp_path / "b.mat", data=fieldtrip)), lead="ECG")
    spike2 = {"title": "EKG", "interval": 0.004, "values": ECG, "units": " mV", "start": 0.0}
    breath = {"title": "Resp", "interval": 0.04, "values": OTHER[::10].copy(), "units": " volt"}
    path = matlab(tmp_path / "c.mat", V1_Ch2=breath, V1_Ch1=spike2)
    assert {name: each[:2] for name, each in signals(path).items()} == {
        "Resp": ("volt", pytest.approx(25)),
        "EKG": ("mV", pytest.approx(250)),
    }
    biopac = {
        "data": np.column_stack([OTHER, ECG]),
        "labels": np.array(["RSP100C", "EKG - ERS100C"]),
        "units": np.array(["Volts", "mV"]),
        "isi": 4.0,
        "isi_units": "ms",
    }
    same(read_recording(matlab(tmp_path / "d.mat", **biopac)), lead="EKG - ERS100C")


def test_labchart_joins_its_blocks_where_their_clocks_put_them(tmp_path):
    content = read(labchart_mat(tmp_path / "l.mat", blocks=3, pause=2.0))
    assert [(each.name, each.unit, each.fs) for each in content.channels] == [
        ("ECG", "mV", 250.0),
        ("Breath", "V", 25.0),
    ]
    assert (str(content.facts.date), str(content.facts.clock)) == ("2023-04-24", "12:00:00")
    x = content.channels[0].read()
    pause = np.full(500, np.nan)
    np.testing.assert_array_equal(x, np.concatenate([ECG, pause, ECG, pause, ECG]))
    far = labchart_mat(tmp_path / "far.mat", blocks=2, pause=200_000)
    with pytest.raises(InputError, match="recordings of their own"):
        read(far).channels[0].read()


def test_what_holds_no_signal_is_listed(tmp_path):
    def refuse(says, path):
        with pytest.raises(InputError, match=says) as caught:
            read_recording(path, fs=250)
        assert "\n" not in str(caught.value)

    refuse(
        r"tiny \(float64, shape \(50,\)\), info \(struct of name\)",
        matlab(tmp_path / "a.mat", tiny=np.arange(50.0), info={"name": "x"}),
    )
    refuse(r"shape \(100, 187\).*rows of beats", matlab(tmp_path / "b.mat", x=np.zeros((100, 187))))
    refuse("complex", matlab(tmp_path / "c.mat", ecg=ECG + 1j))
    refuse("no arrays", matlab(tmp_path / "d.mat", 5))
    (tmp_path / "e.mat").write_text("0.1 0.2\n0.3 0.4\n")
    refuse("none of the .mat files", tmp_path / "e.mat")
    with pytest.raises(InputError, match="no MATLAB file"):
        read(tmp_path / "e.mat")


def test_sizes_are_held_against_the_file(tmp_path):
    """A variable of 5 version whose header says far more than is there; the same in HDF5."""
    raw = bytearray(matlab(tmp_path / "a.mat", ecg=ECG).read_bytes())
    at = raw.index(struct.pack("<ii", 1, 2500))
    raw[at : at + 8] = struct.pack("<ii", 2_000_000_000, 2_000_000_000)
    (tmp_path / "a.mat").write_bytes(raw)
    with pytest.raises(InputError, match="ecg of shape .2000000000, 2000000000. holds 2500"):
        read(tmp_path / "a.mat")
    import h5py

    with h5py.File(tmp_path / "b.mat", "w") as file:
        file.create_dataset("ecg", shape=(10**10,), dtype="f8", chunks=(10**6,), fillvalue=1.0)
    with pytest.raises(InputError, match="more than it can hold"):
        read(tmp_path / "b.mat")


RICH = {
    "x": np.arange(600.0).reshape(3, 200) / 7,
    "small": np.arange(5, dtype=np.uint8),
    "whole": np.arange(-200, 200, dtype=np.int16).reshape(2, -1),
    "single": np.linspace(0, 1, 9, dtype=np.float32),
    "long": np.array([2**40, -(2**40)]),
    "number": 3.5,
    "text": "Größe µV",
    "texts": np.array(["I", "aVR"]),
    "is": np.array([True, False, True]),
    "cube": np.arange(24.0).reshape(2, 3, 4),
    "info": {"fs": 250.0, "deeper": {"names": ["a", "b", np.arange(3.0)]}},
}


def as_plain(value):
    """What scipy reads, with lists for its arrays of objects and of texts."""
    if isinstance(value, dict):
        return {key: as_plain(each) for key, each in value.items() if not key.startswith("__")}
    if isinstance(value, list) or isinstance(value, np.ndarray) and value.dtype.kind in "OU":
        return [as_plain(each) for each in value]
    return value.strip() if isinstance(value, str) else value


@pytest.mark.parametrize("packed_too", [False, True])
def test_as_scipy_reads(tmp_path, packed_too):
    """scipy.io reads whole files well, which makes it a witness."""
    raw = matlab(tmp_path / "a.mat", 7 if packed_too else 5, **RICH).read_bytes()
    tree, left = tree_of_v5(raw, tmp_path / "a.mat")
    assert left == []
    np.testing.assert_equal(
        tree, as_plain(scipy.io.loadmat(tmp_path / "a.mat", simplify_cells=True))
    )
    assert {key: tree[key].dtype for key in ("small", "whole", "single", "is")} == {
        "small": np.uint8,
        "whole": np.int16,
        "single": np.float32,
        "is": bool,
    }
    flat = {key: RICH[key] for key in ("x", "small", "whole", "single", "number", "texts")}
    raw = matlab(tmp_path / "b.mat", 4, **flat).read_bytes()
    tree, left = tree_of_v4(raw, tmp_path / "b.mat")
    np.testing.assert_equal(
        tree, as_plain(scipy.io.loadmat(tmp_path / "b.mat", simplify_cells=True))
    )


def test_the_other_byte_order(tmp_path):
    def element(kind, content):
        return struct.pack(">II", kind, len(content)) + content + bytes(-len(content) % 8)

    def matrix(name, kind, sides, stored, content):
        body = element(6, struct.pack(">II", kind, 0)) + element(5, struct.pack(">2i", *sides))
        return element(14, body + element(1, name) + element(stored, content))

    raw = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack(">H", 0x0100) + b"MI"
    raw += matrix(b"ecg", 6, (1, 2500), 3, COUNTS.astype(">i2").tobytes())  # stored as they fit
    raw += matrix(b"unit", 4, (1, 2), 17, "uV".encode("utf-16-be"))
    raw += matrix(b"fs", 6, (1, 1), 4, struct.pack(">H", 250))
    (tmp_path / "a.mat").write_bytes(raw)
    (channel,) = read(tmp_path / "a.mat").channels
    assert (channel.name, channel.unit, channel.fs) == ("ecg", "uV", 250)
    np.testing.assert_array_equal(channel.read(), COUNTS)
    raw = struct.pack(">5i", 1030, 1, 2500, 0, 4) + b"ecg\0" + COUNTS.astype(">i2").tobytes()
    (tmp_path / "b.mat").write_bytes(raw)
    np.testing.assert_array_equal(read(tmp_path / "b.mat").channels[0].read(), COUNTS)


def test_links_out_of_the_file_are_not_followed(tmp_path):
    import h5py

    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["ecg"] = ECG
    with h5py.File(tmp_path / "a.mat", "w") as file:
        file["ecg"] = h5py.ExternalLink("other.h5", "/ecg")
        file["fs"] = 250.0
    with pytest.raises(InputError, match="no ECG"):
        read(tmp_path / "a.mat")


def test_objects_are_left_and_named(tmp_path):
    import h5py

    with h5py.File(tmp_path / "a.mat", "w") as file:
        file["log"] = np.zeros((1, 6), np.uint32)
        file["log"].attrs["MATLAB_class"] = np.bytes_("timetable")
        file["log"].attrs["MATLAB_object_decode"] = 3
    with pytest.raises(InputError, match="log .an object., which only MATLAB can read"):
        read(tmp_path / "a.mat")


def test_real_file(recordings):
    path = sample(recordings, "sample1_fs250.mat")
    with pytest.raises(InputError, match="--fs"):
        read_recording(path)
    found = read_recording(path, fs=250)
    assert found.lead == "filtered_ecg" and found.signal.shape == (15_000,)
    # the numbers as they lie in the file, little-endian float64 to its end
    raw = path.read_bytes()
    at = len(raw) - 8 * 15_000
    np.testing.assert_array_equal(found.signal, np.frombuffer(raw, "<f8", offset=at))
