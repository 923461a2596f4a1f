"""The files that fuzz_formats.py damages: of each reader in ecg/formats some that are built, by the
functions that build them for its tests, and the real ones that are there. A new reader joins with
its line in SEEDS."""

import functools
import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests import clinical, recordings, research

HOME = Path(__file__).resolve().parent.parent
REAL = Path(os.environ.get("ECG_DATA", HOME.parent / "shared" / "data")) / "formats"


class Seed(NamedTuple):
    """What a reader, called from_NAME, is tried on: functions that build a file in an empty folder,
    with what belongs to it, and give its path; names of real files; where checksums would stop all
    that is damaged at the door, a function that makes them right again."""

    name: str
    build: tuple[Callable[[Path], Path], ...]
    real: tuple[str, ...] = ()
    reseal: Callable[[bytes], bytes] | None = None

    def files(self, folder: Path) -> Iterator[tuple[Path, bool]]:
        """(path, whether it is real) of each file, built below `folder`."""
        for k, build in enumerate(self.build):
            place = folder / f"{self.name}_{k}"
            place.mkdir()
            yield build(place), False
        for name in self.real:
            if (REAL / name).is_file():
                yield REAL / name, True


def _matlab(version):
    return lambda folder: research.matlab(
        folder / f"v{version}.mat",
        version,
        **(
            {"val": research.COUNTS.astype(float), "fs": 250.0}
            if version == 4
            else {
                "val": np.vstack([research.OTHER_COUNTS, research.COUNTS]).astype(float),
                "info": {"fs": 250.0, "unit": "mV"},
                "names": ["I", "II"],
            }
        ),
    )


def _npz(folder):
    np.savez(folder / "a.npz", ecg=recordings.ECG, fs=250, leads=["II"])
    return folder / "a.npz"


def _npy(folder):
    np.save(folder / "a.npy", recordings.ECG)
    return folder / "a.npy"


def _csv(folder):
    body = "time,ECG,resp\n" + recordings.rows(recordings.T, recordings.ECG, recordings.OTHER)
    return recordings.text(folder / "a.csv", body)


def _of_test(reader, name, write):
    """A function that builds file `name` with what stands in the test of a reader, by
    write(test module, path)."""

    def build(folder):
        return write(importlib.import_module(f"tests.ecg.formats.test_{reader}"), folder / name)

    return build


def _not_labchart(folder):
    """No such file can be built; what is said without its library is tried."""
    return recordings.text(folder / "a.adicht", "content")


def _two():
    return clinical.steps(), clinical.steps(scale=-0.5)


def _scp(test, path, coded, order):
    return test.scp(path, dict(zip((1, 2), _two())), order, coded)


def _philips(test, path, compressed):
    return test.philips(path, test.twelve(), compressed)


CLINICAL = (
    Seed(
        "dicom",
        (
            _of_test(
                "dicom",
                "a.dcm",
                lambda test, path: test.dicom(
                    path,
                    test.group(_two(), [test.definition(), test.definition("2:3", "V1")]),
                    AcquisitionDateTime="20210301080559.25+0100",
                    PatientBirthDate="19600229",
                ),
            ),
        ),
        ("Example.dcm", "waveform_ecg.dcm"),
    ),
    Seed(
        "scp",
        tuple(
            _of_test("scp", "a.scp", functools.partial(_scp, coded=coded, order=order))
            for coded, order in ((False, 0), (True, 2))
        ),
        ("Example.scp",),
    ),
    Seed(
        "aecg",
        (
            _of_test(
                "aecg",
                "a.xml",
                lambda test, path: test.aecg(
                    path,
                    test.series(
                        test.AUTHOR,
                        test.hz("NOTCH", "NOTCH", 60),
                        test.sets(*map(test.lead, ("MDC_ECG_LEAD_I", "MDC_ECG_LEAD_II"), _two())),
                    ),
                ),
            ),
        ),
        ("Example.xml",),
    ),
    Seed(
        "philips",
        tuple(
            _of_test("philips", "a.xml", functools.partial(_philips, compressed=compressed))
            for compressed in (False, True)
        ),
        ("129DYPRG.XML", "3191723_ZZDEMOPTONLY_1-04_orig.xml"),
    ),
    Seed(
        "muse",
        (
            _of_test(
                "muse",
                "a.xml",
                lambda test, path: test.muse(path, test.waveform(dict(zip(("I", "II"), _two())))),
            ),
        ),
    ),
    Seed(
        "cardiosoft",
        (
            _of_test(
                "cardiosoft",
                "a.xml",
                lambda test, path: test.cardiosoft(
                    path, test.strip(dict(zip(("I", "II"), _two())))
                ),
            ),
        ),
    ),
    Seed(
        "mortara",
        (
            _of_test(
                "mortara",
                "a.xml",
                lambda test, path: test.mortara(path, dict(zip(("I", "II"), _two()))),
            ),
        ),
    ),
    Seed(
        "ishne",
        (_of_test("ishne", "a.ecg", lambda test, path: test.ishne(path, list(_two()))),),
        ("ECG_P28.01.ecg",),
    ),
    Seed(
        "mfer",
        (_of_test("mfer", "a.mwf", lambda test, path: test.mfer(path, dict(zip((1, 2), _two())))),),
    ),
)
SEEDS = (
    Seed("wfdb", (lambda folder: recordings.write_wfdb(folder).with_suffix(".hea"),)),
    Seed("edf", (lambda folder: recordings.edf(folder / "a.edf"),)),
    Seed("text", (_csv,)),
    Seed("numpy", (_npy, _npz)),
    Seed(
        "matlab",
        (*(_matlab(version) for version in (4, 5, 7, 7.3)),)
        + (lambda folder: research.labchart_mat(folder / "labchart.mat", blocks=2),),
        ("sample1_fs250.mat",),
    ),
    Seed(
        "acq",
        (
            lambda folder: research.acq(folder / "a.acq"),
            lambda folder: research.packed_acq(folder / "b.acq"),
        ),
        ("physio-4.4.0.acq",),
    ),
    Seed("atc", (lambda folder: research.atc(folder / "a.atc"),), (), research.resealed_atc),
    Seed(
        "json",
        (
            lambda folder: research.kardia(folder / "kardia.json"),
            lambda folder: research.fhir(folder / "fhir.json"),
            lambda folder: research.plain_json(folder / "plain.json"),
        ),
    ),
    Seed(
        "parquet",
        (
            lambda folder: research.parquet(folder / "a.parquet"),
            lambda folder: research.parquet(folder / "a.feather"),
            lambda folder: research.parquet(folder / "b.arrow", attrs={"fs": 250}),
        ),
    ),
    Seed("adicht", (_not_labchart,)),
    *CLINICAL,
)
