"""Recordings as training patients."""

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.mitdb import DS1, DS2
from ecg.synthetic import synthetic_recording, write_wfdb
from ecg.training.patients import Patient, labelled_minutes, load_patients, select_patients
from ecg.training.views import SEEN, match_peaks


def test_matching_is_one_to_one():
    index = match_peaks([95, 110, 300, 900], [100, 305, 500], 100)
    assert index.tolist() == [0, -1, 1, -1]


def test_ds2_is_not_trained_on():
    patients = [Patient(f"mitdb/{n}", 360, 0, [], [], {}) for n in DS1 + DS2]
    patients += [Patient("svdb/800", 128, 0, [], [], {})]
    names = {
        protocol: {p.record for p in select_patients(patients, protocol)}
        for protocol in ("interpatient", "interpatient_plus", "all")
    }
    assert names["interpatient"] == set(DS1)
    assert names["interpatient_plus"] == {*DS1, "800"}
    assert names["all"] == {*DS1, *DS2, "800"}
    with pytest.raises(InputError, match="DS1"):
        select_patients(patients[1:], "interpatient")


def test_a_folder_of_records(tmp_path):
    """Every view is described, paced records are left out, and Q is no class to learn."""
    made = synthetic_recording(60, 250, seed=3, shares={"V": 0.1}, name="one")
    symbols = np.where(made.labels == 2, "V", "N").astype(object)
    symbols[3] = "Q"
    write_wfdb(tmp_path, made._replace(symbols=symbols.tolist()), "atr")
    write_wfdb(tmp_path, made._replace(symbols=["/"] * len(symbols), name="paced"), "atr")
    [patient] = load_patients([tmp_path])
    assert patient.record == "one" and patient.folder == tmp_path.name
    assert len(load_patients([tmp_path], views=("annotated",), keep_paced=True)) == 2
    assert load_patients([tmp_path], views=("annotated",), wanted=lambda name: name > "p") == []
    for name, view in patient.views.items():
        assert len(view.classes) == len(view.peaks) == len(view.leads[0].features), name
    for name in SEEN:
        assert (patient.views[name].classes == 2).sum() >= 0.8 * (made.labels == 2).sum(), name
    annotated = patient.views["annotated"].classes
    assert annotated[3] == -1 and (np.delete(annotated, 3) >= 0).all()
    first = labelled_minutes(patient, 0.5, "annotated")
    late = patient.views["annotated"].peaks >= 30 * 250
    assert (first[late] == -1).all() and np.array_equal(first[~late], annotated[~late])
