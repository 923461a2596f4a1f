"""The tables and pictures of the pages, from made-up stored predictions."""

import json
import re

import numpy as np
import pytest

from benchmarks import results
from benchmarks.results_parts import chinese, page, predicting, stored, tables
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
        "trained_on": {model: list(known)},
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
        (evaluation / f"{name}.png").write_bytes(b"\x89PNG picture")
    scores = {"accuracy": 0.9, "macro_f1_NSV": 0.5, "same_patient": 0.99}
    scores["f1"] = {"N": 0.9, "S": 0.5, "V": 0.4, "F": None, "Q": 0.1}
    leak = {key: {"accuracy": 0.9, "macro_f1": 0.7} for key in ("validation", "test")}
    leak["synthetic_in_validation"] = 0.7
    found = {"kaggle": scores, "interpatient": scores, "leak": leak}
    artifacts.save_json(evaluation / "dataset.json", found)
    return data


@pytest.fixture(scope="module")
def made_tables(data):
    return page.make_tables(data)


@pytest.fixture(scope="module")
def made(data, tmp_path_factory):
    """The folder above docs/, after the command has run."""
    home = tmp_path_factory.mktemp("home")
    place = "a\n<!-- table:{} -->\nold\n<!-- /table -->\nb\n".format
    kept = "<!-- table:strange -->\nkept\n<!-- /table -->\n"
    (home / "README.md").write_text(place("unseen") + kept)
    (home / "docs" / "figures").mkdir(parents=True)
    names = ["kaggle", "tutorial", "interpatient", "calibration", "DS2_annotated", "DS2_detected"]
    names += ["svdb_detected", "DS2_errors", "svdb_errors"]
    for name in ("results.md", "results.zh-CN.md"):
        (home / "docs" / name).write_text("".join(map(place, names)))
    (home / "docs" / "dataset.md").write_text(place("leak") + place("dataset"))
    # left by an earlier run, without a mark of ours
    (home / "docs" / "figures" / "review.png").write_bytes(b"\x89PNG of before")
    results.main(["--data", str(data), "--docs", str(home / "docs")])
    return home


def table_of(page, name):
    """The lines of a table of a page, below its head: [[cell, ...], ...]."""
    text = page.read_text().partition(f"<!-- table:{name} -->\n")[2].partition("<!-- /table -->")[0]
    return [line.strip("| ").split(" | ") for line in text.splitlines()[2:]]


def test_every_table_stands_in_its_place(made):
    text = (made / "docs" / "results.md").read_text()
    assert "old" not in text and text.count("\nb\n") == 9
    assert "made_up" not in text and "| demo" not in text
    assert table_of(made / "docs" / "results.md", "svdb_errors")[0][:4] == [
        "context_interpatient", "1", "2", "3,000",
    ]  # fmt: skip
    readme = (made / "README.md").read_text()
    assert readme.startswith("a\n<!-- table:unseen -->\n| model | annotated peaks: accuracy |")
    assert [line[0] for line in table_of(made / "README.md", "unseen")] == ["context_interpatient"]
    dataset = (made / "docs" / "dataset.md").read_text()
    assert "validation rows (70 % of them synthetic) | 90.0 % | 0.700 |" in dataset
    assert "| published split | 90.0 % | 0.500 | 0.900 | 0.500 | 0.400 | 0.000 |" in dataset


def test_what_is_written_by_hand_stays(made, made_tables, capsys):
    """So does a table for which nothing is stored, and that is said."""
    assert (
        (made / "README.md")
        .read_text()
        .endswith("b\n<!-- table:strange -->\nkept\n<!-- /table -->\n")
    )
    page.fill_tables(made / "README.md", made_tables)
    assert "README.md: table strange stays" in capsys.readouterr().err


def test_pictures_are_copied(made):
    pictures = {path.stem: path.read_bytes() for path in (made / "docs" / "figures").iterdir()}
    assert pictures == dict.fromkeys(
        ("review", "kaggle_comparison", "calibration_DS2"), b"\x89PNG picture"
    )


def test_lines_are_in_order(made):
    results_page = made / "docs" / "results.md"
    names = [line[0] for line in table_of(results_page, "kaggle")]
    assert names == ["self", "residual_best", "other"]
    assert [line[0] for line in table_of(results_page, "DS2_detected")] == [
        "context_interpatient",
        "context_interpatient, without 232",
        "context; its training patients",
        "context, without 232; its training patients",
        "self; its training patients",
        "self, without 232; its training patients",
    ]


def test_chinese_pages_hold_the_same_figures(made):
    english, other = (made / "docs" / f"results{suffix}" for suffix in (".md", ".zh-CN.md"))
    assert "context，不含 232；其训练患者" in other.read_text()
    for name in ("kaggle", "DS2_detected", "svdb_errors"):
        figures = [
            [[re.findall(r"\d[\d.,]*", cell) for cell in line] for line in table_of(file, name)]
            for file in (english, other)
        ]
        assert figures[0] == figures[1] and figures[0]


def test_every_word_of_a_table_is_translated(made_tables):
    """But names of models, protocols and measures."""
    known = {"tutorial", "kaggle", *"NSVFQR", "DS", "QRS", "Se", "P", "F", "ECE", "SMOTE"}
    known |= {"ECGCNN", "self", "residual_best", "other", "context", "context_interpatient"}
    for table in made_tables.values():
        words = set(re.findall(r"[A-Za-z_]+", chinese.in_chinese(table)))
        assert words <= known, words - known


def test_figures_are_those_of_the_predictions(data, made):
    """From the CSV, not from the report beside it."""
    found = made_predictions(120, seed=2)  # of `self`
    shown = f"| self | 1,234 | {100 * found.right.mean():.2f} ("
    assert shown in (made / "docs" / "results.md").read_text()
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
    of_run = stored.run_folder(tmp_path, stored.RUNS[0]) / "self_detected.json"
    made_by = {"model_self.pth": "of the old", "model_gone.pth": "of any"}
    artifacts.save_json(of_run, {"about": {"weights_sha256": made_by}})
    (told,) = stored.stale_predictions(tmp_path, weight)
    assert "self_detected.json was made by other weights than" in told


def test_cells():
    assert tables.percent(None) == tables.percent(np.nan) == "-"
    assert tables.with_interval(0.5, (0.25, 0.75)) == "50.0 (25.0 to 75.0)"
    assert tables.with_interval(0.5, None, 3, 1) == "0.500"
    assert tables.with_interval(0.5, (0.25, 0.75), finer=1) == "50.00 (25.0 to 75.0)"
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
