"""Recordings whose headers lie, that ask for more than a memory holds, or that are none."""

import gzip
import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.recordings import ECG, FS, OTHER, edf, rows
from tests.robustness.case import Case

STORED = np.column_stack([ECG, OTHER]) * 200  # what a converter of 200 units per mV gave
SIGNALS = ["rec.dat 16 200(0)/mV 16 0 0 0 0 MLII", "rec.dat 16 200(0)/mV 16 0 0 0 0 V5"]
Build = Callable[[Path], str]


def row(given: str, given_zh: str, build: Build, seen: str, stage: str = "inference.py") -> Case:
    """A case of a recording that `build` puts into the folder, whose name it gives."""
    return Case(given, given_zh, stage, lambda folder: [build(folder)], seen)


# ------------------------------------------------------------------------------------------ WFDB


def wfdb(top: str = f"rec 2 {FS} {len(ECG)}", *lines: str) -> Build:
    """Builds a record with this first line, and these of its signals."""

    def build(folder):
        (folder / "rec.dat").write_bytes(STORED.astype("<i2").tobytes())
        (folder / "rec.hea").write_text("\n".join([top, *(lines or SIGNALS)]) + "\n")
        return "rec.hea"

    return build


def signal(line: str) -> Build:
    """Builds a record whose first signal has this line."""
    return wfdb(f"rec 2 {FS} {len(ECG)}", line, SIGNALS[1])


def segments(*lines: str) -> Build:
    """Builds a record of segments with these lines, of which `s1` is there."""

    def build(folder):
        (folder / "s1.dat").write_bytes(STORED.astype("<i2").tobytes())
        head = [f"s1 2 {FS} {len(ECG)}", *(line.replace("rec", "s1") for line in SIGNALS)]
        (folder / "s1.hea").write_text("\n".join(head) + "\n")
        (folder / "long.hea").write_text("\n".join(lines) + "\n")
        return "long.hea"

    return build


def pipe_for_signals(folder):
    wfdb()(folder)
    (folder / "rec.dat").unlink()
    os.mkfifo(folder / "rec.dat")
    return "rec.hea"


WFDB = [
    row(
        "WFDB: a rate of nan", "WFDB：采样率为 nan", wfdb("rec 2 nan 2500"), "sampling rate of nan"
    ),
    row(
        "WFDB: a rate of -250",
        "WFDB：采样率为 -250",
        wfdb("rec 2 -250 2500"),
        "sampling rate of -250",
    ),
    row(
        "WFDB: a rate of 1e9", "WFDB：采样率为 1e9", wfdb("rec 2 1e9 2500"), "sampling rate of 1e9"
    ),
    row("WFDB: a rate of 1 Hz", "WFDB：采样率为 1 Hz", wfdb("rec 2 1 2500"), "50 Hz or more"),
    row(
        "WFDB: 2,000,000,000 samples in a file of 10 KB",
        "WFDB：10 KB 的文件声称有 20 亿个样本",
        wfdb("rec 2 250 2000000000"),
        "rec.hea says 2,000,000,000 samples, rec.dat holds 2,500",
    ),
    row(
        "WFDB: nan samples",
        "WFDB：样本数为 nan",
        wfdb("rec 2 250 nan"),
        "its number of samples is 'nan'",
    ),
    row("WFDB: -5 samples", "WFDB：样本数为 -5", wfdb("rec 2 250 -5"), "number of samples is -5"),
    row(
        "WFDB: a million signals",
        "WFDB：一百万个信号",
        wfdb("rec 1000000 250 2500"),
        "its number of signals is 1000000",
    ),
    row(
        "WFDB: more signals than it describes",
        "WFDB：信号数多于描述",
        wfdb("rec 3 250 2500"),
        "tells of 3 signals and describes 2",
    ),
    row(
        "WFDB: a gain of nan",
        "WFDB：增益为 nan",
        signal("rec.dat 16 nan 16 0 0 0 0 II"),
        "its gain of signal 0 is 'nan'",
    ),
    row(
        "WFDB: a gain of inf",
        "WFDB：增益为 inf",
        signal("rec.dat 16 inf/mV 16 0 0 0 0 II"),
        "its gain of signal 0 is 'inf'",
    ),
    row(
        "WFDB: a gain of 1e-320",
        "WFDB：增益为 1e-320",
        signal("rec.dat 16 1e-320 16 0 0 0 0 II"),
        "its gain of signal 0 is 9.99",
    ),
    row(
        "WFDB: a baseline of 1e30",
        "WFDB：基线为 1e30",
        signal("rec.dat 16 200(1e30)/mV 16 0 0 0 0 II"),
        "its baseline of signal 0 is '1e30'",
    ),
    row(
        "WFDB: a format that there is not",
        "WFDB：不存在的存储格式",
        signal("rec.dat 999 200 16 0 0 0 0 II"),
        "the format of signal 0 is 999",
    ),
    row(
        "WFDB: a skew of 2,000,000,000 samples",
        "WFDB：偏移（skew）为 20 亿个样本",
        signal("rec.dat 16:2000000000 200 16 0 0 0 0 II"),
        "its skew of signal 0 is 2000000000",
    ),
    row(
        "WFDB: a billion samples a frame",
        "WFDB：每帧十亿个样本",
        signal("rec.dat 16x1000000000 200 16 0 0 0 0 II"),
        "its samples a frame of signal 0 is 1000000000",
    ),
    row(
        "WFDB: signals that begin after a terabyte",
        "WFDB：信号从 1 TB 之后开始",
        wfdb("rec 1 250 2500", "rec.dat 16+1000000000000 200 16 0 0 0 0 II"),
        "rec.dat holds 0",
    ),
    row(
        "WFDB: a zero of the converter that is no number",
        "WFDB：转换器零点不是数",
        signal("rec.dat 16 200 16 nan 0 0 0 II"),
        "its zero of the converter of signal 0 is 'nan'",
    ),
    row(
        "WFDB: /dev/zero as the signal file",
        "WFDB：信号文件为 /dev/zero",
        wfdb("rec 1 250", "/dev/zero 16 200 16 0 0 0 0 II"),
        "it must lie beside it",
    ),
    row("WFDB: a FIFO as the signal file", "WFDB：信号文件为 FIFO", pipe_for_signals, "no file"),
    row(
        "WFDB: a signal file that is not there",
        "WFDB：信号文件不存在",
        wfdb("rec 1 250 2500", "none.dat 16 200 16 0 0 0 0 II"),
        "rec.hea names the signal file none.dat, which is not there",
    ),
    row("WFDB: a header of comments", "WFDB：头文件只有注释", wfdb("# x", "# y"), "is no header"),
    row(
        "WFDB: a segment that is not there",
        "WFDB：分段不存在",
        segments("long/2 2 250 5000", "s1 2500", "s2 2500"),
        "s2.hea, the header of segment 1, is not there",
    ),
    row(
        "WFDB: four billion samples between segments",
        "WFDB：分段之间缺失 40 亿个样本",
        segments("long/3 2 250 4000002500", "s1 2500", "~ 2000000000", "~ 2000000000"),
        "4,000,000,000 of 4,000,002,500 samples",
    ),
    row(
        "WFDB: a record that is its own segment",
        "WFDB：记录把自己作为分段",
        segments("long/1 2 250 2500", "long 2500"),
        "which no segment can be",
    ),
    row(
        "WFDB: a segment of another rate than its record",
        "WFDB：分段的采样率与记录不同",
        segments("long/1 2 500 2500", "s1 2500"),
        "gives a sampling rate of 500, its segment s1 250",
    ),
    row(
        "WFDB: a segment longer than it says itself",
        "WFDB：分段长度与其自身头文件不符",
        segments("long/1 2 250 2400", "s1 2400"),
        "its own header 2,500",
    ),
]

# ------------------------------------------------------------------------------------------- EDF


def edf_field(at: int, size: int, text: str) -> Build:
    """Builds an EDF file of two signals with `text` in the field at byte `at`."""

    def build(folder):
        path = edf(folder / "a.edf")
        raw = bytearray(path.read_bytes())
        raw[at : at + size] = text.encode().ljust(size)
        path.write_bytes(raw)
        return "a.edf"

    return build


def of_first_signal(at: int) -> int:
    """Where a field of the first of two signals is, which is `at` bytes into those of one."""
    return 256 + 2 * at


EDF = [
    row(
        "EDF: nan data records",
        "EDF：数据记录数为 nan",
        edf_field(236, 8, "nan"),
        "its number of data records is 'nan'",
    ),
    row(
        "EDF: records of 0 s",
        "EDF：数据记录时长为 0",
        edf_field(244, 8, "0"),
        "its duration of a data record is 0",
    ),
    row(
        "EDF: records of nan s",
        "EDF：数据记录时长为 nan",
        edf_field(244, 8, "nan"),
        "its duration of a data record is 'nan'",
    ),
    row("EDF: -1 signals", "EDF：信号数为 -1", edf_field(252, 4, "-1"), "number of signals is -1"),
    row(
        "EDF: more signals than it describes",
        "EDF：信号数多于描述",
        edf_field(252, 4, "999"),
        "tells of 999 signals and ends before",
    ),
    row(
        "EDF: a header of another length",
        "EDF：头部长度不符",
        edf_field(184, 8, "0"),
        "length of the header of 2 signals is 0, which cannot be (it is 768)",
    ),
    row(
        "EDF: a physical minimum of inf",
        "EDF：物理最小值为 inf",
        edf_field(of_first_signal(104), 8, "inf"),
        "its physical minimum of signal 0 is 'inf'",
    ),
    row(
        "EDF: a digital maximum that is no number",
        "EDF：数字最大值不是数",
        edf_field(of_first_signal(128), 8, "abc"),
        "its digital maximum of signal 0 is 'abc'",
    ),
    row(
        "EDF: a range of nothing",
        "EDF：物理范围为零",
        edf_field(of_first_signal(112), 8, "-5"),
        "the physical minimum and maximum of ECG II are both -5",
    ),
    row(
        "EDF: a billion samples a record",
        "EDF：每条数据记录十亿个样本",
        edf_field(of_first_signal(216), 8, "1000000000"[:8]),
        "is no ECG's",
    ),
    row("EDF: bytes of zero", "EDF：全零字节", lambda folder: zeros(folder, "a.edf"), "no EDF"),
]

# ---------------------------------------------------------------------------------- text, arrays


def text(body: str, name: str = "a.csv") -> Build:
    def build(folder):
        (folder / name).write_text(body)
        return name

    return build


def zeros(folder, name):
    (folder / name).write_bytes(bytes(5000))
    return name


def timed(*times: np.ndarray) -> str:
    together = zip(np.concatenate(times), np.tile(ECG, len(times)))
    return "time,ECG\n" + "".join(f"{t:.6f},{value}\n" for t, value in together)


def archive(**arrays) -> Build:
    def build(folder):
        np.savez(folder / "a.npz", **arrays)
        return "a.npz"

    return build


def bomb(folder):
    content = io.BytesIO()
    np.save(content, np.zeros(20_000_000))
    with zipfile.ZipFile(folder / "a.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("ecg.npy", content.getvalue())
    return "a.npz"


def array_of(shape: str) -> Build:
    """Builds an array whose header tells of this shape."""

    def build(folder):
        head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
        magic = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head))
        (folder / "a.npy").write_bytes(magic + head + ECG.tobytes())
        return "a.npy"

    return build


def packed_bomb(name: str, content: bytes, before: bytes = b"") -> Build:
    def build(folder):
        with gzip.open(folder / name, "wb", 1) as file:
            file.write(before)
            for _ in range(20):
                file.write(content * ((1 << 20) // len(content)))
        return name

    return build


TABLES = [
    row(
        "CSV: a microsecond a row, and a gap of a year",
        "CSV：每行一微秒，中间缺一年",
        text(timed(np.arange(2500) * 1e-6, 31_536_000 + np.arange(2500) * 1e-6)),
        "its times jump by",
    ),
    row(
        "CSV: ten microseconds a row, and a gap of twenty hours",
        "CSV：每行十微秒，中间缺二十小时",
        text(timed(np.arange(2500) * 1e-5, 72_000 + np.arange(2500) * 1e-5)),
        "its times jump by 71999.975 s",
    ),
    row(
        "CSV: times that run backwards",
        "CSV：时间倒退",
        text(timed(10 + np.arange(2500) / 250, np.arange(2500) / 250)),
        "its times run backwards at row 2501",
    ),
    row(
        "CSV: a rate of 1e9",
        "CSV：采样率为 1e9",
        text("fs: 1e9\n" + rows(ECG)),
        "its sampling rate of 1e+09 Hz is no ECG's".removeprefix("its "),
    ),
    row(
        "CSV: a rate of 0",
        "CSV：采样率为 0",
        text("fs: 0\n" + rows(ECG)),
        "does not say its sampling rate: give --fs HZ",
    ),
    row(
        "CSV: a rate of -250",
        "CSV：采样率为 -250",
        text("fs: -250\n" + rows(ECG)),
        "does not say its sampling rate: give --fs HZ",
    ),
    row(
        "CSV: a line without an end",
        "CSV：没有换行的长行",
        text("1" * 5_000_000),
        "has a line of more than",
    ),
    row("CSV: words", "CSV：只有文字", text("the quick\nbrown fox\n" * 99), "no table of numbers"),
    row("CSV: binary data", "CSV：二进制数据", lambda f: zeros(f, "a.csv"), "holds binary data"),
    row("CSV: nothing", "CSV：空文件", text(""), "{file} is empty"),
    row(
        "CSV: values of 1e300",
        "CSV：数值为 1e300",
        text("fs: 250\n" + rows(ECG * 1e300)),
        "its scale (gain, resolution, unit) is damaged",
    ),
    row(
        "CSV: all values are nan",
        "CSV：数值全为 nan",
        text("time,ECG\n" + "".join(f"{k / 250},nan\n" for k in range(2500))),
        "{file}",
    ),
    row(
        "NPZ: 160 MB in 700 KB",
        "NPZ：700 KB 解压为 160 MB",
        bomb,
        "becomes 160,000,128 bytes, far more than an ECG of its size",
    ),
    row("NPZ: a rate of nan", "NPZ：采样率为 nan", archive(ecg=ECG, fs=np.nan), "rate of nan Hz"),
    row("NPZ: a rate of -250", "NPZ：采样率为 -250", archive(ecg=ECG, fs=-250.0), "-250 Hz"),
    row(
        "NPZ: a gain of inf",
        "NPZ：增益为 inf",
        archive(ecg=STORED.astype(np.int16)[:, 0], fs=250, gain=np.inf),
        "its gain is inf",
    ),
    row(
        "NPZ: a baseline of nan",
        "NPZ：基线为 nan",
        archive(ecg=STORED.astype(np.int16)[:, 0], fs=250, gain=200.0, baseline=np.nan),
        "its baseline is nan",
    ),
    row(
        "NPY: 2,000,000,000 numbers in 20 KB",
        "NPY：20 KB 的文件声称有 20 亿个数",
        array_of("(2000000000,)"),
        "it holds less than an array of float64, shape (2000000000,)",
    ),
    row("NPY: -5 numbers", "NPY：数组长度为 -5", array_of("(-5,)"), "shape (-5,)"),
    row(
        "CSV.GZ: zeros without end",
        "CSV.GZ：解压后为无尽的零",
        packed_bomb("a.csv.gz", b"0.1\n"),
        "far more than an ECG of its size",
    ),
    row(
        "EDF.GZ: a recording and zeros without end",
        "EDF.GZ：记录之后是无尽的零",
        packed_bomb("a.edf.gz", bytes(1024), b"0       "),
        "far more than an ECG of its size",
    ),
    row(
        "JSON.GZ: brackets without end",
        "JSON.GZ：无尽的括号",
        packed_bomb("a.json.gz", b"[[[["),
        "far more than an ECG of its size",
    ),
    row("CSV.GZ: no gzip", "CSV.GZ：并非 gzip", text("0.1\n" * 999, "a.csv.gz"), "no gzip file"),
]

# ------------------------------------------------------------------------------- no recordings


def fifo(name: str) -> Build:
    def build(folder):
        os.mkfifo(folder / name)
        return name

    return build


def link(target: str) -> Build:
    def build(folder):
        (folder / "a.csv").symlink_to(target)
        return "a.csv"

    return build


def never_written(name: str) -> Build:
    def build(folder):
        (folder / name).touch()
        os.truncate(folder / name, 1 << 21)
        return name

    return build


def folder_of(name: str) -> Build:
    def build(folder):
        (folder / name).mkdir()
        return name

    return build


NO_RECORDINGS = [
    row("a FIFO", "FIFO 管道", fifo("a.csv"), "a.csv is no file: name a recording"),
    row("a FIFO as a header", "FIFO 作为头文件", fifo("a.hea"), "a.hea is no file"),
    row("/dev/zero", "/dev/zero", lambda folder: "/dev/zero", "/dev/zero is no file"),
    row("a link to /dev/zero", "指向 /dev/zero 的链接", link("/dev/zero"), "a.csv is no file"),
    row("a link to itself", "指向自身的链接", link("a.csv"), "a.csv"),
    row(
        "2 MB of zeros that were never written",
        "从未写入的 2 MB 零",
        never_written("a.dcm"),
        "begins with 4,096 zeros",
    ),
    row("an empty folder", "空文件夹", folder_of("night"), "night"),
    row("a file that is not there", "不存在的文件", lambda folder: "a.csv", "does not exist"),
    row(
        "a suffix that no reader has", "无法识别的后缀", text("x" * 500, "a.docx"), "no reader for"
    ),
]

# ---------------------------------------------------------------------------------- other formats


def kardia(**changes) -> Build:
    block = {
        "frequency": 300,
        "amplitudeResolution": 500,
        "samples": {"leadI": STORED[:, 0].astype(int).tolist()},
        **changes,
    }

    def build(folder):
        (folder / "a.json").write_text(json.dumps({"data": {"raw": block}}))
        return "a.json"

    return build


def fhir(**changes) -> Build:
    data = {"origin": {"value": 0, "code": "mV"}, "period": 4, "factor": 0.005, "dimensions": 1}
    data |= {"data": " ".join(map(str, STORED[:, 0].astype(int))), **changes}

    def build(folder):
        content = {"resourceType": "Observation", "valueSampledData": data}
        (folder / "a.json").write_text(json.dumps(content))
        return "a.json"

    return build


def clinical(kind: str, name: str, at: int, form: str, number: int) -> Build:
    """Builds a file of a format by the function of its test, with another number at byte `at`."""

    def build(folder):
        import importlib

        from tests.clinical import steps

        module = importlib.import_module(f"tests.ecg.formats.test_{kind}")
        getattr(module, kind)(folder / name, [steps(), steps(scale=-0.5)])
        raw = bytearray((folder / name).read_bytes())
        struct.pack_into(form, raw, at, number)
        (folder / name).write_bytes(raw)
        return name

    return build


OTHERS = [
    row(
        "Kardia: a resolution of nan",
        "Kardia：分辨率为 nan",
        kardia(amplitudeResolution=float("nan")),
        "its amplitudeResolution in nV is nan",
    ),
    row("Kardia: a rate of 0", "Kardia：采样率为 0", kardia(frequency=0), "sampling rate of 0 Hz"),
    row("FHIR: a factor of 0", "FHIR：系数为 0", fhir(factor=0), "its factor is 0"),
    row("FHIR: a factor of inf", "FHIR：系数为 inf", fhir(factor=float("inf")), "factor is inf"),
    row("FHIR: a period of -4", "FHIR：采样周期为 -4", fhir(period=-4), "its period is -4"),
    row(
        "FHIR: a period of nan", "FHIR：采样周期为 nan", fhir(period=float("nan")), "period is nan"
    ),
    row(
        "ISHNE: 32,767 leads",
        "ISHNE：32,767 个导联",
        clinical("ishne", "a.ecg", 156, "<h", 32767),
        "claims 32767 leads",
    ),
    row(
        "ISHNE: a rate of -250",
        "ISHNE：采样率为 -250",
        clinical("ishne", "a.ecg", 272, "<h", -250),
        "its sampling rate is -250",
    ),
    row(
        "ISHNE: a resolution of -1",
        "ISHNE：分辨率为 -1",
        clinical("ishne", "a.ecg", 206, "<h", -1),
        "its resolution",
    ),
    row(
        "ISHNE: a header of two billion bytes",
        "ISHNE：头部长度为 20 亿字节",
        clinical("ishne", "a.ecg", 10, "<i", 2**31 - 1),
        "does not fit",
    ),
    row("JSON: no JSON", "JSON：不是 JSON", text("{", "a.json"), "{file}"),
    row("MAT: bytes of zero", "MAT：全零字节", lambda f: zeros(f, "a.mat"), "is none of the .mat"),
    row("DICOM: bytes of zero", "DICOM：全零字节", lambda f: zeros(f, "a.dcm"), "no DICOM file"),
    row("SCP: bytes of zero", "SCP：全零字节", lambda f: zeros(f, "a.scp"), "a.scp"),
    row(
        "Parquet: bytes of zero", "Parquet：全零字节", lambda f: zeros(f, "a.parquet"), "no Parquet"
    ),
    row(
        "XML: entities that grow a billionfold",
        "XML：指数膨胀的实体",
        text(
            '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
            "<AnnotatedECG>&b;</AnnotatedECG>",
            "a.xml",
        ),
        "declares XML entities, which are not followed",
    ),
]

# -------------------------------------------------------------------------- signals that are made

MADE = [
    Case(
        "a synthetic recording of 5,000,000 s at 360 Hz",
        "生成 5,000,000 秒、360 Hz 的信号",
        "Noisy_ECG_Signal.py",
        ["--duration", 5_000_000],
        "1.8e+09 samples, a synthetic recording has 40,000,000 at most",
    ),
    Case(
        "a pipe: a line without an end",
        "管道：没有换行的长行",
        "monitor.py",
        ["-", "--fs", 250],
        "line 1: more than 100,000 bytes without an end",
        input="1" * 300_000,
    ),
    Case(
        "a pipe: words",
        "管道：文字",
        "monitor.py",
        ["-", "--fs", 250],
        "is no number",
        input="0.1\nabc\n",
    ),
]

CASES: list[Case] = [*WFDB, *EDF, *TABLES, *NO_RECORDINGS, *OTHERS, *MADE]
