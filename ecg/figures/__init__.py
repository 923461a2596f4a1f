"""Every figure, as functions that draw on a matplotlib axes or figure; how figures are shown and
saved.

paper.py is the ECG paper that the others draw on. The figures of an evaluation and of a training
(evaluation.py, review.py, training.py) are for files only and do without pyplot, so nothing here
imports it before a figure is to be shown.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ecg import artifacts
from ecg.artifacts import InputError
from ecg.overwriting import MADE_BY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")


class Page(NamedTuple):
    """A page to be shown or saved: its pyplot figure, its number from 1, and the number of
    pages."""

    figure: "Figure"
    page: int
    pages: int


def check_format(path: str | Path) -> Path:
    """`path`, when figures are written in its format; else an InputError."""
    if Path(path).suffix.lower() not in FORMATS:
        raise InputError(f"--save {path}: figures are written as .png, .svg or .pdf")
    return Path(path)


def save_figure(path: str | Path, figure: "Figure", dpi: float = 110) -> None:
    """Write `figure` to `path`, whole or not at all."""
    with artifacts.writing(path) as temporary:
        figure.savefig(temporary, dpi=dpi, metadata=_made_by(path))


def _made_by(path):
    """What a figure says of its origin, by which it is known again."""
    kind = "Software" if Path(path).suffix.lower() == ".png" else "Creator"
    return {kind: f"{MADE_BY}, Matplotlib"}


def save_or_show(
    pages: Iterable[tuple["Figure", int, int]],
    save: str | Path | None,
    fallback: str | Path | None,
    dpi: float = 150,
) -> list[Path]:
    """Save or show figures, and close them: to `save` where it is given, else on the screen, or
    without one to `fallback`.

    pages: as of Page, drawn when they are asked for, one at a time. A .png or .svg is a file a
    page, a .pdf holds all of them. Returns the paths written; raises InputError for another
    format, and where there is neither a screen nor a file to write."""
    import matplotlib.pyplot as plt

    if save is None and _has_screen():
        for figure, _, _ in pages:
            plt.show()
            plt.close(figure)
        return []
    target = save or fallback
    if target is None:
        raise InputError("there is no screen to show figures on: give --save FILE")
    path = check_format(target)
    write = _write_pdf if path.suffix.lower() == ".pdf" else _write_pages
    written = write(path, pages, dpi)
    for one in written:
        print(f"figure: {one}")
    return written


def show_figure(figure: "Figure", save: str | Path | None, fallback: str | Path | None) -> None:
    """save_or_show of a single figure."""
    save_or_show([Page(figure, 1, 1)], save, fallback)


def show() -> None:
    """Show what was drawn, where there is a screen or a notebook; elsewhere it stays open for
    plt.savefig."""
    import matplotlib.pyplot as plt

    if _has_screen():
        plt.show()


def _has_screen():
    """Whether plt.show() shows a figure here: in a window or in a notebook, but not on a machine
    without display, where matplotlib can only write files."""
    import matplotlib
    from matplotlib.backends import BackendFilter, backend_registry

    files_only = backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE)
    return matplotlib.get_backend().lower() not in files_only


def _write_pdf(path, pages, dpi):
    import matplotlib.pyplot as plt
    from matplotlib.backends.backend_pdf import PdfPages

    made_by = _made_by(path)
    with artifacts.writing(path) as temporary, PdfPages(temporary, metadata=made_by) as book:
        for figure, _, _ in pages:
            book.savefig(figure)
            plt.close(figure)
    return [path]


def _write_pages(path, pages, dpi):
    import matplotlib.pyplot as plt

    written = []
    for figure, page, count in pages:
        name = f"{path.stem}-{page:0{len(str(count))}d}{path.suffix}"
        one = path if count == 1 else path.with_name(name)
        save_figure(one, figure, dpi)
        plt.close(figure)
        written.append(one)
    return written
