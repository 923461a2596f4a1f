"""Headers of WFDB records that lie, field by field."""

import os

import pytest

from ecg.artifacts import InputError
from ecg.formats import read_recording
from ecg.formats.wfdb_header import check_header, header_lines
from tests.recordings import ECG, FS, text, write_wfdb

GOOD = "rec.dat 16 200(0)/mV 16 0 0 0 0 MLII"


def header(folder, top=f"rec 1 {FS} {len(ECG)}", *signals):
    return text(folder / "rec.hea", "\n".join([top, *(signals or [GOOD])]) + "\n")


def refused(path, match):
    with pytest.raises(InputError, match=match):
        check_header(path, header_lines(path))
    with pytest.raises(InputError, match=match):
        read_recording(path)


@pytest.mark.parametrize(
    "top, match",
    [
        ("rec 1 nan 2500", "sampling rate of nan"),
        ("rec 1 inf 2500", "sampling rate of inf"),
        ("rec 1 0 2500", "sampling rate of 0"),
        ("rec 1 1e3 2500", "sampling rate of 1e3"),
        ("rec 1 250/nan 2500", "rate of the counter is 'nan'"),
        ("rec 1 250/360(inf) 2500", "start of the counter is 'inf'"),
        ("rec 1 250 nan", "number of samples is 'nan'"),
        ("rec 1 250 1e12", "number of samples is '1e12'"),
        ("rec 1 250 0", "number of samples is 0"),
        ("rec nan 250 2500", "number of signals is 'nan'"),
        ("rec 1001 250 2500", "number of signals is 1001"),
        ("rec 2 250 2500", "tells of 2 signals and describes 1"),
        ("rec/0 1 250 2500", "number of segments is 0"),
        ("rec/2 1 250 2500", "tells of 2 segments and names 1"),
        ("rec", "no header"),
    ],
)
def test_the_first_line(tmp_path, top, match):
    write_wfdb(tmp_path)
    refused(header(tmp_path, top), match)


@pytest.mark.parametrize(
    "line, match",
    [
        ("rec.dat", "format of signal 0 is missing"),
        ("rec.dat 17 200", "format of signal 0 is 17"),
        ("rec.dat nan 200", "format of signal 0 is nan"),
        ("rec.dat 16x0 200", "samples a frame of signal 0 is 0"),
        ("rec.dat 16xnan 200", "samples a frame of signal 0 is 'nan'"),
        ("rec.dat 16:2501 200", "skew of signal 0 is 2501"),
        ("rec.dat 16:-1 200", "skew of signal 0 is -1"),
        ("rec.dat 16+-1 200", "byte offset of signal 0 is -1"),
        ("rec.dat 16+9e9 200", "byte offset of signal 0 is '9e9'"),
        ("rec.dat 16 nan", "gain of signal 0 is 'nan'"),
        ("rec.dat 16 1e13", r"gain of signal 0 is 1e\+13"),
        ("rec.dat 16 1e-10", "gain of signal 0 is 1e-10"),
        ("rec.dat 16 200(nan)/mV", "baseline of signal 0 is 'nan'"),
        ("rec.dat 16 200 nan", "resolution of the converter of signal 0 is 'nan'"),
        ("rec.dat 16 200 65", "resolution of the converter of signal 0 is 65"),
        ("rec.dat 16 200 16 inf", "zero of the converter of signal 0 is 'inf'"),
        ("rec.dat 16 200 16 0 1e30", "initial value of signal 0 is '1e30'"),
        ("rec.dat 16 200 16 0 0 nan", "checksum of signal 0 is 'nan'"),
        ("rec.dat 16 200 16 0 0 0 -1", "block size of signal 0 is -1"),
        ("/dev/zero 16 200", "must lie beside it"),
        ("../rec.dat 16 200", "must lie beside it"),
    ],
)
def test_the_line_of_a_signal(tmp_path, line, match):
    write_wfdb(tmp_path)
    refused(header(tmp_path, f"rec 1 {FS} {len(ECG)}", line), match)


@pytest.mark.parametrize(
    "line",
    [
        "rec.dat 16",
        "rec.dat 16 0",
        "rec.dat 16+24 200.0(-3)/uV 16 -5 -995 -21131 0 MLII",
        "rec.dat 16 -200/mV 12 1024 995 65535 0 lead 2 of 3",
        "rec.dat 16 1e3(0)/mV",
        "rec.dat 16 200 MLII",  # fields left out
        "rec.dat 16 2.5/µV 16",
    ],
)
def test_what_headers_hold_passes(tmp_path, line):
    path = header(tmp_path, f"rec 1 {FS}/360(0) {len(ECG)} 10:00:00 1/2/2026", line)
    check_header(path, header_lines(path))


@pytest.mark.parametrize(
    "lines, match",
    [
        (("s1 2500", "s2 10"), r"s2\.hea, the header of segment 1, is not there"),
        (("s1 2500", "s1 nan"), "length of segment 1 is 'nan'"),
        (("s1 2500", "s1 -1"), "length of segment 1 is -1"),
        (("s1 2500", "long 2500"), "which no segment can be"),
        (("s1 2500", "../s1 2500"), "which no segment can be"),
        (("s1 2500", "pipe 2500"), r"pipe\.hea, the header of segment 1"),
        (("s1 2500", "nest 2500"), "cannot consist of segments"),
        (("s1 2400", "s1 2400"), "its own header 2,500"),
        (("s1 2500", "~ 6000000"), "6,000,000 of 6,002,500 samples are in"),
    ],
)
def test_segments(tmp_path, lines, match):
    write_wfdb(tmp_path, name="s1")
    os.mkfifo(tmp_path / "pipe.hea")
    text(tmp_path / "nest.hea", "nest/1 2 250 2500\ns1 2500\n")
    path = text(tmp_path / "long.hea", f"long/2 2 {FS} 5000\n" + "\n".join(lines) + "\n")
    with pytest.raises(InputError, match=match):
        read_recording(path)


def test_a_signal_file_that_is_none(tmp_path):
    write_wfdb(tmp_path)
    (tmp_path / "rec.dat").unlink()
    refused_read(header(tmp_path), "signal file rec.dat, which is not there")
    os.mkfifo(tmp_path / "rec.dat")
    refused_read(header(tmp_path), "signal file rec.dat, which is no file")


def refused_read(path, match):
    with pytest.raises(InputError, match=match):
        read_recording(path)
