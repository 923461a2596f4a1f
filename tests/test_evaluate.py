"""The stage on rows and on recordings, with a small made-up data set and untrained weights."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sklearn_metrics

import evaluate
import inference
from benchmarks import results
from ecg import artifacts, beats, prediction, weights
from ecg.artifacts import InputError
from ecg.synthetic import demo_records
from tests.made_rows import write_rows, write_weights


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A data folder with 120 validation and 200 test rows of six records, and the weights `self`
    and `self_other`."""
    root = tmp_path_factory.mktemp("prepared")
    write_weights(root / "weight", write_rows(root / "data"), ("self", "self_other"))
    return root


@pytest.fixture(scope="module")
def folders(prepared):
    return ["--data", str(prepared / "data"), "--weight", str(prepared / "weight")]


# ---- rows -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def evaluated(prepared, folders):
    weights = ["--model", "self", "self_other"]
    evaluate.main([*weights, "--with-signal", *folders, "--draws", "50"])
    return prepared / "data" / "evaluation" / "kaggle"


def test_predictions_are_what_users_get(prepared, evaluated):
    """The CSV holds what inference.predict_heartbeat gives for the same rows, and says where each
    beat is from."""
    table = pd.read_csv(evaluated / "self_test.csv", dtype={"record": str})
    p = [f"p_{c}" for c in beats.CLASSES]
    assert list(table)[:11] == ["row", "record", "sample", "true", "predicted", *p, "data"]
    rows = table[[f"s_{k}" for k in range(187)]].to_numpy(np.float32)
    model = inference.load_model(prepared / "weight" / "model_self.pth")
    ids, _, probabilities = prediction.predict_heartbeat(model, np.clip(rows, 0, 1))
    assert np.abs(table[p].to_numpy() - probabilities).max() < 1e-4
    assert (table["predicted"] == np.array(beats.CLASSES)[ids]).mean() > 0.99
    assert table["record"].tolist()[:7] == ["r0", "r1", "r2", "r3", "r4", "r5", "r0"]
    assert table["sample"][2] == 800 and set(table["data"]) == {"synthetic"}
    y = np.load(artifacts.processed(prepared / "data") / "y_test.npy")
    assert table["true"].tolist() == [beats.CLASSES[k] for k in y]


def test_report_is_computed_from_the_predictions(evaluated):
    table = pd.read_csv(evaluated / "self_test.csv")
    found = json.loads((evaluated / "self_test_report.json").read_text())
    f1 = sklearn_metrics.f1_score(table["true"], table["predicted"], average="macro")
    assert found["accuracy"] == pytest.approx((table["true"] == table["predicted"]).mean())
    assert found["macro_f1"] == pytest.approx(f1) and found["macro_f1_over"] == beats.CLASSES
    assert found["data"] == "synthetic" and found["n"] == 200
    assert sum(map(sum, found["confusion"])) == 200 and "6 records" in found["intervals"]["method"]
    low, high = found["intervals"]["accuracy"]
    assert low <= found["accuracy"] <= high
    text = (evaluated / "self_test_report.txt").read_text()
    assert "SYNTHETIC" in text and "same patients" in text


def test_everything_is_there(evaluated):
    names = {path.name for path in evaluated.iterdir()}
    ends = (".csv", "_report.txt", "_report.json", "_confusion.png", "_calibration.png")
    assert {
        f"{model}_{split}{end}"
        for model in ("self", "self_other")
        for split in ("val", "test")
        for end in ends
    } <= names
    assert {
        "self_training.png",
        "self_test_review.csv",
        "self_test_review.png",
        "rejection_test.png",
        "comparison_test.txt",
        "comparison_test.json",
        "comparison_test.png",
    } <= names
    assert not [name for name in names if "tmp" in name]
    assert (evaluated / "self_test_confusion.png").read_bytes()[:4] == b"\x89PNG"


def test_temperature_is_kept_in_the_card_and_labels_stay(prepared, evaluated):
    card = weights.load_card(prepared / "weight" / "model_self.pth")
    found = json.loads((evaluated / "self_val_report.json").read_text())
    assert card["temperature"] == found["temperature"] != 1
    c = found["calibration"]
    assert c["nll"] < c["nll_before_temperature"]


def test_shipped_weights_are_told_and_left_alone(prepared, tmp_path, run):
    """Weights that come with the repository: which file was taken is said, and none is written."""
    shipped = tmp_path / "weight" / "shipped"
    write_weights(shipped, artifacts.load_manifest(prepared / "data"))
    before = {path.name: path.read_bytes() for path in shipped.iterdir()}
    where = ["--data", prepared / "data", "--weight", tmp_path / "weight", "--draws", 5]
    done = run("evaluate.py", *where, "--out", tmp_path / "out", "--splits", "val", cwd=tmp_path)
    assert done.stderr.splitlines()[-1] == "self: weight/shipped/model_self.pth"
    assert "shipped weights keep the temperature of their card" in done.stdout
    assert {path.name: path.read_bytes() for path in shipped.iterdir()} == before
    assert json.loads((tmp_path / "out" / "self_val_report.json").read_text())["temperature"] != 1


def test_comparison_pairs_the_models(evaluated):
    lines = json.loads((evaluated / "comparison_test.json").read_text())["models"]
    assert [line["model"] for line in lines] == ["self", "self_other"]
    difference = lines[1]["macro_f1"] - lines[0]["macro_f1"]
    assert lines[0]["difference"] is None
    assert lines[1]["difference"] == pytest.approx(difference)
    assert lines[1]["difference_interval"][0] <= lines[1]["difference_interval"][1]


def test_review_list(evaluated):
    review = pd.read_csv(evaluated / "self_test_review.csv")
    assert review["worth"].is_monotonic_decreasing
    assert len(review) == 200 and review["row"].is_unique
    assert review["why"].str.contains("model 2 says").any()
    assert review["time_s"][0] == pytest.approx(review["sample"][0] / 360, abs=1e-3)


def test_refusals(prepared, folders, refused, tmp_path):
    def message(*args):
        with pytest.raises(InputError) as caught:
            evaluate.main([*args, *folders])
        return str(caught.value)

    weight = prepared / "weight"
    assert "data_preprocess.py" in refused("evaluate.py", "--data", tmp_path)
    assert "train.py --model deep" in message("--model", "deep")
    assert "--records" in message("--model", "context")
    twice = message("--model", "self", str(weight / "model_self.pth"))
    assert "both be called self" in twice
    assert "--json is only for --records" in message("--json", "x.json")
    for option in (["--splits", "val"], ["--input", "minmax"]):
        assert "without --records" in message("--records", str(tmp_path), *option)
    assert "without a card" in message("--classes", "NSVFQ")
    assert "--draws 0: give" in message("--draws", "0")
    card = weights.load_card(weight / "model_self.pth")
    other = {**card["manifest"], "protocol": "interpatient"}
    artifacts.save_json(weight / "model_strange.json", {**card, "manifest": other})
    shutil.copy(weight / "model_self.pth", weight / "model_strange.pth")
    assert "trained under protocol interpatient" in message("--model", "strange")
    (weight / "model_strange.pth").write_bytes(b"PK truncated")
    assert "no weights file" in message("--model", "strange")


def test_page_of_results_is_a_command_of_its_own(refused):
    words = "evaluate.py: --results is a command of its own now: python benchmarks/results.py"
    assert refused("evaluate.py", "--results") == words
    assert refused("evaluate.py", "--results", "--fresh", "--mitdb", "x") == words


# ---- recordings -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    demo_records(folder, patients=3, duration=90)
    return folder


@pytest.fixture(scope="module")
def scored_records(demo, prepared, folders):
    """The JSON files of --json, by whose R peaks were labelled."""
    model = ["--model", str(prepared / "weight" / "model_self.pth")]
    options = ["--records", str(demo), *model, *folders, "--paced", "in"]
    options += ["--learning", "10", "--draws", "50"]
    found = {}
    for peaks in ("detected", "annotated"):
        file = prepared / f"{peaks}.json"
        evaluate.main([*options, "--peaks", peaks, "--json", str(file)])
        found[peaks] = json.loads(file.read_text())
    return found


def test_shape_of_the_json(scored_records):
    shape = {"QRS": {"Se", "+P"}, "VEB": {"Se", "+P", "FPR"}, "SVEB": {"Se", "+P", "FPR"}}
    for document in scored_records.values():
        assert document["class_map"] == "aami" and document["bxb"]["class_map"] == "bxb"
        for part in (document, document["bxb"]):
            assert set(part["records"]) == {"demo00", "demo01", "demo02"}
            for group in (part["gross"], part["average"], *part["records"].values()):
                assert {event: set(group[event]) for event in group} == shape
                values = [value for event in group.values() for value in event.values()]
                assert all(value is None or 0 <= value <= 100 for value in values)


def test_given_positions_leave_no_error_to_the_detector(scored_records):
    given, found = scored_records["annotated"], scored_records["detected"]
    assert given["gross"]["QRS"] == {"Se": 100, "+P": 100}
    classes = given["classes"]
    assert classes["missed"] == classes["extra"] == 0 < classes["mislabelled"]
    assert found["gross"]["QRS"]["Se"] > 98
    assert found["about"]["data"] == "synthetic" and found["about"]["peaks"] == "detected"


def test_files_of_records(prepared, scored_records, demo):
    stem = prepared / "data" / "evaluation" / f"records_{demo.name}" / "self_detected"
    names = ["demo00", "demo01", "demo02"]
    table = pd.read_csv(f"{stem}_beats.csv", dtype=str)
    assert sorted(set(table["record"])) == names
    lines = (stem.parent / "self_detected_line.txt").read_text().splitlines()
    assert lines[0].startswith("Record Nn'")
    assert [line.split()[0] for line in lines[1:4]] == names
    review = pd.read_csv(f"{stem}_review.csv")
    assert review["worth"].is_monotonic_decreasing and set(review["record"]) <= set(names)
    standard = (stem.parent / "self_detected_standard.txt").read_text()
    assert "Beat-by-beat comparison results for record demo01" in standard


def test_records_that_cannot_be_scored(demo, prepared, folders):
    model = ["--model", str(prepared / "weight" / "model_self.pth")]
    for extra, words in (
        (["--learning", "300"], "shorter --learning"),
        (["--learning", "-1"], "--learning -1: give"),
        (["--only", "demo02"], "--paced in"),
        (["--only", "DS2"], "no annotated record 100"),
        (["--exclude", "nobody"], "no such record"),
        (["--reference", "xyz"], r"\*.xyz"),
    ):
        with pytest.raises(InputError, match=words):
            evaluate.main(["--records", str(demo), *model, *folders, *extra])


# ---- what the page of results reads -----------------------------------------------------------


def test_page_of_results_is_made_of_these_files(evaluated, scored_records, tmp_path):
    options = ["--data", str(tmp_path), "--docs", str(tmp_path / "docs")]
    stored = tmp_path / "evaluation"
    shutil.copytree(evaluated, stored / "kaggle")
    with pytest.raises(InputError, match="really trained"):  # synthetic ones are not shown
        results.main(options)
    real = {"data": "real", "trained_on": "real", "accuracy": 0}
    for file in (stored / "kaggle").glob("*_report.json"):
        artifacts.save_json(file, {**json.loads(file.read_text()), **real})
    document = scored_records["annotated"]
    about = {**document["about"], "data": "real", "model_trained_on": ["real"]}
    file = stored / "records_DS2" / "self_annotated.json"
    artifacts.save_json(file, {**document, "about": about})
    marks = "<!-- table:{} -->\n<!-- /table -->\n".format
    page = tmp_path / "docs" / "results.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(marks("kaggle") + marks("DS2_annotated") + marks("DS2_detected"))
    results.main(options)
    text = page.read_text()
    table = pd.read_csv(evaluated / "self_test.csv")
    accuracy = 100 * (table["true"] == table["predicted"]).mean()
    assert f"| self | 376,133 | {accuracy:.2f} (" in text  # from the CSV, not the report
    assert text.endswith(marks("DS2_detected")) and marks("DS2_annotated") not in text
    assert len(list((tmp_path / "docs" / "figures").iterdir())) > 3
