"""docs/results.md and the README's tables, from made-up stored predictions."""

import json

import numpy as np
import pytest

from benchmarks import results
from benchmarks.results_parts import predicting, stored, tables
from ecg import artifacts
from ecg.artifacts import InputError
from ecg.evaluation import predictions, reports
from tests.made_rows import made_predictions
from tests.model_cards import SCALER, row_card


def store(folder, model, split, protocol, seed, **changes):
    """What evaluate.py writes for one model and split, but pictures."""
    found = made_predictions(120, seed)
    about = {
        "model": model,
        "parameters": 1234,
        "data": "real",
        "trained_on": "real",
        "temperature": 1.5,
        **reports.report_of(found, protocol, draws=5),
        **changes,
    }
    artifacts.save_json(folder / f"{model}_{split}_report.json", about)
    table = predictions.predictions_table(found, synthetic=False)
    predictions.save_csv(folder / f"{model}_{split}.csv", table, "%.7g")


def store_run(folder, model, peaks, known=(), **about):
    rng = np.random.default_rng(len(model))
    counts = rng.integers(0, 20, (3, 7, 7)) + np.diag([900, 90, 80, 7, 1, 0, 0])
    about = {
        "data": "real",
        "model": [model],
        "model_trained_on": ["real"],
        "known_patients": list(known),
        **about,
    }
    errors = {"missed": 1, "extra": 2, "mislabelled": 3000, "matched_accuracy": 97.0}
    document = {
        "about": about,
        "counts": dict(zip(("100", "231", "232"), counts)),
        "classes": errors,
        "calibration": {"ece": 0.02},
    }
    artifacts.save_json(folder / f"{model}_{peaks}.json", document)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder with stored predictions of every protocol and run."""
    data = tmp_path_factory.mktemp("results")
    evaluation = data / "evaluation"
    for protocol in stored.PROTOCOLS:
        for seed, model in enumerate(("other", "residual_best", "self")):
            for split in ("val", "test"):
                store(evaluation / protocol, model, split, protocol, seed)
    store(evaluation / "kaggle", "made_up", "test", "kaggle", 9, trained_on="synthetic")
    for run in stored.RUNS:
        folder = stored.run_folder(data, run)
        store_run(folder, "self", run.peaks, known=["100"])
        store_run(folder, "context_interpatient", run.peaks)
        store_run(folder, "context", run.peaks, known=["100"])
        store_run(folder, "demo", run.peaks, model_trained_on=["synthetic"])
    pictures = ("kaggle/self_test_review", "kaggle/comparison_test")
    for name in (*pictures, "records_DS2/context_interpatient_plus_detected_calibration"):
        (evaluation / f"{name}.png").write_bytes(b"picture")
    scores = {"accuracy": 0.9, "macro_f1_NSV": 0.5, "same_patient": 0.99}
    scores["f1"] = {"N": 0.9, "S": 0.5, "V": 0.4, "F": None, "Q": 0.1}
    leak = {key: {"accuracy": 0.9, "macro_f1": 0.7} for key in ("validation", "test")}
    leak["synthetic_in_validation"] = 0.7
    found = {"kaggle": scores, "interpatient": scores, "leak": leak}
    artifacts.save_json(evaluation / "dataset.json", found)
    return data


@pytest.fixture(scope="module")
def made(data, tmp_path_factory):
    """The folder above docs/, after the command has run."""
    home = tmp_path_factory.mktemp("home")
    places = "a\n<!-- table:{} -->\nold\n<!-- /table -->\nb\n"
    kept = "<!-- table:strange -->\nkept\n<!-- /table -->\n"
    (home / "README.md").write_text(places.format("kaggle") + places.format("unseen") + kept)
    (home / "README.zh-CN.md").write_text(places.format("DS2_detected"))
    (home / "docs").mkdir()
    (home / "docs" / "dataset.md").write_text(places.format("leak") + places.format("dataset"))
    results.main(["--data", str(data), "--docs", str(home / "docs")])
    return home


def test_page_has_a_section_for_all_that_is_stored(made):
    text = (made / "docs" / "results.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Results",
        "## The published split (protocol `kaggle`)",
        "## The tutorial's order (protocol `tutorial`)",
        "## Patients never seen, single beats (protocol `interpatient`)",
        "## Recordings, end to end",
        *(f"### {run.heading}" for run in stored.RUNS),
        "## Confidence",
    ]
    assert text.count("Whose errors they are:") == 2
    assert "made_up" not in text and "| demo" not in text
    assert text.count("](figures/") == len(list((made / "docs" / "figures").iterdir())) == 3


def test_lines_are_in_order(made):
    text = (made / "docs" / "results.md").read_text()
    published = text[: text.index("## The tutorial")]
    lines = [line.split(" | ") for line in published.splitlines() if line.startswith("| ")]
    assert [line[0] for line in lines[2:]] == ["| self", "| residual_best", "| other"]
    run = text[text.index("### DS2, detected") :]
    names = [line.split(" | ")[0][2:] for line in run.splitlines() if line.startswith("| ")]
    assert names[2:8] == [
        "context_interpatient",
        "context_interpatient, without 232",
        "context; its training patients",
        "context, without 232; its training patients",
        "self; its training patients",
        "self, without 232; its training patients",
    ]


def test_tables_stand_in_their_places(made):
    readme = (made / "README.md").read_text()
    assert readme.startswith("a\n<!-- table:kaggle -->\n| model | parameters |")
    assert "old" not in readme and readme.count("<!-- /table -->") == 3
    unseen = readme[readme.index("table:unseen") :]
    assert "| context_interpatient |" in unseen and "| self |" not in unseen
    assert readme.endswith("b\n<!-- table:strange -->\nkept\n<!-- /table -->\n")
    assert "| context_interpatient, without 232 |" in (made / "README.zh-CN.md").read_text()
    dataset = (made / "docs" / "dataset.md").read_text()
    assert "validation rows (70 % of them synthetic) | 90.0 % | 0.700 |" in dataset
    assert "| published split | 90.0 % | 0.500 | 0.900 | 0.500 | 0.400 | 0.000 |" in dataset


def test_figures_are_those_of_the_predictions(data, made):
    """From the CSV, not from the report beside it."""
    found = made_predictions(120, seed=2)  # of `self`
    shown = f"| self | 1,234 | {100 * found.right.mean():.2f} % |"
    assert shown in (made / "README.md").read_text()
    file = data / "evaluation" / "kaggle" / "self_test_report.json"
    before = file.read_text()
    artifacts.save_json(file, {**json.loads(before), "accuracy": 0})
    again = stored.stored_reports(data, "kaggle", "test")["self"]
    file.write_text(before)
    assert again["accuracy"] == pytest.approx(found.right.mean())


def test_predictions_of_other_weights_are_told(tmp_path):
    weight, stored_at = tmp_path / "weight", tmp_path / "evaluation" / "kaggle"
    weight.mkdir()
    (weight / "model_self.pth").write_bytes(b"new")
    about = {"weights": "model_self.pth", "weights_sha256": "of the old"}
    artifacts.save_json(stored_at / "self_test_report.json", about)
    (told,) = stored.stale_predictions(tmp_path, weight)
    assert "self_test_report.json was made by other weights than" in told and "FRESH=1" in told
    about["weights_sha256"] = artifacts.sha256(weight / "model_self.pth")
    artifacts.save_json(stored_at / "self_test_report.json", about)
    assert stored.stale_predictions(tmp_path, weight) == []


def test_cells():
    assert tables.percent(None) == tables.percent(np.nan) == "-"
    assert tables.with_interval(0.5, (0.25, 0.75)) == "50.0 (25.0 to 75.0)"
    assert tables.with_interval(0.5, None, 3, 1) == "0.500"
    assert tables.with_interval(np.nan, None) == "-"
    assert tables.markdown(["a", "b"], [[1, 2]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_nothing_is_stored(tmp_path):
    with pytest.raises(InputError, match="make results FRESH=1"):
        results.main(["--data", str(tmp_path), "--docs", str(tmp_path)])
    with pytest.raises(InputError, match="--source download"):
        results.main(["--fresh", "--data", str(tmp_path), "--mitdb", str(tmp_path / "absent")])


# ---- predicting again -------------------------------------------------------------------------


@pytest.fixture
def weight(tmp_path):
    """Weights of the user's own and shipped ones; a name that is in both is the user's."""
    for path, protocol, synthetic, architecture in (
        ("model_self.pth", "kaggle", False, "ECGCNN"),
        ("shipped/model_self.pth", "tutorial", False, "ECGCNN"),
        ("shipped/model_residual.pth", "kaggle", False, "ResidualECG"),
        ("shipped/model_deep_best.pth", "kaggle", False, "ECGCNN_Deep"),
        ("shipped/model_self_interpatient_best.pth", "interpatient", False, "ECGCNN"),
        ("shipped/model_context.pth", "all", False, "ContextNet"),
        ("model_deep.pth", "kaggle", True, "ECGCNN_Deep"),
    ):
        card = row_card(architecture)
        card["manifest"] = {"protocol": protocol, "synthetic": synthetic}
        artifacts.save_json(tmp_path / path.replace(".pth", ".json"), card)
        (tmp_path / path).write_bytes(b"")
    return tmp_path


def test_trained_models_are_found_in_both_folders(weight):
    found = predicting.trained_models(weight)
    assert {protocol: [path.stem for path in paths] for protocol, paths in found.items()} == {
        "kaggle": ["model_self", "model_deep_best", "model_residual"],
        "interpatient": ["model_self_interpatient_best"],
        "recordings": ["model_context"],
    }
    assert found["kaggle"][0].parent == weight
    assert found["kaggle"][1].parent == weight / "shipped"


def test_all_that_the_tables_need_is_predicted_again(weight, tmp_path, monkeypatch, capsys):
    rows, recordings = [], []

    def evaluate_rows(names, load, data, weight, out, strips):
        rows.append((out.name, [name.split("/")[-1] for name in names], data))

    def evaluate_records(folder, load, model, peaks, learning, weight, only):
        recordings.append((peaks, learning, only, model.split("/")[-1]))

    monkeypatch.setattr(predicting.dataset, "main", lambda argv: None)
    monkeypatch.setattr(predicting.data_preprocess, "main", lambda argv: None)
    monkeypatch.setattr(predicting, "evaluate_rows", evaluate_rows)
    monkeypatch.setattr(predicting, "evaluate_records", evaluate_records)
    monkeypatch.setattr(predicting, "save_records", lambda *_: None)
    data = tmp_path / "data"
    folders = {"mitdb": tmp_path, "svdb": tmp_path / "absent"}
    predicting.predict_again(data, weight, folders)
    kaggle = ["model_self.pth", "model_deep_best.pth", "model_residual.pth"]
    assert rows == [
        ("kaggle", kaggle, data / "results" / "kaggle"),
        ("interpatient", ["model_self_interpatient_best.pth"], data / "results" / "interpatient"),
    ]
    models = ["model_context.pth", "model_self_interpatient_best.pth", kaggle[0], kaggle[2]]
    assert recordings == [
        (peaks, learning, ["DS2"], model)
        for peaks, learning in (("annotated", 0.0), ("detected", 300.0))
        for model in models
    ]
    assert "absent is missing: MIT-BIH Supraventricular" in capsys.readouterr().err


def test_rows_at_hand_are_taken(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(predicting.data_preprocess, "main", made.append)
    own = artifacts.processed(tmp_path) / "manifest.json"
    about = {"protocol": "kaggle", "synthetic": False, "n_real": 1, "classes": list("NSVFQ")}
    artifacts.save_json(own, {**about, "scaler": SCALER})
    assert predicting.rows_folder(tmp_path, "kaggle", "mitdb") == tmp_path and not made
    other = predicting.rows_folder(tmp_path, "tutorial", "mitdb")
    assert other == tmp_path / "results" / "tutorial" and made[0][-1] == str(other)
