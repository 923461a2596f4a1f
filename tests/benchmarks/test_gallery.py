"""The pictures of docs/gallery.md."""

import matplotlib.pyplot as plt
import numpy as np

from benchmarks import gallery


def test_the_gallery_is_made_from_real_records(mitdb, tmp_path):
    nothing = ["--data", str(tmp_path / "none")]
    pictures = tmp_path / "docs"
    gallery.main([str(pictures), "--records", str(mitdb), "--reference", "atr", *nothing])
    names = {path.name for path in pictures.iterdir()}
    assert {f"gallery_{name}.png" for name in ("100", "119", "208", "233")} <= names
    assert {"first_light.png", "first_dark.png"} <= names
    assert all(path.stat().st_size < 200_000 for path in pictures.iterdir())


def test_the_readmes_picture_has_a_light_and_a_dark_paper_and_needs_no_records(tmp_path):
    args = gallery.options().parse_args([str(tmp_path), "--reference", "atr"])
    gallery.draw_first(args)
    shades = {}
    for look in ("light", "dark"):
        picture = plt.imread(tmp_path / f"first_{look}.png")[..., :3]
        shades[look] = [float(np.median(picture)), float(picture.min()), float(picture.max())]
    assert shades["light"][0] > 0.9 and shades["light"][1] < 0.15  # a dark trace on white
    assert shades["dark"][0] < 0.2 and shades["dark"][2] > 0.85  # a light trace on dark
