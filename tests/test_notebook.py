"""The notebook runs from its own folder, from the first cell to the last, with pictures; it is
stored without outputs."""

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
NOTEBOOK = HOME / "notebooks" / "quickstart.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook run in an empty folder below which nothing of the project is found by chance
    (PYTHONPATH leads to it)."""
    if not (HOME / "weight" / "shipped" / "model_self.pth").exists():
        pytest.skip("weight/shipped/model_self.pth is not there")
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "inference.py").symlink_to(HOME / "inference.py")  # what the first cell looks for
    book = nbformat.read(NOTEBOOK, as_version=4)
    book.cells.insert(
        0, nbformat.v4.new_code_cell(f"import sys; sys.path.insert(0, {str(HOME)!r})")
    )
    nbclient.NotebookClient(
        book, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute(env={**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"})
    return book, folder


def test_is_stored_without_outputs():
    book = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert len(code) >= 10 and all(
        cell.outputs == [] and cell.execution_count is None for cell in code
    )
    assert NOTEBOOK.stat().st_size < 30_000


def test_every_step_shows_something(executed):
    book, _ = executed
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    kinds = [kind for output in outputs for kind in output.get("data", {})]
    assert not [output for output in outputs if output.output_type == "error"]
    assert kinds.count("image/png") >= 5 and kinds.count("text/html") >= 3
    told = "".join(output.get("text", "") for output in outputs)
    assert "real recording" in told or "synthetic demo recording" in told
    assert "trained on" in told and "provisional and final label agree" in told


def test_what_it_saves_can_be_read_again(executed):
    import pandas as pd

    from ecg.formats.annotation import read_annotation

    _, folder = executed
    out = folder / "quickstart_output"
    table = pd.read_csv(out / "beats.csv")
    annotation = next(out.glob("*.cnn"))
    samples, symbols, *_ = read_annotation(out / annotation.stem, "cnn")
    beats = [(at, symbol) for at, symbol in zip(samples, symbols) if symbol in "NSVFQ"]
    assert [at for at, _ in beats] == table["sample"].tolist()
    assert set(symbols) <= set("NSVFQ+[]")
    assert "<html" in (out / "report.html").read_text()[:500].lower()
