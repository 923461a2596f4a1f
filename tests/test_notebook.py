"""The notebooks run from a folder of their own, from the first cell to the last; they are stored
with their outputs, and small."""

import os
from pathlib import Path

import pytest

nbformat = pytest.importorskip(
    "nbformat", reason="nbformat and nbclient are not installed (tests/requirements.txt)"
)
nbclient = pytest.importorskip(
    "nbclient", reason="nbformat and nbclient are not installed (tests/requirements.txt)"
)

HOME = Path(__file__).resolve().parent.parent
FOLDER = HOME / "notebooks"
SMALL = 400_000  # bytes


def code_cells(book):
    return [cell for cell in book.cells if cell.cell_type == "code"]


def text_of(cells):
    """All that the cells printed, and the text form of what they gave."""
    outputs = [output for cell in cells for output in cell.outputs]
    told = [output.get("text", "") for output in outputs]
    return "".join([*told, *(output.get("data", {}).get("text/plain", "") for output in outputs)])


def run(name, folder):
    """A notebook run in an empty folder, below which nothing of the project is found by chance: a
    first cell leads to it."""
    (folder / "inference.py").symlink_to(HOME / "inference.py")  # what the first cell looks for
    book = nbformat.read(FOLDER / name, as_version=4)
    lead = f"import sys; sys.path.insert(0, {str(HOME)!r}); import torch; torch.set_num_threads(1)"
    book.cells.insert(0, nbformat.v4.new_code_cell(lead))
    nbclient.NotebookClient(
        book, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute(env={**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"})
    return book


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quickstart")
    return run("quickstart.ipynb", folder), folder


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    return run("train_your_own.ipynb", folder), folder


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.ipynb")))
def test_is_stored_with_its_outputs(name):
    """Every cell was run, in order, without an error, and nothing tells whose machine it was."""
    book = nbformat.read(FOLDER / name, as_version=4)
    nbformat.validate(book)
    code = code_cells(book)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {
        "stream",
        "display_data",
        "execute_result",
    }
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 1
    stored = (FOLDER / name).read_text("utf-8")
    assert len(stored) < SMALL
    assert str(HOME) not in stored and "/tmp/" not in stored and str(Path.home()) not in stored


def test_quickstart_shows_something_at_every_step(quickstart):
    book, _ = quickstart
    outputs = [output for cell in code_cells(book) for output in cell.outputs]
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    assert kinds.count("image/png") >= 5 and kinds.count("text/html") >= 3
    told = text_of(code_cells(book))
    assert "213: lead MLII, 360 Hz, 240 s" in told
    assert "against annotation" in told and "provisional and final label agree" in told


def test_quickstart_saves_what_can_be_read_again(quickstart):
    import pandas as pd

    from ecg.formats.annotation import read_annotation

    _, folder = quickstart
    out = folder / "quickstart_output"
    table = pd.read_csv(out / "beats.csv")
    annotation = next(out.glob("*.cnn"))
    samples, symbols, *_ = read_annotation(out / annotation.stem, "cnn")
    beats = [(at, symbol) for at, symbol in zip(samples, symbols) if symbol in "NSVFQ"]
    assert [at for at, _ in beats] == table["sample"].tolist()
    assert set(symbols) <= set("NSVFQ+[]")
    assert "<html" in (out / "report.html").read_text("utf-8")[:500].lower()


def test_own_model_is_trained_scored_exported_and_used(own):
    from ecg.prediction import card_of, open_onnx

    book, folder = own
    told = text_of(code_cells(book))
    assert "MyNet" in told and "equal to PyTorch on all 1,615 real test rows" in told
    assert "213: lead MLII, 360 Hz, 4:00" in told and "against 213.atr" in told
    out = folder / "train_your_own_output"
    card = card_of(open_onnx(out / "weight" / "ecg_model_mine_interpatient.onnx", 1))
    assert card["architecture"] == "MyNet" and card["manifest"]["protocol"] == "interpatient"
    assert "<html" in (out / "report.html").read_text("utf-8")[:500].lower()
    assert not list(folder.glob("weight*")) and not list(folder.glob("data*"))
