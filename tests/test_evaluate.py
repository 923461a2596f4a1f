"""Scores against scikit-learn and by hand; the stage on rows and on recordings, with a small made-up data set and untrained weights."""
import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

import evaluate
import inference
from ecg import artifacts, beats, ec57, scores
from ecg.artifacts import InputError

RNG = np.random.default_rng(0)


# ------------------------------------------------------------------------------------------------ scores

def labels(n=400, classes=5, seed=1):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, n)
    return true, np.where(rng.random(n) < 0.7, true, rng.integers(0, 5, n))


def test_figures_equal_scikit_learn():
    true, predicted = labels()
    matrix = scores.confusion(true, predicted)
    assert (matrix == metrics.confusion_matrix(true, predicted)).all()
    p, r, f, _ = metrics.precision_recall_fscore_support(true, predicted)
    assert np.allclose([scores.precision(matrix), scores.recall(matrix), scores.f1(matrix)], [p, r, f])
    assert scores.accuracy(matrix) == pytest.approx(metrics.accuracy_score(true, predicted))
    assert scores.macro_f1(matrix, ["N", "S", "V"]) == pytest.approx(f[:3].mean())


def test_absent_class_is_undefined_and_counts_nothing_in_the_mean():
    matrix = scores.confusion([0, 0, 1], [0, 0, 1])
    assert np.isnan(scores.f1(matrix)[2:]).all() and np.isnan(scores.recall(matrix)[4])
    assert scores.macro_f1(matrix, list("NSVFQ")) == pytest.approx(2 / 5)


def test_figures_take_stacks():
    true, predicted = labels()
    groups = np.repeat(["a", "b", "c", "d"], 100)
    names, stack = scores.confusion_by(groups, true, predicted)
    assert names.tolist() == ["a", "b", "c", "d"] and (stack.sum(axis=0) == scores.confusion(true, predicted)).all()
    assert np.allclose(scores.f1(stack)[2], scores.f1(scores.confusion(true[200:300], predicted[200:300])), equal_nan=True)


def test_intervals_are_over_records():
    """Two thousand beats of twenty people who are each all right or all wrong: the interval is that of twenty coins."""
    wrong = np.arange(20) < 5
    stack = np.array([np.diag([0, 100, 0, 0, 0])[::-1] if w else np.diag([100, 0, 0, 0, 0]) for w in wrong])
    low, high = scores.interval(scores.accuracy(scores.resampled(stack, 4000)))
    assert 0.5 < low < 0.6 and 0.9 <= high <= 0.96
    same = np.repeat(stack[-1:], 20, axis=0)
    assert scores.interval(scores.accuracy(scores.resampled(same))) == [1, 1]


def test_interval_is_none_where_hardly_any_sample_defines_the_figure():
    assert scores.interval([np.nan, np.nan, 0.5]) is None


def test_reliability_by_hand():
    ece, bins = scores.reliability([0.95, 0.95, 0.55, 0.2], [True, False, True, True], bins=10)
    assert ece == pytest.approx((2 * abs(0.95 - 0.5) + abs(0.55 - 1) + abs(0.2 - 1)) / 4)
    assert bins["count"].tolist() == [0, 1, 0, 0, 0, 1, 0, 0, 0, 2]       # 0.2 lies in (0.1, 0.2]
    assert scores.reliability([1.0], [True])[0] == 0


def test_temperature_is_found_again():
    rng = np.random.default_rng(3)
    z = rng.normal(size=(20000, 5)) * 3
    p = inference.softmax(z / 2.5)
    true = (p.cumsum(axis=1) > rng.random((len(p), 1))).argmax(axis=1)
    assert scores.fit_temperature(z, true) == pytest.approx(2.5, rel=0.05)
    before = scores.reliability(inference.softmax(z).max(1), z.argmax(1) == true)[0]
    after = scores.reliability(p.max(1), z.argmax(1) == true)[0]
    assert before > 0.1 and after < 0.02
    assert scores.fit_temperature(z[:0], true[:0]) == 1 and scores.fit_temperature(np.eye(5) * 9, np.arange(5)) == 1


def test_rejection_by_hand():
    share, accuracy, caught = scores.rejection([0.9, 0.2, 0.8, 0.3], [True, False, True, True])
    assert share.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert accuracy[:4].tolist() == [0.75, 1, 1, 1] and np.isnan(accuracy[4])
    assert caught.tolist() == [0, 1, 1, 1, 1]


def test_proper_scores():
    p = np.array([[0.7, 0.3, 0, 0, 0], [0.5, 0.5, 0, 0, 0]])
    nll, brier = scores.proper_scores(p, [0, 1])
    assert nll == pytest.approx(-np.log([0.7, 0.5]).mean()) and brier == pytest.approx((2 * 0.09 + 2 * 0.25) / 2)


def test_a_look_is_worth_more_at_rare_unsure_and_disputed_beats():
    p = np.tile([0.97, 0.01, 0.01, 0.005, 0.005], (100, 1))
    p[3] = [0.55, 0, 0, 0.45, 0]                              # may be the rare F
    p[4] = [0.55, 0, 0.45, 0, 0]                              # may be the commoner V
    p[10:20] = [0.01, 0, 0.99, 0, 0]
    predicted = p.argmax(axis=1)
    worth = scores.worth_a_look(p, predicted)
    assert worth[3] > worth[4] > worth[0] and worth[3] == worth.max()
    other = p.copy()
    other[7] = [0.02, 0.96, 0.02, 0, 0]                       # another model says S, and surely
    together = scores.worth_a_look(np.stack([p, other]), predicted)
    assert together[7] > 5 * worth[7] and together[0] == pytest.approx(worth[0])


def test_classes_of_the_mean():
    assert scores.scored_classes("kaggle", [9, 9, 9, 0, 0]) == list("NSVFQ")
    assert scores.scored_classes("interpatient", [9] * 5) == list("NSV")
    assert scores.scored_classes("patients", [500, 20, 19, 0, 300]) == list("NSQ")


# ------------------------------------------------------------------------------------------------ rows

@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A data folder with 120 validation and 200 test rows of six records, and the weights `self` and `deep`-like twins."""
    import torch
    from model_self import ECGCNN
    from train import Recipe, model_card
    root = tmp_path_factory.mktemp("prepared")
    folder = artifacts.processed(root / "data")
    folder.mkdir(parents=True)
    mean, scale = RNG.random(187), 0.1 + RNG.random(187)
    manifest = {"source": "records", "synthetic": True, "protocol": "kaggle", "seed": 1, "n_real": 0, "classes": beats.CLASS_NAMES,
                "counts": {}, "scaler": {"mean": mean, "scale": scale}, "rows": {}, "outputs_sha256": {}}
    for split, n in (("val", 120), ("test", 200)):
        rows = RNG.random((n, 187)).astype(np.float32)
        y = RNG.integers(0, 5, n)
        artifacts.save_npy(folder / f"X_{split}.npy", beats.standardise(rows, mean, scale)[:, :, None])
        artifacts.save_npy(folder / f"y_{split}.npy", y)
        manifest["rows"][split] = {"record": [f"r{k % 6}" for k in range(n)], "sample": [400 * k for k in range(n)]}
        manifest["outputs_sha256"][f"y_{split}.npy"] = artifacts.sha256(folder / f"y_{split}.npy")
    manifest = artifacts.plain(manifest)
    artifacts.save_json(folder / "manifest.json", manifest)
    for seed, name in enumerate(("self", "self_other")):
        torch.manual_seed(seed)
        net = ECGCNN()
        artifacts.save_weights(root / "weight" / f"model_{name}.pth", net.state_dict(),
                               {**model_card("self", net, {}, manifest, Recipe(), 0), "history": {"train_loss": [2, 1], "val_acc": [0.2, 0.3]}})
    return root


@pytest.fixture(scope="module")
def evaluated(prepared):
    options = ["--data", str(prepared / "data"), "--weight", str(prepared / "weight"), "--draws", "50"]
    evaluate.main(["--weights", "self", "self_other", "--with-signal", *options])
    return prepared / "data" / "evaluation" / "kaggle"


def test_predictions_are_what_users_get(prepared, evaluated):
    """The CSV holds what inference.predict_heartbeat gives for the same rows, and says where each beat is from."""
    table = pd.read_csv(evaluated / "self_test.csv", dtype={"record": str})
    assert list(table)[:11] == ["row", "record", "sample", "true", "predicted", "p_N", "p_S", "p_V", "p_F", "p_Q", "data"]
    rows = table[[f"s_{k}" for k in range(187)]].to_numpy(np.float32)
    model = inference.load_model(prepared / "weight" / "model_self.pth")
    ids, _, probabilities = inference.predict_heartbeat(model, np.clip(rows, 0, 1))
    assert np.abs(table[[f"p_{c}" for c in beats.CLASS_NAMES]].to_numpy() - probabilities).max() < 1e-4
    assert (table["predicted"] == np.array(beats.CLASS_NAMES)[ids]).mean() > 0.99
    assert table["record"].tolist()[:7] == ["r0", "r1", "r2", "r3", "r4", "r5", "r0"] and table["sample"][2] == 800
    assert set(table["data"]) == {"synthetic"}
    y = np.load(artifacts.processed(prepared / "data") / "y_test.npy")
    assert table["true"].tolist() == [beats.CLASS_NAMES[k] for k in y]


def test_report_is_computed_from_the_predictions(evaluated):
    table = pd.read_csv(evaluated / "self_test.csv")
    found = json.loads((evaluated / "self_test_report.json").read_text())
    assert found["accuracy"] == pytest.approx((table["true"] == table["predicted"]).mean())
    assert found["macro_f1"] == pytest.approx(metrics.f1_score(table["true"], table["predicted"], average="macro"))
    assert found["data"] == "synthetic" and found["macro_f1_over"] == beats.CLASS_NAMES and found["n"] == 200
    assert sum(map(sum, found["confusion"])) == 200 and "6 records" in found["intervals"]["method"]
    low, high = found["intervals"]["accuracy"]
    assert low <= found["accuracy"] <= high
    text = (evaluated / "self_test_report.txt").read_text()
    assert "SYNTHETIC" in text and "same patients" in text


def test_everything_is_there(evaluated):
    names = {path.name for path in evaluated.iterdir()}
    assert {f"{m}_{s}{e}" for m in ("self", "self_other") for s in ("val", "test")
            for e in (".csv", "_report.txt", "_report.json", "_confusion.png", "_calibration.png")} <= names
    assert {"self_training.png", "self_test_review.csv", "self_test_review.png", "rejection_test.png", "comparison_test.txt",
            "comparison_test.json", "comparison_test.png"} <= names
    assert not [name for name in names if "tmp" in name]
    assert (evaluated / "self_test_confusion.png").read_bytes()[:4] == b"\x89PNG"


def test_temperature_is_kept_in_the_card_and_labels_stay(prepared, evaluated):
    card = artifacts.load_card(prepared / "weight" / "model_self.pth")
    found = json.loads((evaluated / "self_val_report.json").read_text())
    assert card["temperature"] == found["temperature"] != 1
    c = found["calibration"]
    assert c["nll"] < c["nll_before_temperature"]


def test_comparison_pairs_the_models(evaluated):
    lines = json.loads((evaluated / "comparison_test.json").read_text())["models"]
    assert [line["model"] for line in lines] == ["self", "self_other"]
    assert lines[0]["difference"] is None and lines[1]["difference"] == pytest.approx(lines[1]["macro_f1"] - lines[0]["macro_f1"])
    assert lines[1]["difference_interval"][0] <= lines[1]["difference_interval"][1]


def test_review_list(evaluated):
    review = pd.read_csv(evaluated / "self_test_review.csv")
    assert review["worth"].is_monotonic_decreasing and len(review) == 200 and review["row"].is_unique
    assert review["why"].str.contains("model 2 says").any()
    assert review["time_s"][0] == pytest.approx(review["sample"][0] / 360, abs=1e-3)


def test_rows_without_patients_have_no_intervals(prepared):
    manifest = {**artifacts.load_manifest(prepared / "data"), "rows": {}}
    model = inference.load_model(prepared / "weight" / "model_self.pth")
    found = evaluate.report_of(evaluate.score_split(model, prepared / "data", "test", manifest), "kaggle", draws=10)
    assert "intervals" not in found
    assert "not known which record" in evaluate.report_text(found, "x", "kaggle")


def test_record_232_is_told_apart_on_patients_never_seen(prepared):
    manifest = artifacts.load_manifest(prepared / "data")
    model = inference.load_model(prepared / "weight" / "model_self.pth")
    scored = evaluate.score_split(model, prepared / "data", "test", manifest)
    scored = scored._replace(record=np.where(np.arange(200) % 2 == 0, "232", scored.record))
    found = evaluate.report_of(scored, "interpatient", draws=10)
    assert found["macro_f1_over"] == ["N", "S", "V"] and "macro_f1_NSVF" in found
    assert found["without_232"]["n"] == 100 and "without_232" not in found["without_232"]
    assert "without record 232" in evaluate.report_text(found, "x", "interpatient")


def test_other_scaling_is_undone(prepared):
    """Weights whose card has another scaler than the rows at hand get the rows in their own scaling."""
    model = inference.load_model(prepared / "weight" / "model_self.pth")
    manifest = artifacts.load_manifest(prepared / "data")
    x = np.asarray(artifacts.load_split(prepared / "data", "test")[0])
    rows = evaluate.rows_of(x, manifest)
    mean, scale = np.full(187, 0.4), np.full(187, 0.2)
    expected = evaluate.logits_of(model, x, manifest)
    other = evaluate.logits_of(model, beats.standardise(rows, mean, scale), {"scaler": {"mean": mean.tolist(), "scale": scale.tolist()}})
    assert np.abs(other - expected).max() < 1e-4


def test_refusals(prepared, refused, tmp_path):
    def message(*args):
        with pytest.raises(InputError) as caught:
            evaluate.main([*args, "--data", str(prepared / "data"), "--weight", str(prepared / "weight")])
        return str(caught.value)

    assert "data_preprocess.py" in refused("evaluate.py", "--data", tmp_path)
    assert "train.py --model deep" in message("--weights", "deep")
    assert "--records" in message("--weights", "context")
    assert "both be called self" in message("--weights", "self", str(prepared / "weight" / "model_self.pth"))
    assert "only with --records" in message("--json", "x.json")
    card = artifacts.load_card(prepared / "weight" / "model_self.pth")
    artifacts.save_json(prepared / "weight" / "model_strange.json", {**card, "manifest": {**card["manifest"], "protocol": "interpatient"}})
    (prepared / "weight" / "model_strange.pth").write_bytes((prepared / "weight" / "model_self.pth").read_bytes())
    assert "trained under protocol interpatient" in message("--weights", "strange")
    (prepared / "weight" / "model_strange.pth").write_bytes(b"PK truncated")
    assert "no weights file" in message("--weights", "strange")


# ------------------------------------------------------------------------------------------------ recordings

@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    from Noisy_ECG_Signal import demo_records
    folder = tmp_path_factory.mktemp("demo")
    demo_records(folder, patients=3, duration=90)
    return folder


@pytest.fixture(scope="module")
def scored_records(demo, prepared):
    options = [str(demo), "--model", str(prepared / "weight" / "model_self.pth"), "--learning", "10", "--draws", "50",
               "--data", str(prepared / "data"), "--weight", str(prepared / "weight"), "--paced", "in"]
    evaluate.main(["--records", *options, "--json", str(prepared / "detected.json")])
    evaluate.main(["--records", *options, "--peaks", "annotated", "--json", str(prepared / "annotated.json")])
    return {peaks: json.loads((prepared / f"{peaks}.json").read_text()) for peaks in ("detected", "annotated")}


def test_shape_of_the_json(scored_records):
    shape = {"QRS": {"Se", "+P"}, "VEB": {"Se", "+P", "FPR"}, "SVEB": {"Se", "+P", "FPR"}}
    for document in scored_records.values():
        assert document["class_map"] == "aami" and document["bxb"]["class_map"] == "bxb"
        for part in (document, document["bxb"]):
            assert set(part["records"]) == {"demo00", "demo01", "demo02"}
            for group in (part["gross"], part["average"], *part["records"].values()):
                assert {event: set(group[event]) for event in group} == shape
                assert all(value is None or 0 <= value <= 100 for event in group.values() for value in event.values())


def test_given_positions_leave_no_error_to_the_detector(scored_records):
    given, found = scored_records["annotated"], scored_records["detected"]
    assert given["gross"]["QRS"] == {"Se": 100, "+P": 100}
    assert given["classes"]["missed"] == given["classes"]["extra"] == 0 < given["classes"]["mislabelled"]
    assert found["gross"]["QRS"]["Se"] > 98
    assert found["about"]["data"] == "synthetic" and found["about"]["peaks"] == "detected"


def test_five_classes_add_up(demo, prepared):
    document, results, table = evaluate.evaluate_records(demo, str(prepared / "weight" / "model_self.pth"), learning=0, paced="in",
                                                         weight=prepared / "weight", draws=10)
    total = ec57.pooled(results["aami"])
    c = document["classes"]
    assert sum(c[name]["beats"] for name in beats.CLASS_NAMES) == total[:5].sum()
    assert c["accuracy"] == pytest.approx(100 * np.diag(total)[:5].sum() / total[:5].sum())
    assert (table["reference"] == "O").sum() == c["extra"]
    matched = table[table["reference"].isin(beats.CLASS_NAMES)]
    assert len(matched) == total[:5, :5].sum()
    unlabelled = (matched["label"] == inference.UNLABELLED).sum()
    assert unlabelled <= 3                                      # the last beat of a record may have no label
    text = evaluate.records_text(document)
    assert "SYNTHETIC" in text and "bxb" in text


def test_files_of_records(prepared, scored_records, demo):
    stem = prepared / "data" / "evaluation" / f"records_{demo.name}" / "self_detected"
    table = pd.read_csv(f"{stem}_beats.csv", dtype=str)
    assert set(table["record"]) == {"demo00", "demo01", "demo02"}
    lines = (stem.parent / "self_detected_line.txt").read_text().splitlines()
    assert lines[0].startswith("Record Nn'") and [line.split()[0] for line in lines[1:4]] == ["demo00", "demo01", "demo02"]
    review = pd.read_csv(f"{stem}_review.csv")
    assert review["worth"].is_monotonic_decreasing and set(review["record"]) <= set(table["record"])
    assert "Beat-by-beat comparison results for record demo01" in (stem.parent / "self_detected_standard.txt").read_text()


def test_paced_records_and_short_ones(demo, prepared):
    options = ["--records", str(demo), "--model", str(prepared / "weight" / "model_self.pth"), "--data", str(prepared / "data")]
    document, _, _ = evaluate.evaluate_records(demo, str(prepared / "weight" / "model_self.pth"), learning=10, draws=5)
    assert document["about"]["left_out"] == ["demo02"] and set(document["records"]) == {"demo00", "demo01"}
    for extra, words in ((["--learning", "300"], "shorter --learning"), (["--only", "demo02"], "--paced in"),
                         (["--only", "DS2"], "no annotated record 100"), (["--exclude", "nobody"], "no such record"),
                         (["--reference", "xyz"], "*.xyz")):
        with pytest.raises(InputError, match=words.replace("*", r"\*")):
            evaluate.main([*options, *extra])


def test_a_real_record(mitdb, prepared):
    document, results, _ = evaluate.evaluate_records(mitdb, str(prepared / "weight" / "model_self.pth"), only=["100", "207"], draws=5,
                                                     peaks="annotated")
    assert document["gross"]["QRS"] == {"Se": 100, "+P": 100}
    assert results["bxb"]["100"].counts[:5].sum() == 1902           # as bxb counts them after five minutes
    assert document["about"]["data"] == "real"


# ------------------------------------------------------------------------------------------------ the page of results

def test_results_come_from_stored_predictions(prepared, evaluated, scored_records, tmp_path):
    import shutil
    options = ["--data", str(tmp_path), "--docs", str(tmp_path / "docs")]
    stored = tmp_path / "evaluation"
    shutil.copytree(evaluated, stored / "kaggle")
    with pytest.raises(InputError, match="really trained"):                # synthetic ones are not shown
        evaluate.main(["--results", *options])
    for file in (stored / "kaggle").glob("*_report.json"):
        artifacts.save_json(file, {**json.loads(file.read_text()), "data": "real", "trained_on": "real", "accuracy": 0})
    about = {**scored_records["annotated"]["about"], "data": "real", "model_trained_on": ["real"]}
    artifacts.save_json(stored / "records_DS2" / "self_annotated.json", {**scored_records["annotated"], "about": about})
    evaluate.main(["--results", *options])
    text = (tmp_path / "docs" / "results.md").read_text()
    table = pd.read_csv(evaluated / "self_test.csv")
    assert f"| self | 376,133 | {100 * (table['true'] == table['predicted']).mean():.1f} (" in text     # from the CSV, not the report
    assert "DS2, annotated R peaks" in text and "DS2, detected" not in text
    assert text.count("](figures/") == len(list((tmp_path / "docs" / "figures").iterdir())) > 3
    readme = tmp_path / "README.md"
    readme.write_text("a\n<!-- table:kaggle -->\nold\n<!-- /table -->\nb\n<!-- table:other -->\nkept\n<!-- /table -->\n")
    evaluate.main(["--results", *options])                                 # the README beside docs/
    new = readme.read_text()
    assert new.startswith("a\n<!-- table:kaggle -->\n| model |") and "| self_other |" in new and "old" not in new
    assert new.endswith("<!-- /table -->\nb\n<!-- table:other -->\nkept\n<!-- /table -->\n")


def test_own_training_patients_are_named():
    every = evaluate.training_patients({"manifest": {"protocol": "kaggle"}}, "mitdb")
    assert len(every) == 48 and "232" in every
    assert "232" not in evaluate.training_patients({"manifest": {"protocol": "interpatient"}}, "mitdb")
    context = {"manifest": {"protocol": "all", "records": ["mitdb/101", "svdb/800"]}}
    assert evaluate.training_patients(context, "svdb") == {"800"} and evaluate.training_patients(context, "elsewhere") == set()
