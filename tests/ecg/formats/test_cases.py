"""Files as recorders, apps and people write them that were once read wrongly: the right lead, rate,
unit and number of beats. All hold the beginning of MIT-BIH record 100."""

import numpy as np
import pytest

from ecg.artifacts import InputError
from ecg.formats import read_recording
from ecg.rpeaks import detect_r_peaks

# file: (lead, Hz, mV from trough to peak, beats); None: the file says no unit
FILES = {
    "archive_same_name/night.csv": ("ECG", 125, 1.736, 43),
    "bidmc_lead_called_V/bidmc_like.csv": ("II", 125, None, 43),
    "bidmc_lead_called_V/ii_only.csv": ("II", 125, None, 43),
    "bidmc_lead_called_V/ii_v.csv": ("II", 125, None, 43),
    "biosppy_simple_text/pcg_ecg.txt": ("ECG", 2000, 1.608, 10),
    "ecg_is_not_the_first_column/mimic_perform_like.csv": ("ECG", 125, None, 43),
    "ecg_is_not_the_first_column/patient_id_first.csv": ("ecg", 125, None, 43),
    "ecg_is_not_the_first_column/resp_first.csv": ("ECG", 125, None, 43),
    "edf_without_unit/no_unit.edf": ("ECG", 256, None, 37),
    "labchart_text/labchart.txt": ("ECG", 1000, 1.605, 13),
    "labchart_text/labchart_comment.txt": ("ECG", 1000, 1.605, 13),
    "missing_value_codes/m32768.csv": ("ECG", 250, 1.617, 22),
    "missing_value_codes/m9999.csv": ("ECG", 250, 1.617, 22),
    "movesense_sample_column/ECG-2026_01_25-16_42_59.csv": ("Sample", 199.5, None, 37),
    "opensignals_json_header/biosignalsplux.txt": ("CH1", 1000, 0.923, 15),
    "opensignals_json_header/bitalino.txt": ("A2", 1000, 0.940, 15),
    "polar_sensor_logger/Polar_H10_ECG.txt": ("ecg", 130, 1.734, 37),
    "wfdb_gain_below_one/below1.hea": ("MLII", 360, 1.620, 25),
    "wfdb_micro_sign_unit/latin1_unit.hea": ("MLII", 360, 1.730, 43),
    "wfdb_micro_sign_unit/utf8_unit.hea": ("MLII", 360, 1.730, 43),
    "wfdb_v_is_an_ecg_lead/mimic.hea": ("II", 360, 1.620, 88),
    **{f"rate_in_the_head/{k}.txt": ("column 0", 250, None, 10) for k in "abcdefghijkl"},
}


@pytest.mark.parametrize("file", FILES)
def test_what_is_read(cases, file):
    lead, fs, span, beats = FILES[file]
    recording = read_recording(cases / file)
    assert recording.lead == lead and recording.fs == pytest.approx(fs, abs=0.5)
    assert len(detect_r_peaks(recording.signal, recording.fs)) == beats
    said = " ".join(recording.notes)
    assert ("mV taken" in said) == (span is None)
    if span is not None:
        found = np.nanmax(recording.signal) - np.nanmin(recording.signal)
        assert found == pytest.approx(span, abs=2e-3)
        assert "check the unit" not in said


def test_facts_of_the_heads(cases):
    for file, start in (
        ("polar_sensor_logger/Polar_H10_ECG.txt", "2026-07-26 21:56:26.765000"),
        ("opensignals_json_header/bitalino.txt", "2026-06-11 07:03:47.290000"),
        ("movesense_sample_column/ECG-2026_01_25-16_42_59.csv", "2026-01-25 16:42:59"),
    ):
        facts = read_recording(cases / file).facts
        assert f"{facts.date} {facts.clock}" == start


def test_second_leads(cases):
    for file, leads in (
        ("bidmc_lead_called_V/bidmc_like.csv", ["V", "AVR"]),
        ("bidmc_lead_called_V/ii_v.csv", ["V"]),
        ("wfdb_v_is_an_ecg_lead/mimic.hea", ["V"]),
        ("ecg_is_not_the_first_column/mimic_perform_like.csv", []),
    ):
        recording = read_recording(cases / file, second="auto")
        assert [other.name for other in recording.others] == leads
        assert recording.second_lead == (leads or [""])[0]


def test_a_counter_is_never_labelled(cases):
    """Two of the eight channels look like an ECG (they are leads of one heart): it asks. The packet
    counter, the clock and the channels at the rail are not offered."""
    file = cases / "openbci_v5_counter_is_labelled" / "openbci_v5.txt"
    with pytest.raises(InputError, match="EXG Channel 0.*EXG Channel 1.*--lead"):
        read_recording(file)
    recording = read_recording(file, lead="EXG Channel 0")
    assert recording.fs == 250 and len(detect_r_peaks(recording.signal, 250)) in (8, 9)
    assert "Sample Index" not in recording.leads


def test_missing_codes_are_counted_and_missing(cases):
    for name, code in (("m9999", "9999"), ("m32768", "-32768")):
        recording = read_recording(cases / "missing_value_codes" / f"{name}.csv")
        assert np.isnan(recording.signal).sum() == 600
        assert any(f"{code} stands for a missing sample" in note for note in recording.notes)


def test_a_signal_file_without_its_header(cases):
    with pytest.raises(InputError, match=r"lonely\.hea"):
        read_recording(cases / "dat_without_header" / "lonely.dat")


def test_wfdb_gains_are_not_invented(cases):
    recording = read_recording(cases / "wfdb_gain_below_one" / "below1.hea")
    assert not any("no gain" in note for note in recording.notes)
