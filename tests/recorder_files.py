"""Text files as recorders and their software write them, made of the recordings of
tests/recordings.py: a function each, which writes one into a folder and gives its path.

Heads, columns and units are after public files and the makers' descriptions."""

import json
from pathlib import Path

import numpy as np

from tests.recordings import ECG, FS, OTHER, T, rows, text

N = len(T)
MS = 4  # from row to row
RESP = np.round(np.sin(2 * np.pi * 0.25 * T), 4)


def opensignals(folder: Path, device: str = "bitalino", several: int = 1) -> Path:
    """OpenSignals, of as many devices: a line of JSON, then the converter's numbers, tabs at the
    ends of the rows."""
    plux = device != "bitalino"
    columns = ["nSeq", "DI", "CH1", "CH2"] if plux else ["nSeq", "I1", "O1", "A1", "A2"]
    bits = 16 if plux else 10
    volts, gain = (3.0, 1.019) if plux else (3.3, 1.1)
    head = {
        "sensor": ["RESP", "ECG"],
        "device name": "00:07:80:4B:2B:C5",
        "column": columns,
        "sync interval": 2,
        "time": "10:29:43.25",
        "comments": "",
        "channels": [1, 2],
        "date": "2026-6-11",
        "mode": 0,
        "digital IO": [0, 1],
        "device": device,
        "position": 0,
        "sampling rate": FS,
        "label": columns[-2:],
        "resolution": [bits, bits] if plux else [4, 1, 1, bits, bits],
        "special": [{}, {}],
    }
    heads = {f"00:07:80:4B:2B:C{k}": head for k in range(several)}
    counts = np.rint((ECG * gain / volts + 0.5) * 2**bits)
    breath = np.rint(RESP * 100 + 2 ** (bits - 1))
    digital = [np.zeros(N)] * (len(columns) - 3)
    one = [np.arange(N) % (2**16 if plux else 16), *digital, breath, counts]
    return text(
        folder / "opensignals.txt",
        f"# OpenSignals Text File Format. Version 1\n# {json.dumps(heads)}\n# EndOfHeader\n"
        + rows(*one * several, [""] * N, delimiter="\t"),
    )


def openbci(folder: Path, version: int = 6) -> Path:
    """The graphical interface of OpenBCI: lines of %, a packet counter that wraps at 256, channels
    in uV, one of them at the rail; names from version 6 on."""
    counter = np.arange(N) % 256
    rail = ["-187500.02"] * N
    clock = [
        f"{10 + k * MS // 3600000}:{k * MS // 60000 % 60:02d}:{k * MS / 1000 % 60:06.3f}"
        for k in range(N)
    ]
    epoch = [f"{1557914400000 + k * MS}" for k in range(N)]
    channels = [np.round(ECG * 1000, 2), np.round(RESP, 2), rail]
    accel = [np.full(N, v) for v in (0.022, 0.802, 0.556)]
    if version < 5:
        head = (
            "%OpenBCI Raw EEG Data\n%Number of channels = 3\n%Sample Rate = 250.0 Hz\n"
            "%First Column = SampleIndex\n%Last Column = Timestamp \n"
            "%Other Columns = EEG data in microvolts followed by Accel Data (in G) interleaved "
            "with Aux Data\n"
        )
        body = rows(counter, *channels, *accel, clock, epoch, delimiter=", ")
    elif version == 5:
        head = (
            "%OpenBCI Raw EEG Data\n%Number of channels = 3\n%Sample Rate = 250 Hz\n"
            "%Board = OpenBCI_GUI$BoardCytonSerial\n" + ",".join(["0.0"] * 19) + "\n"
        )
        others = [np.zeros(N)] * 10
        body = rows(counter, *channels, *accel, *others, epoch, clock, delimiter=", ")
    else:
        names = [
            "Sample Index",
            *(f"EXG Channel {k}" for k in range(3)),
            *(f"Accel Channel {k}" for k in range(3)),
            *["Other"] * 7,
            *(f"Analog Channel {k}" for k in range(3)),
            *("Timestamp", "Marker Channel", "Timestamp (Formatted)"),
        ]
        head = (
            "%OpenBCI Raw EXG Data\n%Number of channels = 3\n%Sample Rate = 250 Hz\n"
            "%Board = OpenBCI_GUI$BoardCytonSerial\n" + ", ".join(names) + "\n"
        )
        seconds = [f"{1557914400 + k * MS / 1000:.6f}" for k in range(N)]
        written = [f"2019-05-15 {each}" for each in clock]
        zeros = [np.zeros(N)] * 10
        body = rows(
            counter, *channels, *accel, *zeros, seconds, np.zeros(N), written, delimiter=", "
        )
    return text(folder / f"OpenBCI-RAW-v{version}.txt", head + body)


def acqknowledge(folder: Path, time: str = "min") -> Path:
    """AcqKnowledge: the interval, a name and a unit for each channel, how many samples each has.
    time: the unit of the first column, "" without it."""
    head = (
        "physio.acq\n4 msec/sample\n2 channels\nRSP, X, RSPEC-R\nVolts\nECG, X, ECGEC-R\nmV\n"
        + (f"{time}\tCH1\tCH2\t\n\t{N}\t{N}\t\n" if time else f"CH1\tCH2\t\n{N}\t{N}\t\n")
    )
    per_second = {"min": 1 / 60, "sec": 1, "milliSec": 1000, "": 0}[time]
    times = [[f"{t * per_second:.9g}" for t in T]] if time else []
    body = rows(*times, RESP, ECG, [""] * N, delimiter="\t")
    return text(folder / "acqknowledge.txt", head + body)


def biosppy(folder: Path) -> Path:
    """BioSPPy's simple text format."""
    head = (
        "# Simple Text Format\n# Sampling Rate (Hz):= 250.0\n# Resolution:= 12\n# Units:= Volts\n"
        "# Labels:= PCG\tECG\n"
    )
    return text(folder / "biosppy.txt", head + rows(RESP, ECG / 1000, delimiter="\t"))


def movesense(folder: Path) -> Path:
    """Movesense: one line as the head of an EDF file would be, then times since 1970 and counts."""
    head = f"{'':80}{'ECG':80}25.01.2616.42.59{FS} \nTimestamp,Sample\n"
    body = "".join(
        f"{1769359379.35 + k * MS / 1000:.7f},{v:.0f}\n" for k, v in enumerate(ECG * 1000)
    )
    return text(folder / "ECG-2026_01_25-16_42_59.csv", head + body)


def polar(folder: Path) -> Path:
    """Polar Sensor Logger: the phone's time, which comes in packets, the sensor's, the ECG's."""
    lines = [
        f"2026-07-26T21:56:{26 + k // 73 * 73 * MS / 1000:06.3f};"
        f"{838432586543515816 + k * 4000000};{k * MS:.6f};{v * 1000:.0f}"
        for k, v in enumerate(ECG)
    ]
    head = "Phone timestamp;sensor timestamp [ns];timestamp [ms];ecg [uV]\n"
    return text(folder / "Polar_H10_ECG.txt", head + "\n".join(lines) + "\n")


def shimmer(folder: Path) -> Path:
    """Consensys, the software of Shimmer: the delimiter in the first line, then names, units."""
    names = ("Timestamp_Unix", "ECG_LA-RA_24BIT", "ECG_LL-RA_24BIT", "ECG_RESP_24BIT", "Battery")
    head = "sep=\t\n" + "\t".join(f"Shimmer_820D_{name}_CAL" for name in names) + "\t\n"
    head += "ms\tmV\tmV\tmV\tmV\t\n"
    stamps = [f"{1.7e12 + k * MS + 0.25:.6f}" for k in range(N)]
    battery = np.full(N, 3700.0)
    body = rows(stamps, OTHER, ECG, RESP, battery, [""] * N, delimiter="\t")
    return text(folder / "Session1_Shimmer_820D_Calibrated_SD.csv", head + body)


def shimmer_before(folder: Path) -> Path:
    """Older software of Shimmer: device, signal, form, unit, a row each."""
    head = (
        "Shimmer 1,Shimmer 1,Shimmer 1\nTimestamp,ECG RA-LL,ECG LA-LL\nCAL,CAL,CAL\n"
        "mSecs,mVolts,mVolts\n"
    )
    return text(folder / "shimmer.csv", head + rows(T * 1000, ECG, OTHER))


def empatica(folder: Path, sensor: str = "ECG") -> Path:
    """Empatica: the start, the rate, the samples; the sensor is in the name of the file."""
    return text(folder / f"{sensor}.csv", "1587900000.000000\n250.000000\n" + rows(ECG))


def labchart_head(clock: str, serial: float, interval: str = "0.004 s", units: str = "") -> str:
    """The head of a block of LabChart that began on 1 May 2025 at `clock`."""
    return (
        f"Interval=\t{interval}\nExcelDateTime=\t{serial:.16e}\t01/05/2025 {clock}\n"
        "TimeFormat=\tStartOfBlock\nDateFormat=\t\nChannelTitle=\tECG\tRESP\n"
        "Range=\t10.000 mV\t5.0 V\n"
        + (f"UnitName=\t{units}\nTopValue=\t*\t*\nBottomValue=\t*\t*\n" if units else "")
    )


def labchart(folder: Path, gap: float = 15.0) -> Path:
    """LabChart: two blocks, the second of which began `gap` s after the first; comments behind
    rows."""
    half = N // 2
    first = rows(T[:half], ECG[:half], RESP[:half], delimiter="\t").splitlines()
    first[7] += "\t#* cough"
    first[1000] += "\t#1 stimulus; 2nd"
    start = 45778.5
    minute, second = divmod(gap, 60)
    return text(
        folder / "labchart.txt",
        labchart_head("12:00:00.000000", start)
        + "\n".join(first)
        + "\n"
        + labchart_head(f"12:{minute:02.0f}:{second:09.6f}", start + gap / 86400)
        + rows(T[:half], ECG[half:], RESP[half:], delimiter="\t"),
    )
