"""Every kind of file is written here and read back; every kind of damage is refused in one sentence."""
import gzip

import edfio
import numpy as np
import pytest
import wfdb

from ecg.artifacts import InputError
from ecg.records import find_recordings, read_annotation, read_recording, read_wfdb, to_millivolt, write_annotation

FS = 250
T = np.arange(10 * FS) / FS
ECG = np.round(np.exp(-0.5 * ((T % 0.8 - 0.4) / 0.012) ** 2) + 0.05 * np.sin(2 * np.pi * 0.3 * T), 4)       # mV
OTHER = np.round(-0.5 * ECG, 4)


def same(recording, x=ECG, fs=FS, lead=None, tolerance=1e-9):
    assert recording.fs == fs
    assert recording.signal.dtype == np.float64 and recording.signal.shape == x.shape
    np.testing.assert_allclose(recording.signal, x, rtol=0, atol=tolerance)
    assert lead is None or recording.lead == lead
    return recording


def text(path, body, encoding="utf-8"):
    path.write_bytes(body.encode(encoding))
    return path


def rows(*columns, delimiter=",", decimal="."):
    lines = (delimiter.join(f"{v:.10g}" if not isinstance(v, str) else v for v in row) for row in zip(*columns))
    return "\n".join(lines).replace(".", decimal) + "\n"


# ------------------------------------------------------------------------------------------------ WFDB

def write_wfdb(folder, name="rec", fmt="16", fs=FS, signals=(ECG, OTHER), names=("MLII", "V5"), units="mV", **more):
    wfdb.wrsamp(name, fs=fs, units=[units] * len(names), sig_name=list(names), p_signal=np.column_stack(signals),
                fmt=[fmt] * len(names), write_dir=str(folder), **more)
    return folder / name


@pytest.mark.parametrize("fmt", ["80", "212", "16", "24", "32", "508", "516", "524"])
def test_wfdb_formats(tmp_path, fmt):
    path = write_wfdb(tmp_path, fmt=fmt)
    for given in (path, path.with_suffix(".hea"), path.with_suffix(".dat")):
        if given.exists() or given == path:
            same(read_recording(given), lead="MLII", tolerance=0.01 if fmt in ("80", "508") else 1e-3)
    same(read_recording(path, lead="v5"), OTHER, lead="V5", tolerance=0.01)
    same(read_recording(path, lead=1), OTHER, lead="V5", tolerance=0.01)
    same(read_recording(path, lead="1"), OTHER, lead="V5", tolerance=0.01)


def test_wfdb_units_and_missing_samples(tmp_path):
    signal = ECG.copy()
    signal[100:150] = np.nan
    path = write_wfdb(tmp_path, signals=(signal * 1000,), names=("ECG",), units="uV")
    recording = read_recording(path)
    assert np.array_equal(np.isnan(recording.signal), np.isnan(signal))
    np.testing.assert_allclose(recording.signal, signal, atol=1e-3)
    path = write_wfdb(tmp_path, "pressure", signals=(ECG,), names=("ABP",), units="mmHg")
    with pytest.raises(InputError, match="mmHg.*--unit"):
        read_recording(path)


def test_wfdb_without_gain_is_said(tmp_path):
    digital = np.rint(ECG * 200).astype("<i2")
    digital.tofile(tmp_path / "raw.dat")
    text(tmp_path / "raw.hea", f"raw 1 {FS} {len(ECG)}\nraw.dat 16\n")
    recording = same(read_recording(tmp_path / "raw"), digital / 200)
    assert any("no gain" in note for note in recording.notes)
    same(read_recording(tmp_path / "raw", unit="400/mV"), digital / 400)


def test_wfdb_several_segments_with_a_gap(tmp_path):
    for k in (1, 2):
        write_wfdb(tmp_path, f"s{k}", signals=(ECG[(k - 1) * 1000:k * 1000],), names=("MLII",))
    text(tmp_path / "whole.hea", f"whole/3 1 {FS} 2500\ns1 1000\n~ 500\ns2 1000\n")
    recording = read_recording(tmp_path / "whole")
    assert np.array_equal(np.isnan(recording.signal), (np.arange(2500) >= 1000) & (np.arange(2500) < 1500))
    np.testing.assert_allclose(recording.signal[1500:], ECG[1000:2000], atol=1e-3)
    assert [p.name for p in find_recordings(tmp_path)] == ["whole"]


def test_wfdb_lead_faster_than_its_frames(tmp_path):
    frames = np.rint(np.column_stack([ECG[::2], ECG[1::2], OTHER[::2]]) * 1000).astype("<i2")
    frames.tofile(tmp_path / "mixed.dat")
    text(tmp_path / "mixed.hea", f"mixed 2 {FS // 2} {len(frames)}\nmixed.dat 16x2 1000/mV 16 0 0 0 0 II\n"
                                 "mixed.dat 16 1000/mV 16 0 0 0 0 V1\n")
    same(read_recording(tmp_path / "mixed"), lead="II", tolerance=1e-3)
    same(read_recording(tmp_path / "mixed", lead="V1"), OTHER[::2], fs=FS / 2, tolerance=1e-3)
    wfdb.wrann("mixed", "atr", np.array([50, 150]), ["N", "V"], fs=FS / 2, write_dir=str(tmp_path))
    assert read_annotation(tmp_path / "mixed", fs=FS)[0].tolist() == [100, 300]


def test_lead_two_is_preferred(tmp_path):
    path = write_wfdb(tmp_path, names=("I", "II"))
    recording = same(read_recording(path), OTHER, lead="II", tolerance=1e-3)
    assert any("--lead" in note for note in recording.notes)
    assert read_wfdb(path).lead == "I"
    with pytest.raises(InputError, match="no lead 'V9'.*I.*II"):
        read_recording(path, lead="V9")
    with pytest.raises(InputError, match="no lead 2"):
        read_recording(path, lead=2)


def test_second_lead(tmp_path):
    """V1 first of those that are called ECG leads, never the first lead again; by name or number; none by default."""
    path = write_wfdb(tmp_path, signals=(ECG, 2 * ECG, OTHER, 3 * ECG), names=("MLII", "Resp", "V5", "V1"))
    assert read_recording(path).second is None
    for second, expected, name in (("auto", 3 * ECG, "V1"), ("v5", OTHER, "V5"), ("1", 2 * ECG, "Resp"), (2, OTHER, "V5")):
        recording = read_recording(path, second=second)
        same(recording, lead="MLII", tolerance=1e-3)
        assert recording.second_lead == name and recording.second.dtype == np.float32
        np.testing.assert_allclose(recording.second, expected, atol=2e-3)
    assert read_recording(path, lead="V1", second="auto").second_lead == "MLII"
    for second, says in (("V9", "no lead 'V9'.*--second takes"), ("mlii", "first lead already")):
        with pytest.raises(InputError, match=says):
            read_recording(path, second=second)
    twice = tmp_path / "twice.npz"
    np.savez(twice, signal=np.column_stack([ECG, OTHER]), fs=FS, leads=["ECG", "ECG"], unit="mV")
    for lead, expected in ((None, OTHER), (0, OTHER), (1, ECG)):
        np.testing.assert_allclose(read_recording(twice, lead=lead, second="auto").second, expected, atol=2e-3)


def test_second_lead_only_where_it_fits(tmp_path):
    """Other rates, other units, columns without a name and empty leads are no second lead; named, they are refused."""
    slow = edf(tmp_path / "slow.edf", labels=("ECG II", "ECG V1"), units=("mV", "mV"))
    assert read_recording(slow, second="auto").second is None
    frames = np.rint(np.column_stack([ECG[::2], ECG[1::2], OTHER[::2]]) * 1000).astype("<i2")
    frames.tofile(tmp_path / "mixed.dat")
    mixed = text(tmp_path / "mixed.hea", f"mixed 2 {FS // 2} {len(frames)}\nmixed.dat 16x2 1000/mV 16 0 0 0 0 II\n"
                                         "mixed.dat 16 1000/mV 16 0 0 0 0 V1\n")
    assert read_recording(mixed, second="auto").second is None
    with pytest.raises(InputError, match="--second V1.*1,250 samples at 125 Hz.*2,500 at 250 Hz of II"):
        read_recording(mixed, second="V1")
    table = text(tmp_path / "a.csv", rows(T, ECG, OTHER))
    assert read_recording(table, unit="mV", second="auto").second is None
    assert read_recording(table, unit="mV", second="column 2").second_lead == "column 2"
    named = text(tmp_path / "b.csv", "time (s),II (mV),V2 (mV),SpO2\n" + rows(T, ECG, OTHER, OTHER))
    assert read_recording(named, second="auto").second_lead == "V2"
    empty = tmp_path / "empty.npz"
    np.savez(empty, signal=np.column_stack([ECG, np.full(len(ECG), np.nan)]), fs=FS, leads=["II", "V5"], unit="mV")
    assert read_recording(empty, second="auto").second is None
    with pytest.raises(InputError, match="holds no samples"):
        read_recording(empty, second="V5")
    fast = np.repeat(np.column_stack([ECG, OTHER]), 16, axis=0)
    np.savez(tmp_path / "fast.npz", signal=fast, fs=16 * FS, leads=["II", "V1"], unit="mV")
    recording = read_recording(tmp_path / "fast.npz", second="auto")                     # averaged down like the first
    assert recording.fs == 2000 and recording.second.shape == recording.signal.shape


def test_wfdb_damage(tmp_path):
    path = write_wfdb(tmp_path)
    data = path.with_suffix(".dat").read_bytes()
    path.with_suffix(".dat").write_bytes(data[:len(data) // 3])
    with pytest.raises(InputError, match="damaged"):
        read_recording(path)
    path.with_suffix(".dat").unlink()
    with pytest.raises(InputError):
        read_recording(path)
    text(tmp_path / "rubbish.hea", "%%% not a header\n")
    with pytest.raises(InputError):
        read_recording(tmp_path / "rubbish")
    with pytest.raises(InputError, match=r"\.hea"):
        read_recording(tmp_path / "absent")


def test_mitbih_records_as_wfdb_reads_them(mitdb):
    for name, lead in (("100", "MLII"), ("114", "V5"), ("102", "V5")):
        recording = read_recording(mitdb / name)
        assert recording.lead == lead and recording.fs == 360 and recording.name == name
        assert np.array_equal(recording.signal, wfdb.rdrecord(str(mitdb / name), channels=[0]).p_signal[:, 0])


# ------------------------------------------------------------------------------------------------ annotations

def test_annotation_round_trip(tmp_path):
    samples, symbols = np.array([0, 5, 5, 300, 2_000_000]), list("NSVFQ")
    path = write_annotation(tmp_path / "new", "my recording.v1", samples, symbols, 250)
    assert path.name == "my recording.v1.cnn" and [p.name for p in path.parent.iterdir()] == [path.name]
    read = read_annotation(tmp_path / "new" / "my recording.v1", "cnn")
    assert read[0].tolist() == samples.tolist() and read[1] == symbols
    assert wfdb.rdann(str(tmp_path / "new" / "my recording.v1"), "cnn").fs == 250


def test_annotation_without_beats_and_mistakes(tmp_path):
    write_annotation(tmp_path, "empty", [], [], 250)
    assert read_annotation(tmp_path / "empty", "cnn")[1] == []
    for samples, symbols, annotator in (([5, 3], "NN", "cnn"), ([1], "NN", "cnn"), ([1], "N", "c n"), ([-1], "N", "cnn"), ([1], "@?!", "cnn")):
        with pytest.raises(InputError):
            write_annotation(tmp_path, "bad", samples, list(symbols), 250, annotator)
    with pytest.raises(InputError):
        write_annotation(tmp_path, "bad", [1], ["unknown"], 250)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty.cnn"]
    with pytest.raises(InputError, match="no annotation by 'atr'"):
        read_annotation(tmp_path / "empty")


def test_annotation_bytes_are_wfdbs(tmp_path):
    rng = np.random.default_rng(0)
    samples = np.cumsum(np.append(rng.integers(0, 3000, 500), 10 ** 8))
    symbols = [str(s) for s in rng.choice(wfdb.io.annotation.ann_label_table.symbol[1:], len(samples))]
    for fs in (360, 257.0, 128.5):
        wfdb.wrann("theirs", "cnn", samples, symbols, fs=fs, write_dir=str(tmp_path))
        assert write_annotation(tmp_path, "ours", samples, symbols, fs).read_bytes() == (tmp_path / "theirs.cnn").read_bytes()


@pytest.mark.parametrize("fmt", ["212", "16"])
@pytest.mark.parametrize("count, n", [(1, 1001), (2, 150_001), (3, 1001)])
def test_wfdb_samples_are_wfdbs(tmp_path, fmt, count, n):
    x = np.random.default_rng(0).standard_normal((n, count)).cumsum(axis=0) / 30
    x[100:120] = np.nan
    wfdb.wrsamp("r", fs=FS, units=["mV"] * count, sig_name=["I", "II", "V1"][:count], p_signal=x, fmt=[fmt] * count,
                write_dir=str(tmp_path))
    for k, theirs in enumerate(wfdb.rdrecord(str(tmp_path / "r")).p_signal.T):
        assert np.array_equal(read_recording(tmp_path / "r", k).signal, theirs, equal_nan=True)


def test_text_in_parts(tmp_path, monkeypatch):
    """A gap, a word or a column that ends early in a later part changes nothing but itself."""
    from ecg import records
    plain = text(tmp_path / "a.csv", "time (s),ecg (mV),v5 (mV)\n" + rows(T, ECG, OTHER).replace("-0.02", "nan", 3))
    whole = read_recording(plain)
    monkeypatch.setattr(records, "ROWS", 500)
    assert np.array_equal(read_recording(plain).signal, whole.signal, equal_nan=True)
    body = rows(T, ECG).splitlines()
    body[1700] = f"{T[1700]},oops"
    with pytest.raises(InputError, match="'oops' in row 1701"):
        read_recording(text(tmp_path / "b.csv", "time (s),ecg (mV)\n" + "\n".join(body)))


def test_find_recordings(tmp_path):
    (tmp_path / "sub").mkdir()
    a, b = write_wfdb(tmp_path, "a"), write_wfdb(tmp_path / "sub", "b")
    write_annotation(tmp_path, "a", [10], ["N"], FS, "atr")
    np.save(tmp_path / "c.npy", ECG)
    text(tmp_path / "a.csv", "beats found in a\n")
    assert find_recordings(tmp_path) == [a, tmp_path / "c.npy", b]
    assert find_recordings(tmp_path, "atr") == [a]
    assert find_recordings(a) == [a]
    with pytest.raises(InputError):
        find_recordings(tmp_path / "sub", "atr")
    with pytest.raises(InputError):
        find_recordings(tmp_path / "nowhere")


# ------------------------------------------------------------------------------------------------ EDF

def edf(path, labels=("ECG II", "Resp"), units=("mV", "a.u."), scale=1.0, **more):
    signals = [edfio.EdfSignal(ECG * scale, FS, label=labels[0], physical_dimension=units[0], physical_range=(-5 * scale, 5 * scale))]
    signals += [edfio.EdfSignal(np.sin(T[::10]), FS / 10, label=label, physical_dimension=unit) for label, unit in zip(labels[1:], units[1:])]
    edfio.Edf(signals, **more).write(path)
    return path


def test_edf(tmp_path):
    same(read_recording(edf(tmp_path / "a.edf")), lead="ECG II", tolerance=1e-3)
    same(read_recording(edf(tmp_path / "u.edf", units=("uV", ""), scale=1000)), tolerance=1e-3)
    plus = edf(tmp_path / "plus.edf", annotations=[edfio.EdfAnnotation(1, None, "start")], data_record_duration=1)
    same(read_recording(plus, lead="II"), tolerance=1e-3)
    zipped = tmp_path / "z.edf.gz"
    zipped.write_bytes(gzip.compress(plus.read_bytes()))
    assert same(read_recording(zipped), tolerance=1e-3).name == "z"
    with pytest.raises(InputError, match="--lead"):
        read_recording(edf(tmp_path / "x.edf", labels=("one", "two")))
    with pytest.raises(InputError, match="--unit"):
        read_recording(edf(tmp_path / "n.edf", units=("", "")))
    same(read_recording(edf(tmp_path / "n.edf", units=("", "")), unit="mV"), tolerance=1e-3)


def test_edf_interrupted(tmp_path):
    path = edf(tmp_path / "d.edf", labels=("ECG",), units=("mV",), annotations=[], data_record_duration=1)
    raw, at = bytearray(path.read_bytes()), 0
    for k in range(10):                                # the records from the fifth on begin three seconds later
        at = raw.index(f"+{k}\x14\x14\0".encode(), at)
        later = f"+{k + 3 if k >= 4 else k}\x14\x14".encode()
        raw[at:at + len(later)] = later
        at += len(later)
    path.write_bytes(bytes(raw).replace(b"EDF+C", b"EDF+D"))
    recording = read_recording(path)
    assert len(recording.signal) == 13 * FS and np.isnan(recording.signal[4 * FS:7 * FS]).all()
    np.testing.assert_allclose(recording.signal[7 * FS:], ECG[4 * FS:], atol=1e-3)
    assert any("3 s are missing" in note for note in recording.notes)


def test_bdf(tmp_path):
    edfio.Bdf([edfio.BdfSignal(ECG * 1000, FS, label="EKG", physical_dimension="uV", physical_range=(-5000, 5000))]).write(tmp_path / "b.bdf")
    same(read_recording(tmp_path / "b.bdf"), lead="EKG", tolerance=1e-4)


def test_edf_damage(tmp_path):
    path = edf(tmp_path / "a.edf", labels=("ECG",), units=("mV",), data_record_duration=1)
    path.write_bytes(path.read_bytes()[:-700])          # two records are lost, which is said
    recording = read_recording(path)
    assert len(recording.signal) == 8 * FS and any("8 records" in note for note in recording.notes)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(InputError):
        read_recording(path)
    with pytest.raises(InputError):
        read_recording(text(tmp_path / "text.edf", "this is no EDF file " * 50))


# ------------------------------------------------------------------------------------------------ text

@pytest.mark.parametrize("body, options", [
    (rows(ECG), dict(fs=FS, unit="mV")),                                                          # bare numbers
    ("mV\n" + rows(ECG), dict(fs=FS)),
    ("ecg_mV\n" + rows(ECG), dict(fs=FS)),
    ("ECG (uV)\n" + rows(ECG * 1000), dict(fs=FS)),
    ("ECG [µV]\n" + rows(ECG * 1000), dict(fs=FS)),
    ("time,MLII\n" + rows(T, ECG), dict(unit="mV")),                                              # rate from the time column
    ("time_ms,MLII_mV\n" + rows(T * 1000, ECG), {}),
    ("Time (s);II (mV)\n" + rows(T, ECG, delimiter=";", decimal=","), {}),                        # decimal comma
    ("time\tecg\n" + rows(T, ECG, delimiter="\t"), dict(unit="mV")),
    (rows(T, ECG), dict(unit="mV")),                                                              # two columns, no header
    (rows(T, ECG, delimiter="  "), dict(unit="mV")),
    ("'Elapsed time','MLII','V5'\n'hh:mm:ss.mmm','mV','mV'\n" + rows([f"'0:{t:06.3f}'" for t in T], ECG, OTHER), {}),
    ("   Elapsed time     MLII      V5\n   (seconds)     (mV)    (mV)\n" + rows(T, ECG, OTHER, delimiter="   "), {}),
    ("'sample #','MLII','V5'\n" + rows(np.arange(len(T)), ECG * 200 + 1024, OTHER), dict(fs=FS, unit="200(1024)/mV")),
    ("timestamp,ecg\n" + rows([f"2024-05-01T23:59:{55 + t:09.6f}" for t in T[:1250]] +
                              [f"2024-05-02T00:00:{t - 5:09.6f}" for t in T[1250:]], ECG), dict(unit="mV")),
    ("# sampling rate: 250 Hz, unit: mV\n" + rows(ECG), {}),
    ("# fs = 250\ntime,ecg [mV],label\n" + rows(T, ECG, ["N"] * len(T)), {}),
    ("sample,ecg\n" + rows(np.arange(len(T)), ECG), dict(fs=FS, unit="mV")),
    ("ecg,\n" + rows(ECG, [""] * len(T)), dict(fs=FS, unit="mV")),                                # lines that end in a comma
    (rows(ECG).replace("\n", ","), dict(fs=FS, unit="mV")),                                       # one long line
])
def test_text(tmp_path, body, options):
    path = text(tmp_path / "ecg.csv", body)
    same(read_recording(path, **options))
    zipped = tmp_path / "ecg.csv.gz"
    zipped.write_bytes(gzip.compress(body.encode()))
    assert same(read_recording(zipped, **options)).name == "ecg"
    same(read_recording(text(tmp_path / "w.txt", body.replace("\n", "\r\n"), "utf-16"), **options))
    same(read_recording(text(tmp_path / "bom.tsv", "\ufeff" + body), **options))


def test_text_asks_for_what_it_does_not_know(tmp_path):
    path = text(tmp_path / "a.csv", rows(ECG))
    assert any("mV taken" in note for note in same(read_recording(path, fs=FS)).notes)      # assumed aloud
    with pytest.raises(InputError, match="--fs"):
        read_recording(path, unit="mV")
    with pytest.raises(InputError, match="--fs"):                        # counts of samples are no time
        read_recording(text(tmp_path / "b.csv", "sample,ecg\n" + rows(np.arange(len(T)), ECG)), unit="mV")
    with pytest.raises(InputError, match="--fs"):                        # a step of 1: samples or milliseconds?
        read_recording(text(tmp_path / "c.csv", "t,ecg\n" + rows(np.arange(len(T)), ECG)), unit="mV")
    noted = read_recording(text(tmp_path / "d.csv", "t,ecg\n" + rows(np.arange(len(T)) * 4, ECG)), unit="mV")
    assert same(noted) and any("milliseconds" in note for note in noted.notes)


@pytest.mark.parametrize("head, fs, unit", [
    ("Samples: 2500", None, None), ("Heart rate: 72", None, None), ("Filter: 0.5 - 40 Hz, notch 50 Hz", None, None),
    ("Range: 5 mV", None, None), ("Name,V", None, None), ("Sampling frequency = 0.25 kHz", 250, None), ("fs=250\nUnit: uV", 250, "uV"),
    ("Filter,50 Hz\nRate,250 Hz\nEinheit,µV", 250, "uV")])
def test_text_takes_nothing_else_for_rate_or_unit(tmp_path, head, fs, unit):
    body = head + "\n\n" + rows(ECG * (1000 if unit == "uV" else 1))
    if fs is None:
        with pytest.raises(InputError, match="--fs"):
            read_recording(text(tmp_path / "a.csv", body), unit="mV")
    taken = read_recording(text(tmp_path / "a.csv", body), fs=fs or FS)
    assert any("mV taken" in note for note in taken.notes) == (unit is None)
    same(read_recording(text(tmp_path / "a.csv", body), fs=None if fs else FS, unit=None if unit else "mV"))


def test_text_leads(tmp_path):
    path = text(tmp_path / "a.csv", "time (s),I (mV),II (mV)\n" + rows(T, OTHER, ECG))
    assert same(read_recording(path), lead="II").leads == ("I", "II")
    same(read_recording(path, lead="I"), OTHER)
    same(read_recording(path, lead=0), OTHER)


def test_text_times_rounded_to_milliseconds(tmp_path):
    t = np.round(np.arange(7200) / 360, 3)
    recording = read_recording(text(tmp_path / "a.csv", "time (s),mlii\n" + rows(t, np.resize(ECG, 7200))), unit="mV")
    assert recording.fs == 360 and len(recording.signal) == 7200


def test_text_missing_rows_and_values(tmp_path):
    keep = (T < 3) | (T >= 5)
    recording = read_recording(text(tmp_path / "a.csv", "time_s,ecg_mV\n" + rows(T[keep], ECG[keep])))
    expected = np.where(keep, ECG, np.nan)
    same(recording, expected)
    assert any("2 s" in note for note in recording.notes)
    body = "ecg_mV\n" + rows(ECG).replace("\n", "\n", 1)
    lines = body.splitlines()
    lines[11], lines[12], lines[13] = "-", "NaN", "null"
    recording = read_recording(text(tmp_path / "b.csv", "\n".join(lines)), fs=FS)
    assert np.flatnonzero(np.isnan(recording.signal)).tolist() == [10, 11, 12]


@pytest.mark.parametrize("body, says", [
    ("", "empty"),
    ("a,b\nx,y\nz,w\n", "no table of numbers"),
    ("ecg_mV\n" + rows(ECG[:1000]) + "oops\n" + rows(ECG), "oops"),
    ("time (s),ecg_mV\n" + rows(T[::-1], ECG), "backwards|coarse"),
    ("time (s),ecg_mV\n" + rows(np.cumsum(np.random.default_rng(1).uniform(0.001, 0.01, len(T))), ECG), "not evenly"),
    ("time (s),ecg_mV\n" + rows(np.floor(T), ECG), "coarse"),
    ("time (s)\n" + rows(T), "time column alone"),
    (rows(*[ECG] * 188), "188 columns"),
    ("time (s),ecg_mV\n" + rows(T[::10], ECG[::10]), "25 Hz"),
    ("a,b\n1,2\n3,4\n5,6\n7,8,9\n", "number of columns"),
    ("\x00\x01\x02" * 100, "binary"),
])
def test_text_refused(tmp_path, body, says):
    with pytest.raises(InputError, match=says):
        read_recording(text(tmp_path / "a.csv", body), unit=None if "mV" in body else "mV", fs=None if "time" in body else 250)


APPLE = ("Name,Jane\nDate of Birth,\"Jan 1, 1980\"\nRecorded Date,2024-01-01 10:00:00 +0100\nClassification,Sinus Rhythm\nSymptoms,\n"
         "Software Version,1.90\nDevice,\"Watch4,2\"\nSample Rate,512 hertz\n\n\nLead,Lead I\nUnit,µV\n\n")


@pytest.mark.parametrize("head, line", [
    (APPLE, "{:.3f},"), (APPLE, "{:.3f}"),
    (APPLE.replace("Sample Rate,512 hertz", "Messrate,512 Hertz").replace("Lead,Lead", "Ableitung,Ableitung"), "{:.3f},"),
    (APPLE.replace("Sample Rate,512 hertz", "采样率,512赫兹").replace("Lead,Lead I", "导联,导联 I"), "{:.3f}"),
    (APPLE.replace("Sample Rate,512 hertz", "Fréquence d’échantillonnage,512 hertz"), "DECIMAL COMMA")])
def test_apple_watch(tmp_path, head, line):
    values = [f"{v:.3f}".replace(".", ",") if line == "DECIMAL COMMA" else line.format(v) for v in ECG * 1000]
    same(read_recording(text(tmp_path / "ecg_2024-01-01.csv", head + "\n".join(values) + "\n")), fs=512, lead="I")


# ------------------------------------------------------------------------------------------------ NumPy

def test_numpy(tmp_path):
    np.save(tmp_path / "a.npy", ECG)
    same(read_recording(tmp_path / "a.npy", fs=FS, unit="mV"))
    np.save(tmp_path / "b.npy", np.vstack([OTHER, ECG]).astype(np.float32))
    same(read_recording(tmp_path / "b.npy", lead=1, fs=FS, unit="mV"), tolerance=1e-6)
    np.save(tmp_path / "c.npy", np.rint(ECG * 400 + 512).astype(np.int16))
    same(read_recording(tmp_path / "c.npy", fs=FS, unit="400(512)/mV"), tolerance=2e-3)
    np.savez(tmp_path / "d.npz", signal=np.column_stack([OTHER, ECG]) * 1e-3, fs=FS, unit="V", leads=["V1", "II"])
    same(read_recording(tmp_path / "d.npz"), lead="II")
    np.savez_compressed(tmp_path / "e.npz", ecg=ECG)
    same(read_recording(tmp_path / "e.npz", fs=FS, unit="mV"))
    with pytest.raises(InputError, match="--fs"):
        read_recording(tmp_path / "a.npy", unit="mV")
    assert any("mV taken" in note for note in read_recording(tmp_path / "a.npy", fs=FS).notes)


def test_numpy_refused(tmp_path):
    def refuse(says):
        with pytest.raises(InputError, match=says):
            read_recording(tmp_path / "a.npy", fs=FS, unit="mV")
    np.save(tmp_path / "a.npy", np.array([{"code": 1}] * 200, dtype=object))
    refuse("Python objects")
    np.save(tmp_path / "a.npy", np.zeros((100, 187)))
    refuse("shape")
    np.save(tmp_path / "a.npy", np.array(["a"] * 100))
    refuse("no ECG")
    np.save(tmp_path / "a.npy", np.zeros((3, 4, 5)))
    refuse("no ECG")
    np.save(tmp_path / "a.npy", np.full(1000, np.nan))
    refuse("no samples")
    np.save(tmp_path / "a.npy", ECG)
    (tmp_path / "a.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:1000])
    refuse("damaged")


# ------------------------------------------------------------------------------------------------ what the user tells

def test_what_the_user_says_wins_and_is_noted(tmp_path):
    path = write_wfdb(tmp_path)
    recording = read_recording(path, fs=500, unit="uV")
    assert recording.fs == 500 and np.allclose(recording.signal, ECG * 1e-3, atol=1e-5)
    assert any("--fs 500" in n for n in recording.notes) and any("--unit uV" in n for n in recording.notes)
    assert any("check the unit" in n for n in recording.notes)


@pytest.mark.parametrize("unit, expected", [("V", 2000), ("mV", 2), ("uV", 0.002), ("µV", 0.002), ("μV", 0.002), ("200/mV", 0.01),
                                            ("200(1)/mV", 0.005), ("2(-2)/uV", 0.002), ("0.5/V", 4000)])
def test_units(unit, expected):
    assert to_millivolt(np.array([2.0]), unit, "")[0] == pytest.approx(expected)


@pytest.mark.parametrize("options", [dict(unit="furlong"), dict(unit="0/mV"), dict(unit="200/bpm"), dict(fs=0), dict(fs=-250),
                                     dict(fs=float("nan")), dict(fs=float("inf")), dict(fs=10)])
def test_bad_options(tmp_path, options):
    np.save(tmp_path / "a.npy", ECG)
    with pytest.raises(InputError):
        read_recording(tmp_path / "a.npy", **{"fs": FS, "unit": "mV", **options})


def test_bad_paths(tmp_path):
    for path, says in ((tmp_path, "folder"), (tmp_path / "no.csv", "does not exist"), (text(tmp_path / "a.docx", "x"), "no reader"),
                       (text(tmp_path / "bad.csv.gz", "not gzip"), "gzip")):
        with pytest.raises(InputError, match=says):
            read_recording(path)
