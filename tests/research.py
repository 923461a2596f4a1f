"""Files of research formats, built after their published structure: for the tests of their readers
and for the fuzz harness. All hold ECG and OTHER of tests/recordings.py at 250 Hz unless they say
otherwise."""

import json
import struct
import zlib

import numpy as np
import scipy.io

from tests.recordings import ECG, FS, OTHER

COUNTS = np.round(2000 * ECG).astype(np.int16)  # in steps of 0.5 uV
OTHER_COUNTS = np.round(2000 * OTHER).astype(np.int16)

# ----------------------------------------------------------------------------------------- MATLAB


def matlab(path, version=5, **values):
    """A .mat file of version 4, 5, 7 (packed) or 7.3: dicts become structs, lists cells."""
    if version == 7.3:
        return matlab_v73(path, values)
    scipy.io.savemat(
        path,
        {key: _for_scipy(value) for key, value in values.items()},
        format="4" if version == 4 else "5",
        do_compression=version == 7,
        oned_as="row",
    )
    return path


def _for_scipy(value):
    if isinstance(value, dict):
        return {key: _for_scipy(each) for key, each in value.items()}
    if isinstance(value, list):
        cell = np.empty(len(value), dtype=object)
        for k, each in enumerate(value):
            cell[k] = _for_scipy(each)
        return cell
    return value


def matlab_v73(path, values):
    """As MATLAB writes HDF5: 512 bytes before it, classes as attributes, axes in reverse, texts as
    16-bit characters, cells as references to #refs#."""
    import h5py

    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in values.items():
            _write_hdf(file, file, name, value)
    with open(path, "r+b") as file:
        head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  5 10:00:00 2026"
        file.write(head.ljust(124) + struct.pack("<HH", 0x0200, 0x4D49))
    return path


def _write_hdf(file, group, name, value):
    import h5py

    if isinstance(value, dict):
        item = group.create_group(name)
        for key, each in value.items():
            _write_hdf(file, item, key, each)
        kind = "struct"
    elif isinstance(value, list):
        refs = file.require_group("#refs#")
        meant = [_write_hdf(file, refs, f"r{len(refs)}_{k}", each) for k, each in enumerate(value)]
        item = group.create_dataset(
            name, data=np.array([[each.ref] for each in meant], dtype=h5py.ref_dtype)
        )
        kind = "cell"
    elif isinstance(value, str):
        codes = np.frombuffer(value.encode("utf-16-le"), np.uint16)[:, None]
        item, kind = group.create_dataset(name, data=codes), "char"
    else:
        x = np.atleast_2d(np.asarray(value))
        packing = {"compression": "gzip"} if x.size > 100 else {}
        item = group.create_dataset(name, data=x.T, **packing)
        kind = {"float64": "double", "float32": "single"}.get(x.dtype.name, x.dtype.name)
    item.attrs["MATLAB_class"] = np.bytes_(kind)
    return item


def labchart_mat(path, blocks=1, pause=2.0):
    """LabChart's export for MATLAB: an ECG and a respiration in blocks, `pause` s apart."""
    n = len(ECG)
    data, starts, ends, times = [], [[], []], [[], []], []
    for block in range(blocks):
        for row, x in enumerate((ECG, np.sin(np.arange(n // 10) / 4))):
            starts[row].append(sum(map(len, data)) + 1)
            data.append(x)
            ends[row].append(sum(map(len, data)))
        times.append(739_000.5 + block * (n / FS + pause) / 86400)
    scipy.io.savemat(
        path,
        {
            "data": np.concatenate(data),
            "datastart": np.array(starts, float),
            "dataend": np.array(ends, float),
            "titles": np.array(["ECG", "Breath"]),
            "samplerate": np.array([[FS] * blocks, [FS / 10] * blocks], float),
            "unittext": np.array(["mV", "V"]),
            "unittextmap": np.array([[1] * blocks, [2] * blocks], float),
            "blocktimes": np.array(times),
        },
    )
    return path


# ----------------------------------------------------------------------------------------- BIOPAC


def acq(path, order="<"):
    """AcqKnowledge 3.7: a temperature in float, the ECG of half the rate in 16 bits, and one of a
    tenth of it; the file's rate is 500 Hz."""
    n = len(ECG)
    slow = np.round(1000 * ECG[::5]).astype(np.int16)
    parts = (
        ("Temp", "deg C", 1, np.linspace(30, 31, 2 * n), 1.0, 0.0),
        ("ECG, X, 0.05-35 Hz", "mV", 2, COUNTS, 0.0005, 0.0),
        ("Pulse", "Volts", 10, slow, 0.001, 0.25),
    )
    graph = struct.pack(f"{order}hiihhhddddd", 0, 38, 2500, len(parts), 0, 0, 2.0, *[0.0] * 4)
    body = graph.ljust(2500, b"\0")
    for k, (name, unit, divider, x, scale, offset) in enumerate(parts):
        body += struct.pack(f"{order}ih40s4sh", 252, k, name.encode(), b"", k)
        body += struct.pack(f"{order}dd20sidd", 0, 1, unit.encode(), len(x), scale, offset)
        body += struct.pack(f"{order}hhhd128sh", k, 0, 0, 0, b"", divider)
    body += struct.pack(f"{order}hh", 4, 0)  # foreign data
    for *_, x, _, _ in parts:
        body += struct.pack(f"{order}hh", x.itemsize, 1 if x.dtype.kind == "f" else 2)
    body += _interleaved([(divider, x) for _, _, divider, x, _, _ in parts], order)
    body += struct.pack(f"{order}ii", 8, 0)  # markers
    path.write_bytes(body + b"\x44\x33\x22\x11" + struct.pack(f"{order}hi", 0, 0))
    return path


def _interleaved(parts, order):
    """Samples as the amplifier gave them: of each channel every `divider`th time."""
    out = []
    for tick in range(max(divider * len(x) for divider, x in parts)):
        for divider, x in parts:
            if tick % divider == 0 and tick // divider < len(x):
                at = tick // divider
                out.append(x[at : at + 1].astype(x.dtype.newbyteorder(order)).tobytes())
    return b"".join(out)


def packed_acq(path, start_ms=1_454_430_656_276):
    """AcqKnowledge 4.4, compressed: ECG and OTHER, with the marker of the first segment."""
    parts = (("ECG", "mV", COUNTS), ("Other", "mV", OTHER_COUNTS))
    graph = struct.pack("<hiihhhddddd", 0, 128, 2410, len(parts), 0, 0, 4.0, *[0.0] * 4)
    body = bytearray(graph.ljust(2410, b"\0"))
    struct.pack_into("<i", body, 972, 1)  # compressed
    for k, (name, unit, x) in enumerate(parts):
        body += struct.pack("<ih40s4sh", 154, k, name.encode(), b"", k)
        body += struct.pack("<dd20sidd", 0, 1, unit.encode(), len(x), 0.0005, 0)
        body += struct.pack("<hh40sh", k, 0, b"", 1)
    body += struct.pack("<i", 4)  # foreign data
    body += struct.pack("<hh", 2, 2) * len(parts)
    text = b"Segment 1\0"
    body += struct.pack("<iii6s5sh8s8s", 0, 2, 1, b"", b"", 0, b"", b"")
    body += struct.pack("<I4sh4sQ8sh", 0, b"", -1, b"apnd", start_ms, b"", len(text)) + text
    body += struct.pack("<i", 4)  # no journal
    body += struct.pack("<24sii20s6s", b"", 0, 0, b"", b"")
    for name, unit, x in parts:
        squeezed = zlib.compress(x.astype("<i2").tobytes())
        body += struct.pack("<44siiii", b"", len(name), len(unit), 2 * len(x), len(squeezed))
        body += name.encode() + unit.encode() + squeezed
    path.write_bytes(body)
    return path


# ----------------------------------------------------------------------------------------- Kardia


def kardia(path, leads=("leadI", "leadII"), **more):
    """A recording of the Kardia API: COUNTS in lead II, at 300 Hz."""
    samples = {lead: (COUNTS if lead == "leadII" else OTHER_COUNTS).tolist() for lead in leads}
    block = {
        "frequency": 300,
        "mainsFrequency": 50,
        "samples": samples,
        "amplitudeResolution": 500,
        "numLeads": len(leads),
    }
    content = {
        "id": "epgstuys6lpj0dssj2tjyia1v",
        "patientID": "DwftkmZIYHm7",
        "heartRate": 75,
        "duration": 8333,
        "recordedAt": "2021-04-16T15:19:09+05:30",
        "algorithmDetermination": "normal",
        "data": {"raw": block, "enhanced": {**block, "samples": {"leadI": [0] * len(ECG)}}},
        "deviceInfo": {"hardwareType": "kardia_6l", "serialNumber": "20042543K"},
    }
    path.write_text(json.dumps(content | more), encoding="utf-8")
    return path


def atc(path, checksum=zlib.crc32, leads=(b"ecg ", b"ecg2")):
    """An ATC file: OTHER_COUNTS in lead I, COUNTS in lead II, and an average beat."""

    def block(name, content):
        whole = name + struct.pack("<I", len(content)) + content
        return whole + struct.pack("<I", checksum(whole) % 2**32)

    texts = (
        "2010-12-08T15:54:23.245+10:00",
        "58E0A7D7",
        "",
        "iPhone 4",
        "AliveECG 1.6.7",
        "6L",
        "",
    )
    info = b"".join(
        text.encode().ljust(size, b"\0") for text, size in zip(texts, (32, 40, 44, 32, 32, 32, 52))
    )
    body = b"ALIVE\0\0\0" + struct.pack("<I", 4) + block(b"info", info)
    body += block(b"fmt ", struct.pack("<BHHBH", 1, 300, 500, 2 | 32, 0))
    for name in leads:
        x = OTHER_COUNTS if name == b"ecg " else COUNTS
        body += block(name, x.astype("<i2").tobytes())
    path.write_bytes(body + block(b"avg ", COUNTS[:450].astype("<i2").tobytes()))
    return path


def resealed_atc(raw):
    """A damaged ATC file whose checksums are right again, as far as its blocks can be followed."""
    out, at = bytearray(raw), 12
    while at + 12 <= len(out):
        end = at + 8 + struct.unpack_from("<I", out, at + 4)[0]
        if end + 4 > len(out):
            break
        struct.pack_into("<I", out, end, zlib.crc32(out[at:end]))
        at = end + 4
    return bytes(out)


# ----------------------------------------------------------------------------------------- FHIR


def sampled(x, period=1000 / FS, **more):
    """valueSampledData of the numbers x."""
    origin = {"value": 0, "unit": "mV", "code": "mV", "system": "http://unitsofmeasure.org"}
    words = " ".join(word if isinstance(word, str) else f"{word:g}" for word in x)
    return {"origin": origin, "period": period, "dimensions": 1, "data": words} | more


def lead_code(code, display=""):
    return {"coding": [{"system": "urn:iso:std:iso:11073:10101", "code": code, "display": display}]}


def observation(components=None, **more):
    """An Observation of an ECG: lead I as display text, lead II by its code."""
    if components is None:
        components = [
            {
                "code": lead_code("131329", "MDC_ECG_ELEC_POTL_I"),
                "valueSampledData": sampled(OTHER_COUNTS, factor=0.0005),
            },
            {"code": lead_code("131330"), "valueSampledData": sampled(COUNTS, factor=0.0005)},
        ]
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "urn:iso:std:iso:11073:10101", "code": "131328"}]},
        "subject": {"reference": "Patient/f001", "display": "P. van de Heuvel"},
        "device": {"display": "12 lead EKG Device Metric"},
        "effectiveDateTime": "2015-02-19T09:30:35+01:00",
        "component": components,
    } | more


def fhir(path, content=None):
    """An Observation, or other content, as a JSON file."""
    path.write_text(json.dumps(observation() if content is None else content), encoding="utf-8")
    return path


# ----------------------------------------------------------------------------------------- tables


def plain_json(path, **content):
    """A JSON file of this content, or of two leads beside their rate and unit."""
    leads = {"I": OTHER.tolist(), "II": ECG.tolist()}
    path.write_text(json.dumps(content or {"fs": FS, "unit": "mV", "leads": leads}), "utf-8")
    return path


def parquet(path, columns=None, attrs=None, **more):
    """A table of columns as Parquet or, by its suffix, Feather."""
    import pandas as pd

    times = np.arange(len(ECG)) / FS
    frame = pd.DataFrame({"time": times, "ECG II": ECG} if columns is None else columns)
    frame.attrs |= attrs or {}
    if path.suffix == ".parquet":
        frame.to_parquet(path, **more)
    else:
        frame.to_feather(path, **more)
    return path
