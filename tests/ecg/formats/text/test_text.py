"""Text tables in the many ways people write them; what they do not say is asked for, what is no
recording is refused."""

import datetime
import gzip

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats import read_recording
from ecg.formats.text import columns as text_columns
from tests.recordings import ECG, FS, OTHER, T, rows, same, text


@pytest.mark.parametrize(
    "body, options",
    [
        (rows(ECG), dict(fs=FS, unit="mV")),  # bare numbers
        ("mV\n" + rows(ECG), dict(fs=FS)),
        ("ecg_mV\n" + rows(ECG), dict(fs=FS)),
        ("ECG (uV)\n" + rows(ECG * 1000), dict(fs=FS)),
        ("ECG [µV]\n" + rows(ECG * 1000), dict(fs=FS)),
        ("time,MLII\n" + rows(T, ECG), dict(unit="mV")),  # rate from the time column
        ("time_ms,MLII_mV\n" + rows(T * 1000, ECG), {}),
        ("Time (s);II (mV)\n" + rows(T, ECG, delimiter=";", decimal=","), {}),  # decimal comma
        ("time\tecg\n" + rows(T, ECG, delimiter="\t"), dict(unit="mV")),
        (rows(T, ECG), dict(unit="mV")),  # two columns, no header
        (rows(T, ECG, delimiter="  "), dict(unit="mV")),
        (
            "'Elapsed time','MLII','V5'\n'hh:mm:ss.mmm','mV','mV'\n"
            + rows([f"'0:{t:06.3f}'" for t in T], ECG, OTHER),
            {},
        ),
        (
            "   Elapsed time     MLII      V5\n   (seconds)     (mV)    (mV)\n"
            + rows(T, ECG, OTHER, delimiter="   "),
            {},
        ),
        (
            "'sample #','MLII','V5'\n" + rows(np.arange(len(T)), ECG * 200 + 1024, OTHER),
            dict(fs=FS, unit="200(1024)/mV"),
        ),
        (
            "timestamp,ecg\n"
            + rows(
                [f"2024-05-01T23:59:{55 + t:09.6f}" for t in T[:1250]]
                + [f"2024-05-02T00:00:{t - 5:09.6f}" for t in T[1250:]],
                ECG,
            ),
            dict(unit="mV"),
        ),
        ("# sampling rate: 250 Hz, unit: mV\n" + rows(ECG), {}),
        ("# fs = 250\ntime,ecg [mV],label\n" + rows(T, ECG, ["N"] * len(T)), {}),
        ("sample,ecg\n" + rows(np.arange(len(T)), ECG), dict(fs=FS, unit="mV")),
        ("ecg,\n" + rows(ECG, [""] * len(T)), dict(fs=FS, unit="mV")),  # lines that end in a comma
        (rows(ECG).replace("\n", ","), dict(fs=FS, unit="mV")),  # one long line
        ("sep=;\nZeit;EKG [mV]\n" + rows(T, ECG, delimiter=";", decimal=","), {}),  # of Excel
        (
            "\n".join(f'"{t:.3f}","{v:.4f}"' for t, v in zip(T, ECG)).replace(".", ","),
            dict(unit="mV"),
        ),
        ("Time [s], RESP, V, II\n" + rows(T, OTHER, OTHER, ECG, delimiter=", "), dict(unit="mV")),
        ("time,V\n" + rows(T, ECG), dict(unit="mV")),  # the chest lead of a monitor
        ("Time,Channel A\n(ms),(mV)\n\n" + rows(T * 1000, ECG), {}),  # an oscilloscope's
        ("# time, ecg\n" + rows(T, ECG, delimiter=" "), dict(unit="mV")),
        ("# Channels: PPG, ECG\n# fs: 250\n" + rows(OTHER, ECG, delimiter=" "), dict(unit="mV")),
        ("Sampling rate,250,,\nUnit,mV,,\n\nt,a,ecg,b\n" + rows(T, T * 0, ECG, T * 0), {}),
        ("ECG,stamp\n" + rows(ECG, [f"10:00:{t:06.3f}" for t in T]), dict(unit="mV")),
        ("fs,250\nECG (mV)\n# recorded lying down\n" + rows(ECG), {}),
        ("ECG (mV)\n# fs: 250\n" + rows(ECG), {}),
        ("a,ecg\n# fs: 250\n" + rows(T * 0, ECG), dict(unit="mV")),
        ("ecg (mV)\n" + rows(ECG).replace("\n", "\t#note\n", 3), dict(fs=FS)),
    ],
)
def test_text(tmp_path, body, options):
    path = text(tmp_path / "ecg.csv", body)
    same(read_recording(path, **options))
    zipped = tmp_path / "ecg.csv.gz"
    zipped.write_bytes(gzip.compress(body.encode()))
    assert same(read_recording(zipped, **options)).name == "ecg"
    same(read_recording(text(tmp_path / "w.txt", body.replace("\n", "\r\n"), "utf-16"), **options))
    same(read_recording(text(tmp_path / "bom.tsv", "\ufeff" + body), **options))
    same(read_recording(text(tmp_path / "le.txt", body, "utf-16-le"), **options))
    same(read_recording(text(tmp_path / "mac.txt", body.replace("\n", "\r")), **options))


def test_text_in_parts(tmp_path, monkeypatch):
    """A gap, a word or a column that ends early in a later part changes nothing but itself."""
    plain = text(
        tmp_path / "a.csv",
        "time (s),ecg (mV),v5 (mV)\n" + rows(T, ECG, OTHER).replace("-0.02", "nan", 3),
    )
    whole = read_recording(plain)
    monkeypatch.setattr(text_columns, "PART", 500)
    assert np.array_equal(read_recording(plain).signal, whole.signal, equal_nan=True)
    body = rows(T, ECG).splitlines()
    body[1700] = f"{T[1700]},oops"
    with pytest.raises(InputError, match="'oops' in row 1701"):
        read_recording(text(tmp_path / "b.csv", "time (s),ecg (mV)\n" + "\n".join(body)))


def test_text_asks_for_what_it_does_not_know(tmp_path):
    path = text(tmp_path / "a.csv", rows(ECG))
    notes = same(read_recording(path, fs=FS)).notes
    assert any("mV taken" in note for note in notes)  # assumed aloud
    with pytest.raises(InputError, match="--fs"):
        read_recording(path, unit="mV")
    with pytest.raises(InputError, match="--fs"):  # counts of samples are no time
        read_recording(
            text(tmp_path / "b.csv", "sample,ecg\n" + rows(np.arange(len(T)), ECG)), unit="mV"
        )
    with pytest.raises(InputError, match="--fs"):  # a step of 1: samples or milliseconds?
        read_recording(
            text(tmp_path / "c.csv", "t,ecg\n" + rows(np.arange(len(T)), ECG)), unit="mV"
        )
    noted = read_recording(
        text(tmp_path / "d.csv", "t,ecg\n" + rows(np.arange(len(T)) * 4, ECG)), unit="mV"
    )
    assert same(noted) and any("milliseconds" in note for note in noted.notes)


@pytest.mark.parametrize(
    "head, fs, unit",
    [
        ("Samples: 2500", None, None),
        ("Heart rate: 72", None, None),
        ("Filter: 0.5 - 40 Hz, notch 50 Hz", None, None),
        ("Range: 5 mV", None, None),
        ("Name,V", None, None),
        ("Sampling frequency = 0.25 kHz", 250, None),
        ("fs=250\nUnit: uV", 250, "uV"),
        ("Filter,50 Hz\nRate,250 Hz\nEinheit,µV", 250, "uV"),
    ],
)
def test_text_takes_nothing_else_for_rate_or_unit(tmp_path, head, fs, unit):
    body = head + "\n\n" + rows(ECG * (1000 if unit == "uV" else 1))
    if fs is None:
        with pytest.raises(InputError, match="--fs"):
            read_recording(text(tmp_path / "a.csv", body), unit="mV")
    taken = read_recording(text(tmp_path / "a.csv", body), fs=fs or FS)
    assert any("mV taken" in note for note in taken.notes) == (unit is None)
    same(
        read_recording(
            text(tmp_path / "a.csv", body), fs=None if fs else FS, unit=None if unit else "mV"
        )
    )


def test_text_leads(tmp_path):
    path = text(tmp_path / "a.csv", "time (s),I (mV),II (mV)\n" + rows(T, OTHER, ECG))
    assert same(read_recording(path), lead="II").leads == ("I", "II")
    same(read_recording(path, lead="I"), OTHER)
    same(read_recording(path, lead=0), OTHER)


def test_text_times_rounded_to_milliseconds(tmp_path):
    t = np.round(np.arange(7200) / 360, 3)
    recording = read_recording(
        text(tmp_path / "a.csv", "time (s),mlii\n" + rows(t, np.resize(ECG, 7200))), unit="mV"
    )
    assert recording.fs == 360 and len(recording.signal) == 7200


def test_text_missing_rows_and_values(tmp_path):
    keep = (T < 3) | (T >= 5)
    recording = read_recording(
        text(tmp_path / "a.csv", "time_s,ecg_mV\n" + rows(T[keep], ECG[keep]))
    )
    expected = np.where(keep, ECG, np.nan)
    same(recording, expected)
    assert any("2 s" in note for note in recording.notes)
    body = "ecg_mV\n" + rows(ECG).replace("\n", "\n", 1)
    lines = body.splitlines()
    missing = ["-", "NaN", "null", "--", "?", "N/A", "#N/A", "0x8000", '""']
    lines[11:20] = missing
    recording = read_recording(text(tmp_path / "b.csv", "\n".join(lines)), fs=FS)
    assert np.flatnonzero(np.isnan(recording.signal)).tolist() == list(range(10, 19))


@pytest.mark.parametrize(
    "body, says",
    [
        ("", "empty"),
        ("a,b\nx,y\nz,w\n", "no table of numbers"),
        ("ecg_mV\n" + rows(ECG[:1000]) + "oops\n" + rows(ECG), "oops"),
        ("time (s),ecg_mV\n" + rows(T[::-1], ECG), "backwards|coarse"),
        (
            "time (s),ecg_mV\n"
            + rows(np.cumsum(np.random.default_rng(1).uniform(0.001, 0.01, len(T))), ECG),
            "not evenly",
        ),
        ("time (s),ecg_mV\n" + rows(np.floor(T / 5), ECG), "coarse"),
        ("time (s)\n" + rows(T), "time column alone"),
        (rows(*[ECG] * 188), "188 columns"),
        ("time (s),ecg_mV\n" + rows(T[::10], ECG[::10]), "25 Hz"),
        ("a,b\n1,2\n3,4\n5,6\n7,8,9\n", "number of columns: 3 in row 4 of its table, not 2"),
        ("\x00\x01\x02" * 100, "binary"),
    ],
)
def test_text_refused(tmp_path, body, says):
    with pytest.raises(InputError, match=says):
        read_recording(
            text(tmp_path / "a.csv", body),
            unit=None if "mV" in body else "mV",
            fs=None if "time" in body else 250,
        )


APPLE = """Name,Jane
Date of Birth,"Jan 1, 1980"
Recorded Date,2024-01-01 10:00:00 +0100
Classification,Sinus Rhythm
Symptoms,
Software Version,1.90
Device,"Watch4,2"
Sample Rate,512 hertz


Lead,Lead I
Unit,µV

"""


@pytest.mark.parametrize(
    "head, line",
    [
        (APPLE, "{:.3f},"),
        (APPLE, "{:.3f}"),
        (
            APPLE.replace("Sample Rate,512 hertz", "Messrate,512 Hertz").replace(
                "Lead,Lead", "Ableitung,Ableitung"
            ),
            "{:.3f},",
        ),
        (
            APPLE.replace("Sample Rate,512 hertz", "采样率,512赫兹").replace(
                "Lead,Lead I", "导联,导联 I"
            ),
            "{:.3f}",
        ),
        (
            APPLE.replace("Sample Rate,512 hertz", "Fréquence d’échantillonnage,512 hertz"),
            "DECIMAL COMMA",
        ),
    ],
)
def test_apple_watch(tmp_path, head, line):
    values = [
        f"{v:.3f}".replace(".", ",") if line == "DECIMAL COMMA" else line.format(v)
        for v in ECG * 1000
    ]
    recording = same(
        read_recording(text(tmp_path / "ecg_2024-01-01.csv", head + "\n".join(values) + "\n")),
        fs=512,
        lead="I",
    )
    facts = recording.facts
    assert (facts.date, facts.clock) == (datetime.date(2024, 1, 1), datetime.time(10))
    assert facts.age == 44 and facts.device == "Watch4,2" and "Jane" not in str(facts)


def test_apple_watch_in_german(tmp_path):
    head = (
        "Name,Jana\nGeburtstag,01.01.1980\nAufzeichnungsdatum,2024-01-01 10:00:00 +0100\n"
        "Klassifizierung,Sinusrhythmus\nSymptome,\nSoftwareversion,1.90\nGerät,Watch\n"
        "Messrate,511,422\u00a0Hertz\n\n\nAbleitung,Ableitung I\nEinheit,µV\n\n"
    )
    body = "\n".join(f"{v:.3f}".rstrip("0").rstrip(".") for v in ECG * 1000).replace(".", ",")
    recording = same(read_recording(text(tmp_path / "ecg.csv", head + body)), fs=511.422, lead="I")
    assert recording.facts.age == 44 and recording.facts.device == "Watch"


def test_apple_watch_as_a_table(tmp_path):
    table = APPLE.rstrip() + "\nSample,Amplitude\n" + rows(np.arange(len(T)), ECG * 1000)
    same(read_recording(text(tmp_path / "a.csv", table)), fs=512, lead="I")
    pairs = "\nLead,Voltage\n" + "".join(f"Lead I,{v * 1000:.4f}\n" for v in ECG)
    same(read_recording(text(tmp_path / "b.csv", APPLE.rstrip() + pairs)), fs=512)


def test_rdsamp_with_a_date_in_its_brackets(tmp_path):
    """`rdsamp -pd`: the clock in brackets fills two of the columns that blanks separate."""
    head = "   Elapsed time      MLII        V5\n   hh:mm:ss.mmm      (mV)      (mV)\n"
    stamps = [
        f"[21:56:{26 + s // 1000:02d}.{s % 1000:03d} 26/07/2026]" for s in range(0, 10_000, 4)
    ]
    body = "\n".join(f"{at}   {v:.4f}   {w:.4f}" for at, v, w in zip(stamps, ECG, OTHER))
    recording = read_recording(text(tmp_path / "a.txt", head + body + "\n"), second="auto")
    same(recording, lead="MLII", tolerance=1e-4)
    assert recording.second_lead == "V5" and str(recording.facts.clock) == "21:56:26"
