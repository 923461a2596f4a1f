"""The band of the rhythm in a figure."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.colors import to_hex

from ecg import translations
from ecg.figures.rhythm import LEAST, draw_rhythm, rhythm_handles
from ecg.rhythm.names import RHYTHM_COLORS
from tests.rhythm_told import told_rhythm

DAY = [(0, 40000, "N"), (40000, 40010, "VF"), (40010, 70000, "AF"), (70000, 86400, "N")]


@pytest.fixture
def axes():
    _, ax = plt.subplots(figsize=(8, 2))
    ax.set_xlim(0, 86400)
    return ax


def drawn(ax):
    """Colour, left, width, height of each block, and the names on them."""
    boxes = [(to_hex(p.get_facecolor()), p.get_x(), p.get_width()) for p in ax.patches]
    return boxes, [p.get_height() for p in ax.patches], [t.get_text() for t in ax.texts]


def test_sinus_rhythm_is_a_line_and_what_is_short_is_seen(axes):
    episodes = told_rhythm(*DAY)["episodes"]
    assert draw_rhythm(axes, episodes, (0.1, 0.4), translations.translator()) == ["VF", "AF", "N"]
    boxes, heights, names = drawn(axes)
    colors = [RHYTHM_COLORS[name].lower() for name in ("N", "N", "AF", "VF")]
    assert [color for color, *_ in boxes] == colors  # the gravest on top
    assert heights[0] < 0.2 and heights[2:] == [0.4, 0.4]
    points = axes.get_window_extent().width * 72 / axes.figure.dpi
    assert boxes[3][2] * points / 86400 == pytest.approx(LEAST)
    assert names == ["atrial fibrillation or flutter"]


def test_a_name_is_short_where_there_is_less_room_and_missing_where_there_is_none(axes):
    for end, expected in ((4000, ["AF"]), (500, [])):
        axes.clear()
        axes.set_xlim(0, 86400)
        episodes = told_rhythm((0, end, "AF"))["episodes"]
        draw_rhythm(axes, episodes, (0, 1), translations.translator())
        assert drawn(axes)[2] == expected


def test_what_lies_beyond_the_picture_is_cut_or_left_out(axes):
    axes.set_xlim(100, 200)
    episodes = told_rhythm((0, 150, "AF"), (150, 300, "VT"), (300, 400, "VF"))["episodes"]
    assert draw_rhythm(axes, episodes, (0, 1), translations.translator("zh")) == ["VT", "AF"]
    boxes, _, names = drawn(axes)
    assert [(x, width) for _, x, width in boxes] == [(100, 50), (150, 50)]
    assert names == ["心房颤动或扑动", "室性心动过速"]
    assert axes.get_xlim() == (100, 200)


def test_the_legend_names_them():
    patches = rhythm_handles(["AF", "N"], translations.translator())
    assert [patch.get_label() for patch in patches] == [
        "atrial fibrillation or flutter",
        "sinus rhythm",
    ]
