"""The stage visualize.py: what it draws, where it saves it, and what it refuses."""

import datetime
import warnings

import matplotlib
import matplotlib.pyplot as plt
import pytest

import visualize
from ecg import artifacts, formats
from ecg.beats import CLASSES
from ecg.figures import fonts
from ecg.formats.annotation import write_annotation
from ecg.formats.recording import Facts
from ecg.synthetic import synthetic_recording, write_wfdb
from tests.small_data import write_small_data

FS = 360


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def made():
    return synthetic_recording(60, FS, seed=2, shares={"S": 0.1, "V": 0.15, "F": 0.05})


@pytest.fixture(scope="module")
def record(tmp_path_factory, made):
    folder = tmp_path_factory.mktemp("record")
    write_wfdb(folder, made)
    return folder / made.name


@pytest.mark.parametrize(
    "suffix, files",
    [("png", ["x-1.png", "x-2.png"]), ("svg", ["x-1.svg", "x-2.svg"]), ("pdf", ["x.pdf"])],
)
def test_a_recording_is_saved_page_by_page(record, tmp_path, suffix, files):
    visualize.main(
        [
            str(record),
            "--reference",
            "atr",
            "--seconds",
            "0",
            "--save",
            str(tmp_path / f"x.{suffix}"),
        ]
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    if suffix == "pdf":
        assert (tmp_path / "x.pdf").read_bytes().count(b"/Type /Page ") == 2


def test_without_a_display_a_file_is_written_and_nothing_blocks(run, record, tmp_path):
    done = run(
        "visualize.py",
        record,
        "--reference",
        "atr",
        cwd=tmp_path,
        timeout=120,
        env={"MPLBACKEND": "", "DISPLAY": "", "WAYLAND_DISPLAY": ""},
    )
    assert [path.suffix for path in tmp_path.iterdir()] == [".png"] and "figure: " in done.stdout


@pytest.mark.parametrize(
    "arguments, word",
    [
        (["--save", "x.gif"], ".pdf"),
        (["--threshold", "2"], "--threshold"),
        (["--start", "9999"], "--start"),
        (["--start", "-1"], "--start"),
        (["--fontsize", "0"], "--fontsize"),
        (["--timeline", "--start", "4"], "--start would be ignored"),
        (["--timeline", "--saliency"], "two pictures"),
        (["--reference", "xyz"], "xyz"),
        (["--report", "x.html", "--start", "3"], "--start is about a figure"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(
    record, tmp_path, arguments, word, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    labels = [] if "--reference" in arguments else ["--reference", "atr"]
    with pytest.raises(artifacts.InputError, match=word):
        visualize.main([str(record), *labels, *arguments])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--saliency"], ["--timeline"], ["--reference", "atr"]])
def test_what_is_about_a_recording_needs_one(tmp_path, arguments, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(artifacts.InputError, match="name its file"):
        visualize.main(arguments)
    assert list(tmp_path.iterdir()) == []


def test_the_timeline_of_a_record_shows_the_rhythm_of_its_annotation(
    record, made, tmp_path, monkeypatch
):
    for path in record.parent.glob(f"{record.name}.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    symbols = [CLASSES[k] for k in made.labels]
    n = len(symbols)
    samples = [0, *made.r_peaks[:20], made.r_peaks[20] - 5, *made.r_peaks[20:]]
    symbols = ["+", *symbols[:20], "+", *symbols[20:]]
    notes = ["(N", *[""] * 20, "(AFIB", *[""] * (n - 20)]
    write_annotation(tmp_path, record.name, samples, symbols, FS, "rhy", notes)
    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    for arguments in (["--timeline"], []):
        path = tmp_path / "x.svg"
        name = str(tmp_path / record.name)
        visualize.main([name, "--reference", "rhy", "--save", str(path), *arguments])
        text = path.read_text()
        assert "atrial fibrillation or flutter" in text and "sinus rhythm" in text
        assert ("Heart rate and rhythm" in text) == bool(arguments)
        path.unlink()


@pytest.mark.parametrize("labels", [["--reference", "atr"], ["--model", "self"]])
def test_the_report_has_the_labels_that_are_asked_for(record, made, tmp_path, labels, capsys):
    path = tmp_path / "out.html"
    visualize.main([str(record), *labels, "--report", str(path)])
    assert [each.name for each in tmp_path.iterdir()] == ["out.html"]  # and no figure
    assert capsys.readouterr().out == f"wrote {path}\n"
    page = path.read_text(encoding="utf-8")
    assert ("labels of the annotation atr" in page) == ("atr" in labels)
    assert ("model self" in page) == ("self" in labels)
    if "atr" in labels:
        v = (made.labels == CLASSES.index("V")).sum()
        assert f'"beats": {len(made.labels)}' in page and f"ventricular ectopic beats ({v})" in page


def test_the_report_and_a_figure_are_both_written(record, tmp_path):
    out = ["--report", str(tmp_path / "x.html"), "--save", str(tmp_path / "x.svg")]
    visualize.main([str(record), "--reference", "atr", *out, "--timeline"])
    assert {path.name for path in tmp_path.iterdir()} == {"x.html", "x.svg"}


def test_saliency_is_for_models_of_single_beats(record, tmp_path):
    with pytest.raises(artifacts.InputError, match="single beats"):
        visualize.main(
            [str(record), "--saliency", "--model", "context", "--save", str(tmp_path / "e.png")]
        )


def test_a_model_is_looked_for_before_the_file_is_read_and_where_it_is_said(refused, tmp_path):
    told = refused("visualize.py", "nowhere.csv", "--model", "none_such", "--weight", tmp_path)
    assert "none_such" in told and str(tmp_path) in told


def test_the_gallery_is_a_command_of_its_own_now(refused):
    for arguments in (["--gallery", "docs"], ["--records", "x", "--gallery=docs"]):
        assert "python benchmarks/gallery.py" in refused("visualize.py", *arguments)


def test_without_a_recording_three_figures_of_the_excerpt(tmp_path, monkeypatch, capsys):
    """From any working folder, whose own data/ is another."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    visualize.main(["--save", "demo.svg"])
    names = [f"demo-{k}.svg" for k in (1, 2, 3)]
    assert capsys.readouterr().out.split() == [word for n in names for word in ("figure:", n)]
    drawn = [(tmp_path / name).read_text() for name in names]
    assert "213  MLII" in drawn[1] and "ventricular tachycardia" in drawn[1]
    assert "Confidence of 431 beats" in drawn[2]


def test_the_stage_draws_dataset_and_errors(tmp_path, capsys):
    folder, path, _, _ = write_small_data(tmp_path / "data")
    visualize.main(["--dataset", "--data", str(folder), "--save", str(tmp_path / "d.png")])
    visualize.main(
        ["--errors", str(path), "--data", str(folder), "--save", str(tmp_path / "e.svg")]
    )
    assert (tmp_path / "d.png").read_bytes()[:4] == b"\x89PNG"
    assert "<svg" in (tmp_path / "e.svg").read_text()[:600]
    assert "figure: " in capsys.readouterr().out


def test_chinese_is_drawn_with_its_glyphs_or_not_at_all(record, tmp_path, capsys, monkeypatch):
    if fonts.cjk_font() is not None:
        with warnings.catch_warnings():
            # matplotlib warns of one that the font lacks
            warnings.filterwarnings("error", message=".*[Gg]lyph")
            visualize.main(
                [
                    str(record),
                    "--reference",
                    "atr",
                    "--lang",
                    "zh",
                    "--save",
                    str(tmp_path / "zh.svg"),
                ]
            )
        assert capsys.readouterr().err == ""
    monkeypatch.setattr(fonts, "cjk_font", lambda: None)
    matplotlib.rcParams["svg.fonttype"] = "none"
    try:
        visualize.main(
            [str(record), "--reference", "atr", "--lang", "zh", "--save", str(tmp_path / "en.svg")]
        )
    finally:
        matplotlib.rcParams["svg.fonttype"] = "path"
    assert "no Chinese font" in capsys.readouterr().err
    assert "ventricular ectopic" in (tmp_path / "en.svg").read_text()


def test_the_date_is_drawn_but_with_anonymous(record, tmp_path, monkeypatch):
    facts = Facts(datetime.date(2026, 7, 26), datetime.time(21, 56, 26), patient="P-17")
    plain = formats.read_recording
    read = lambda *args: plain(*args)._replace(facts=facts)  # noqa: E731
    monkeypatch.setattr(formats, "read_recording", read)
    monkeypatch.setitem(matplotlib.rcParams, "svg.fonttype", "none")
    drawn = {}
    for name, more in (("all", []), ("nobody", ["--anonymous"])):
        path = tmp_path / f"{name}.svg"
        visualize.main([str(record), "--reference", "atr", "--save", str(path), *more])
        drawn[name] = path.read_text()
    assert "2026-07-26 21:56:26" in drawn["all"] and "21:56:27" in drawn["all"]
    assert "21:56:26" in drawn["nobody"] and "-07-26 " not in drawn["nobody"]
