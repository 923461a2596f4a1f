"""The recordings that come with the program: whole, those of the database to the bit, written by
nobody but the command that cuts them."""

import filecmp
import importlib
import re
from pathlib import Path

import numpy as np
import pytest
import wfdb

from ecg import artifacts, demo, fingerprint, formats, weights
from ecg.beats import SYMBOL_CLASS
from ecg.formats.annotation import annotated_records, read_annotation
from ecg.mitdb import DS1, DS2
from ecg.overwriting import DEMO, check, run_of

LARGEST = 4_000_000  # bytes of all that travels with the code
CUTS = [(name, name, 0, demo.SECONDS) for name in (*DS1, *DS2)]
CUTS += [("excerpt/213", demo.PATIENT, demo.EXCERPT_START, demo.EXCERPT_SECONDS)]


def _both(mitdb, file, name, start, seconds):
    """(embedded, database's) record and annotation of a cut."""
    first, last = start * 360, (start + seconds) * 360
    yield wfdb.rdrecord(str(DEMO / file), physical=False), wfdb.rdann(str(DEMO / file), "atr")
    part = {"sampfrom": first, "sampto": last}
    record = wfdb.rdrecord(str(mitdb / name), physical=False, **part)
    yield record, wfdb.rdann(str(mitdb / name), "atr", sampfrom=first, sampto=last - 1)


def test_every_cut_is_that_of_the_database(mitdb):
    for cut in CUTS:
        (record, found), (source, truth) = _both(mitdb, *cut)
        assert np.array_equal(record.d_signal, source.d_signal), cut
        for key in ("fs", "sig_name", "units", "adc_gain", "baseline"):
            assert getattr(record, key) == getattr(source, key), (cut, key)
        assert record.comments[:-1] == source.comments
        told = 1 if cut[2] else 0  # the rhythm in force, where a cut begins within a record
        assert np.array_equal(found.sample[told:], truth.sample - cut[2] * 360)
        assert found.symbol[told:] == truth.symbol and found.aux_note[told:] == truth.aux_note
        for key in ("subtype", "chan", "num"):
            assert np.array_equal(getattr(found, key)[told:], getattr(truth, key)), (cut, key)


def test_the_command_cuts_them_again(mitdb, tmp_path, capsys, monkeypatch):
    """To the byte; two of the records stand for all."""
    monkeypatch.setattr(demo, "DS1", ["114"])
    monkeypatch.setattr(demo, "DS2", ["213"])
    demo.main([str(mitdb), "--out", str(tmp_path)])
    assert "wrote 2 records and excerpt/213" in capsys.readouterr().out
    written = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*"))
    assert len(written) == 9
    for path in written:
        assert filecmp.cmp(tmp_path / path, DEMO / path, shallow=False), path


def test_the_database_itself_is_not_written_over(minutes, tmp_path, monkeypatch):
    own = tmp_path / "own"
    own.mkdir()
    for suffix in (".hea", ".dat", ".atr"):
        (own / f"100{suffix}").write_bytes((minutes / f"100{suffix}").read_bytes())
    monkeypatch.setattr(demo, "DS1", ["100"])
    monkeypatch.setattr(demo, "DS2", [])
    for more in ((), ("--overwrite",)):
        with pytest.raises(artifacts.InputError, match="100.hea"):
            demo.main([str(own), "--out", str(own), *more])


def test_a_folder_without_the_database_is_refused(tmp_path):
    with pytest.raises(artifacts.InputError, match="101.atr is missing"):
        demo.main([str(tmp_path), "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_all_records_are_there_and_no_more():
    assert annotated_records(DEMO) == sorted(DS1 + DS2) and demo.records() == DEMO
    files = [path for path in DEMO.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".hea", ".dat", ".atr", ".md"}
    assert sum(path.stat().st_size for path in files) < LARGEST
    for name in (*DS1, *DS2):
        assert len(formats.read_recording(DEMO / f"{name}.hea", lead=0).signal) == 60 * 360


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_notice_is_there(page):
    text = (DEMO / page).read_text(encoding="utf-8")
    for word in ("ODC-By 1.0", "https://physionet.org/content/mitdb/1.0.0/", "Moody", "Goldberger"):
        assert word in text
    assert "data/demo/" in (artifacts.HOME / "NOTICE").read_text(encoding="utf-8")


def test_the_excerpt_holds_what_it_is_for():
    truth = read_annotation(demo.excerpt())
    labels = [SYMBOL_CLASS[symbol] for symbol in truth.symbols if symbol in SYMBOL_CLASS]
    assert {name: labels.count(name) for name in "NSVFQ"} == dict(N=354, S=5, V=34, F=38, Q=0)
    assert "VVVV" in "".join(labels)
    assert truth.samples[0] == 0 and truth.notes[0] == "(N"  # the rhythm at its beginning
    assert "(VT" in truth.notes and "(B" in truth.notes


@pytest.mark.parametrize("model, learnt", [("context", True), (demo.UNSEEN, False)])
def test_who_has_seen_the_patient(model, learnt):
    card = weights.load_card(artifacts.HOME / "weight" / "shipped" / f"model_{model}.pth")
    recording = formats.read_recording(demo.excerpt(), lead=0, second="auto")
    assert fingerprint.has_learnt(card, fingerprint.marks(recording)) is learnt


def test_nothing_is_written_there():
    for path in (DEMO / "100.dat", DEMO / "new.csv", DEMO / "excerpt" / "213.cnn"):
        with run_of([], overwrite=True), pytest.raises(artifacts.InputError, match="comes with"):
            check(path)


def test_make_run_is_understood_and_writes_into_demo_alone():
    text = (artifacts.HOME / "Makefile").read_text(encoding="utf-8")
    names = dict(re.findall(r"^(\w+)\s*:= (.*)$", text, re.MULTILINE))
    recipe = re.search(r"^run:.*\n((?:\t.*\n)+)", text, re.MULTILINE)[1]
    recipe = re.sub(r"\$\((DEMO|MODEL)\)", lambda name: names[name[1]], recipe)
    stages = []
    for line in re.findall(r"^\t\$\(PY\) (.*)$", recipe, re.MULTILINE):
        stage, *words = line.split()
        args = importlib.import_module(stage.removesuffix(".py")).options().parse_args(words)
        stages.append(stage)
        if stage in ("data_preprocess.py", "train.py", "continue_train.py"):
            assert {"data"} <= args.given and ("epochs" in args.given) == ("runs" in args.given)
        outputs = {"data", "weight", "runs", "save", "csv", "json", "annotation", "report"}
        for name in outputs & args.given:
            assert Path(getattr(args, name)).parts[0] == "demo", (line, name)
    assert list(dict.fromkeys(stages)) == [
        *("data_preprocess.py", "visualize.py", "train.py", "continue_train.py", "evaluate.py"),
        *("export_onnx.py", "Noisy_ECG_Signal.py", "clean_ECG.py", "inference.py"),
    ]
    assert f"excerpt/{demo.PATIENT}.hea" in recipe


def test_a_checkout_without_them_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "DEMO", tmp_path)
    monkeypatch.setattr(demo, "EXCERPT", tmp_path / "excerpt")
    for asked in (demo.records, demo.excerpt):
        with pytest.raises(artifacts.InputError, match="is missing: it comes with the repository"):
            asked()
