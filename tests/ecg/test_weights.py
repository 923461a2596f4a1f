"""Weights by name: the user's own before the shipped ones, a pair from one folder."""

import pytest

from ecg import weights
from ecg.artifacts import InputError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "shipped").mkdir()
    return tmp_path


def _touch(*paths):
    for path in paths:
        path.write_bytes(b"")


def test_the_users_own_come_before_the_shipped_ones(folder):
    shipped = folder / "shipped" / "model_self.pth"
    _touch(shipped)
    assert weights.find_weights("self", folder, ".pth") == shipped
    _touch(folder / "model_self.pth")
    assert weights.find_weights("self", folder, ".pth") == folder / "model_self.pth"


def test_a_pair_comes_from_one_folder(folder):
    """New weights without an ONNX file of their own: the shipped ONNX file is other weights'."""
    _touch(folder / "shipped" / "model_self.pth", folder / "shipped" / "ecg_model_self.onnx")
    assert weights.find_weights("self", folder, ".onnx").parent == folder / "shipped"
    _touch(folder / "model_self.pth")
    with pytest.raises(InputError, match="ecg_model_self.onnx is missing"):
        weights.find_weights("self", folder, ".onnx")


def test_a_path_that_exists_as_a_shipped_one_only(folder):
    shipped = folder / "shipped" / "model_deep.pth"
    _touch(shipped)
    assert weights.require_weights(folder / "model_deep.pth", "training") == shipped
    assert weights.is_shipped(shipped) and not weights.is_shipped(folder / "model_deep.pth")
    with pytest.raises(InputError, match="training makes it"):
        weights.require_weights(folder / "model_none.pth", "training")


def test_what_is_missing_names_what_there_is(folder):
    _touch(folder / "model_mine.pth", folder / "shipped" / "model_self.pth")
    with pytest.raises(InputError, match="there are: mine, self"):
        weights.find_weights("none", folder, ".pth")


def test_auto_takes_what_is_there(folder):
    assert weights.choose_model("auto", 100, folder) == "self"
    _touch(folder / "shipped" / "ecg_model_residual.onnx")
    assert weights.choose_model("auto", 100, folder) == "residual"
    _touch(folder / "shipped" / "ecg_model_context.onnx")
    assert weights.choose_model("auto", 100, folder) == "context"
    assert weights.choose_model("auto", 2, folder) == "context"
    assert weights.choose_model("auto", 1, folder) == "residual"
    assert weights.choose_model("mine", 100, folder) == "mine"


def test_another_folder_does_not_see_the_shipped_ones(tmp_path):
    assert weights.search_folders(tmp_path) == [tmp_path, tmp_path / "shipped"]
    assert weights.search_folders("weight")[-1].name == "shipped"
