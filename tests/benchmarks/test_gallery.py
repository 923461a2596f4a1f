"""The pictures of docs/gallery.md."""

from benchmarks import gallery


def test_the_gallery_is_made_from_real_records(mitdb, tmp_path):
    nothing = ["--data", str(tmp_path / "none")]
    pictures = tmp_path / "docs"
    gallery.main([str(pictures), "--records", str(mitdb), "--reference", "atr", *nothing])
    names = {path.name for path in pictures.iterdir()}
    assert {f"gallery_{name}.png" for name in ("100", "119", "208", "233")} <= names
    assert all(path.stat().st_size < 200_000 for path in pictures.iterdir())
