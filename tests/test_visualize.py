"""Figures: true to scale, nothing overlaps, nothing is lost in drawing, and every option does what it says."""
import itertools
import json
import re
import warnings

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Annotation

import inference
import visualize
from ecg import artifacts, records, words
from ecg.beats import CLASS_NAMES
from Noisy_ECG_Signal import synthetic_recording, write_wfdb

matplotlib.use("Agg")
FS = 360


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def made():
    return synthetic_recording(60, FS, seed=2, shares={"S": 0.1, "V": 0.15, "F": 0.05})


def at_rate(bpm, seconds=10):
    made = synthetic_recording(seconds, FS, seed=1, rate=bpm, variability=0.01, shares={})
    labels = np.resize([0, 2, 1, 3, 4], len(made.r_peaks))
    return made.signal, made.r_peaks, labels, np.resize([0.99, 0.6], len(made.r_peaks))


def boxes(ax):
    """Bounding boxes (pixels) of the texts that label beats, and their texts."""
    ax.figure.draw_without_rendering()
    found = [t for t in ax.texts if isinstance(t, Annotation) and t.get_text()]
    return [(t.get_bbox_patch() or t).get_window_extent() for t in found], [t.get_text() for t in found]


@pytest.mark.parametrize("position", visualize.POSITIONS)
@pytest.mark.parametrize("bpm, seconds, size", [(150, 10, None), (150, 10, (5, 2.5)), (220, 10, None), (150, 60, (11, 3))])
def test_labels_never_overlap_nor_leave_the_axes(position, bpm, seconds, size):
    ecg, peaks, labels, confidence = at_rate(bpm, seconds)
    ax = plt.subplots(figsize=size, layout="constrained")[1] if size else None
    visualize.plot_ecg_with_labels(ecg, peaks, predictions=labels, confidence=confidence, sample_rate=FS,
                                   label_position=position, ax=ax)
    ax = plt.gca()
    found, _ = boxes(ax)
    assert found or seconds == 60
    for a, b in itertools.combinations(found, 2):
        width, height = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert width <= 1 or height <= 1.5
    axes = ax.get_window_extent()
    assert all(b.y0 >= axes.y0 - 2 and b.y1 <= axes.y1 + 2 for b in found)


def test_at_150_per_minute_every_beat_has_its_label_on_paper():
    ecg, peaks, labels, confidence = at_rate(150)
    visualize.plot_ecg_with_labels(ecg, peaks, predictions=labels, confidence=confidence, sample_rate=FS)
    _, texts = boxes(plt.gca())
    letters = [t for t in texts if t[0].isalpha()]
    assert letters == [CLASS_NAMES[k] + ("" if c >= 0.8 else "?") for k, c in zip(labels, confidence)]


def test_predictions_come_back_aligned_with_the_peaks_none_where_no_beat_was_cut(made, monkeypatch):
    monkeypatch.setattr(inference, "predict_heartbeat", lambda model, rows: (
        np.arange(len(rows)) % 5, np.full(len(rows), 0.9), np.full((len(rows), 5), 0.2)))
    ecg = made.signal.copy()
    ecg[made.r_peaks[4] + 20:made.r_peaks[4] + 30] = np.nan    # in the row of beat 4, perhaps in that of beat 3
    _, ax = plt.subplots()
    result = visualize.plot_ecg_with_labels(ecg, made.r_peaks, object(), FS, ax=ax)
    assert len(result) == len(made.r_peaks)
    assert result[-1] is None and result[4] is None            # nothing after the last beat; a sample missing
    whole = [p for p in result if p is not None]
    assert whole == [k % 5 for k in range(len(whole))] and all(isinstance(p, int) for p in whole)
    assert ax.lines and plt.gcf() is ax.figure


def test_paper_is_true_to_scale(made):
    ecg = made.signal[:10 * FS]
    peaks = made.r_peaks[made.r_peaks < 10 * FS]
    visualize.plot_ecg_with_labels(ecg, peaks, predictions=made.labels[:len(peaks)], sample_rate=FS)
    table = pd.DataFrame({"sample": made.r_peaks, "label": [CLASS_NAMES[k] for k in made.labels]})
    recording = records.Recording(made.signal, made.fs, made.lead, made.name)
    pages = [figure for figure, _, _ in visualize.plot_recording(recording, table, seconds=0)]
    for ax in [plt.figure(1).axes[0], *(ax for figure in pages for ax in figure.axes)]:
        box = ax.get_window_extent().transformed(ax.figure.dpi_scale_trans.inverted())
        assert box.width * 25.4 / np.ptp(ax.get_xlim()) == pytest.approx(25, rel=0.01)
        assert box.height * 25.4 / np.ptp(ax.get_ylim()) == pytest.approx(10, rel=0.01)
    shown = sorted(tuple(np.round(ax.get_xlim(), 2)) for figure in pages for ax in figure.axes)
    assert shown == [(10.0 * k, 10.0 * k + 10) for k in range(6)]          # all of it, nothing twice


def test_a_day_on_one_axes_keeps_its_highest_peak_and_few_points():
    ecg = np.zeros(24 * 3600 * 128)
    ecg[5_000_001] = 3.0
    ecg[7_000_000:7_100_000] = np.nan
    _, ax = plt.subplots()
    line = visualize.draw_trace(ax, ecg, 128)
    x, y = line.get_data()
    assert len(y) < 10_000 and np.nanmax(y) == 3.0
    assert x[np.nanargmax(y)] == pytest.approx(5_000_001 / 128, abs=100)
    assert np.isnan(y).any()


def test_a_long_recording_with_thousands_of_labels_is_drawn_with_ticks(made):
    times = 40
    ecg, n = np.tile(made.signal, times), len(made.signal)
    peaks = (made.r_peaks + n * np.arange(times)[:, None]).ravel()
    _, ax = plt.subplots()
    visualize.plot_ecg_with_labels(ecg, peaks, predictions=np.tile(made.labels, times), sample_rate=FS, ax=ax)
    assert boxes(ax)[0] == []
    assert sum(len(c.get_segments()) for c in ax.collections if len(c.get_linewidth())
               and c.get_linewidth()[0] == 1.3) == len(peaks)


def test_labels_and_arguments_that_do_not_fit_are_refused(made):
    with pytest.raises(ValueError, match="label_position"):
        visualize.plot_ecg_with_labels(made.signal, made.r_peaks, predictions=made.labels, label_position="left")
    with pytest.raises(ValueError, match="predictions for"):
        visualize.plot_ecg_with_labels(made.signal, made.r_peaks, predictions=[0, 1])
    with pytest.raises(ValueError, match="two axes"):
        visualize.plot_ecg_comparison(made.signal, made.signal, ax=plt.gca(), processed_unit="z-score")
    with pytest.raises(ValueError, match="shape"):
        visualize.plot_prediction_confidence([0.5, 0.5])


def test_comparison_draws_on_the_axes_it_is_given(made):
    _, one = plt.subplots()
    assert visualize.plot_ecg_comparison(made.signal, made.signal / 2, FS, ax=one) == [one] and len(one.lines) == 2
    _, two = plt.subplots(2)
    assert visualize.plot_ecg_comparison(made.signal, made.signal / 2, FS, ax=two, processed_unit="z-score") == list(two)
    assert all(len(ax.lines) == 1 for ax in two)
    assert len(visualize.plot_ecg_comparison(made.signal, made.signal / 2, FS)) == 2


def test_confidence_of_one_beat_and_of_many():
    ax = visualize.plot_prediction_confidence([0.02, 0.03, 0.9, 0.05, 0.0], ax=plt.subplots()[1])
    assert [bar.get_width() for bar in ax.patches][:5] == [0.02, 0.03, 0.9, 0.05, 0.0]
    assert "V" in ax.get_title(loc="left")
    many = np.vstack([np.eye(5) * 0.9 + 0.02, np.full(5, np.nan)])
    ax = visualize.plot_prediction_confidence(many, ax=plt.subplots()[1])
    dots = np.vstack([c.get_offsets() for c in ax.collections])
    assert sorted(dots[:, 0]) == [1, 2, 3, 4, 5] and np.allclose(dots[:, 1], 0.92)


def test_occlusion_finds_the_part_that_decides(monkeypatch):
    def wants_the_bump(model, rows):                                        # V when samples 60..70 stand high
        p = np.full((len(rows), 5), 0.01)
        p[:, 2] = np.clip(rows[:, 60:70].mean(axis=1), 0.02, 0.96)
        p[:, 0] = 1 - p[:, 1:].sum(axis=1)
        return p.argmax(axis=1), p.max(axis=1), p
    monkeypatch.setattr(inference, "predict_heartbeat", wants_the_bump)
    row = np.zeros(187, np.float32)
    row[:150] = 0.1
    row[60:70] = 0.9
    importance, target, confidence = visualize.occlusion(object(), row)
    assert target == 2 and confidence > 0.8
    assert 58 <= np.argmax(importance) <= 71 and importance[60:70].min() > 0
    assert np.all(np.abs(importance[:50]) < 1e-6) and np.all(importance[150:] == 0)
    ax = visualize.plot_saliency(row, importance, target, confidence, plt.subplots()[1])
    assert ax.images and len(ax.lines[-1].get_xdata()) == 150


def test_the_real_model_is_explained_over_a_real_beat(mitdb):
    recording = records.read_recording(mitdb / "208")
    samples, symbols, _ = records.read_annotation(mitdb / "208")
    table = pd.DataFrame({"sample": samples[1:200], "label": ["N"] * 199})
    try:
        model = inference.load_model()
    except artifacts.InputError as error:
        pytest.skip(str(error))
    figure = visualize.saliency_page(recording, table, model, 20)
    assert len([ax for ax in figure.axes if ax.images]) == 8


# ------------------------------------------------------------------------------------------------ errors and data set

@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A small data/processed_data with manifest and a file of predictions."""
    data = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    folder = artifacts.processed(data)
    y = {"train": np.repeat([0, 1, 2, 3, 4], [30, 6, 8, 3, 10]), "test": np.repeat([0, 1, 2, 3, 4], [20, 5, 5, 4, 6])}
    x = {split: rng.random((len(labels), 187, 1)).astype(np.float32) for split, labels in y.items()}
    for split, extra in (("train", 93), ("test", 0)):
        filler = np.zeros(extra, np.int64)
        artifacts.save_npy(folder / f"X_{split}.npy", np.concatenate([x[split], np.full((extra, 187, 1), 9, np.float32)]))
        artifacts.save_npy(folder / f"y_{split}.npy", np.concatenate([y[split], filler]))
    counts = {split: dict(zip(CLASS_NAMES, np.bincount(labels).tolist())) for split, labels in y.items()}
    artifacts.save_json(folder / "manifest.json", {
        "source": "records", "protocol": "kaggle", "n_real": 57, "synthetic": False, "scaler": {"mean": [0.0] * 187,
                                                                                                "scale": [1.0] * 187},
        "counts": {**counts, "train+SMOTE": dict.fromkeys(CLASS_NAMES, 30)}})
    true = y["test"]
    predicted = true.copy()
    predicted[:3], predicted[20] = 2, 0                                     # N taken for V three times, S for N once
    p = np.full((len(true), 5), 0.05)
    p[np.arange(len(true)), predicted] = 0.8
    p[1, 2], p[1, 0] = 0.95, 0.02
    table = pd.DataFrame({"row": np.arange(len(true)), "record": [str(100 + k) for k in range(len(true))],
                          "sample": np.arange(len(true)) * 3600,
                          "true": [CLASS_NAMES[k] for k in true], "predicted": [CLASS_NAMES[k] for k in predicted],
                          **{f"p_{c}": p[:, k] for k, c in enumerate(CLASS_NAMES)}})
    path = data / "evaluation" / "kaggle" / "self_test.csv"
    path.parent.mkdir(parents=True)
    table.to_csv(path, index=False)
    return data, path, table, x["test"][:, :, 0]


def test_errors_stand_by_frequency_the_surest_first_with_record_and_time(data):
    _, _, table, rows = data
    figure = visualize.plot_errors(table, rows, confusions=6, examples=3)
    grid = np.array(figure.axes).reshape(2, 3)
    assert [line[0].get_ylabel() for line in grid] == ["N → V\n3", "S → N\n1"]
    titles = [ax.get_title(loc="left") for ax in grid[0]]
    assert titles[0].startswith("101  0:10.0") and "V 95%" in titles[0]     # the surest, at sample 3600 of record 101
    drawn = grid[0][0].lines[0].get_ydata()
    assert np.allclose(drawn, rows[1][:len(drawn)])
    with pytest.raises(artifacts.InputError, match="no error"):
        visualize.plot_errors(table.assign(predicted=table["true"]), rows)


def test_dataset_shows_real_rows_only(data):
    figure = visualize.plot_dataset(data[0], per_class=20)
    lines = [line for ax in figure.axes for line in ax.lines]
    assert len(lines) == 20 + 6 + 8 + 3 + 10                               # no more than there are
    assert max(line.get_ydata().max() for line in lines) < 2               # the filler of 9 stands for SMOTE's rows


def test_the_stage_draws_dataset_and_errors(data, tmp_path, capsys):
    folder, path, _, _ = data
    visualize.main(["--dataset", "--data", str(folder), "--save", str(tmp_path / "d.png")])
    visualize.main(["--errors", str(path), "--data", str(folder), "--save", str(tmp_path / "e.svg")])
    assert (tmp_path / "d.png").read_bytes()[:4] == b"\x89PNG" and "<svg" in (tmp_path / "e.svg").read_text()[:600]
    assert "figure: " in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------ the stage

@pytest.fixture(scope="module")
def record(tmp_path_factory, made):
    folder = tmp_path_factory.mktemp("record")
    write_wfdb(folder, made)
    return folder / made.name


@pytest.mark.parametrize("suffix, files", [("png", ["x-1.png", "x-2.png"]), ("svg", ["x-1.svg", "x-2.svg"]), ("pdf", ["x.pdf"])])
def test_a_recording_is_saved_page_by_page(record, tmp_path, suffix, files):
    visualize.main([str(record), "--labels", "atr", "--seconds", "0", "--save", str(tmp_path / f"x.{suffix}")])
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    if suffix == "pdf":
        assert (tmp_path / "x.pdf").read_bytes().count(b"/Type /Page ") == 2


def test_without_a_display_a_file_is_written_and_nothing_blocks(run, record, tmp_path):
    done = run("visualize.py", record, "--labels", "atr", cwd=tmp_path, timeout=120,
               env={"MPLBACKEND": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""})
    assert [path.suffix for path in tmp_path.iterdir()] == [".png"] and "figure: " in done.stdout


@pytest.mark.parametrize("arguments, word", [
    (["--save", "x.gif"], ".pdf"), (["--threshold", "2"], "--threshold"), (["--start", "9999"], "--start"),
    (["--start", "-1"], "--start"),
    (["--fontsize", "0"], "--fontsize"), (["--labels", "xyz"], "xyz")])
def test_mistakes_are_one_line_and_nothing_is_written(record, tmp_path, arguments, word, monkeypatch):
    monkeypatch.chdir(tmp_path)
    labels = [] if "--labels" in arguments else ["--labels", "atr"]
    with pytest.raises(artifacts.InputError, match=word):
        visualize.main([str(record), *labels, *arguments])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--saliency"], ["--labels", "atr"]])
def test_what_is_about_a_recording_needs_one(tmp_path, arguments, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(artifacts.InputError, match="name its file"):
        visualize.main(arguments)
    assert list(tmp_path.iterdir()) == []


def test_saliency_is_for_models_of_single_beats(record, tmp_path):
    with pytest.raises(artifacts.InputError, match="single beats"):
        visualize.main([str(record), "--saliency", "--model", "context", "--save", str(tmp_path / "e.png")])


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "\x00\xff"])
def test_a_file_that_is_no_table_of_predictions_is_refused(data, tmp_path, content):
    path = tmp_path / "self_test.csv"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(artifacts.InputError, match="no table of predictions"):
        visualize.main(["--errors", str(path), "--data", str(data[0]), "--save", str(tmp_path / "e.png")])


def test_predictions_of_other_rows_are_refused(data, tmp_path):
    folder, _, table, _ = data
    table[::-1].to_csv(tmp_path / "self_test.csv", index=False)
    with pytest.raises(artifacts.InputError, match="other rows"):
        visualize.main(["--errors", str(tmp_path / "self_test.csv"), "--data", str(folder), "--save", str(tmp_path / "e.png")])


def test_chinese_is_drawn_with_its_glyphs_or_not_at_all(record, tmp_path, capsys, monkeypatch):
    if words.cjk_font() is not None:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*[Gg]lyph")          # matplotlib warns of one that the font lacks
            visualize.main([str(record), "--labels", "atr", "--lang", "zh", "--save", str(tmp_path / "zh.svg")])
        assert capsys.readouterr().err == ""
    monkeypatch.setattr(words, "cjk_font", lambda: None)
    matplotlib.rcParams["svg.fonttype"] = "none"
    try:
        visualize.main([str(record), "--labels", "atr", "--lang", "zh", "--save", str(tmp_path / "en.svg")])
    finally:
        matplotlib.rcParams["svg.fonttype"] = "path"
    assert "no Chinese font" in capsys.readouterr().err.strip() and "ventricular ectopic" in (tmp_path / "en.svg").read_text()


def test_the_gallery_is_made_from_real_records(mitdb, tmp_path, capsys):
    visualize.main(["--gallery", str(tmp_path), "--records", str(mitdb), "--labels", "atr", "--data", str(tmp_path / "none")])
    names = {path.name for path in tmp_path.iterdir()}
    assert {f"gallery_{name}.png" for name in ("100", "119", "208", "233")} <= names
    assert all(path.stat().st_size < 200_000 for path in tmp_path.iterdir())


def test_every_phrase_of_the_figures_has_a_translation():
    text = (artifacts.HOME / "visualize.py").read_text(encoding="utf-8")
    keys = {json.loads(f'"{key}"') for key in re.findall(r'\bsay\("((?:[^"\\]|\\.)*)"', text)}
    assert len(keys) > 15 and keys <= set(words.ZH), keys - set(words.ZH)
