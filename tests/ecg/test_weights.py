"""Weights by name: the user's own before the shipped ones, a pair from one folder; weights, their
card and their ONNX file are of each other."""

import json
import math
import os

import pytest

from ecg import artifacts, weights
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


def test_a_name_of_nothing_is_refused_before_anything_is_read(folder, refused, tmp_path):
    weights.refuse_unknown("auto", folder)
    _touch(folder / "model_self.pth")
    weights.refuse_unknown("self", folder)
    with pytest.raises(InputError, match="no model 'best'"):
        weights.refuse_unknown("best", folder)
    with pytest.raises(InputError, match="gone.onnx is missing"):
        weights.refuse_unknown(tmp_path / "gone.onnx", folder)
    assert "no model 'best'" in refused("inference.py", "none.edf", "--model", "best")


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


# ---- weights and their card ---------------------------------------------------------------------

CARD = {
    "architecture": "ECGCNN",
    "arguments": {},
    "input": {"mean": [0.1] * 187, "scale": [0.5] * 187},
    "classes": list("NSVFQ"),
}


def _state(value=1.0):
    import torch

    return {"fc.weight": torch.full((3, 2), value), "fc.bias": torch.zeros(3)}


def test_a_card_tells_which_weights_it_is_of(tmp_path):
    path = tmp_path / "model_self.pth"
    weights.save_weights(path, _state(), CARD)
    assert weights.load_card(path)["weights_sha256"] == artifacts.sha256(path)
    before = path.read_bytes()
    weights.save_weights(path, _state(2.0), CARD)
    assert weights.load_card(path)["weights_sha256"] == artifacts.sha256(path)
    weights.save_card(path, {**weights.load_card(path), "temperature": 2.0})
    path.write_bytes(before)
    with pytest.raises(InputError, match="model_self.json is the card of other weights"):
        weights.load_card(path)


def test_killed_between_card_and_weights(tmp_path, monkeypatch):
    """The weights of before are there, and the card holds for them, if it tells of the same
    network."""
    path = tmp_path / "model_self.pth"
    weights.save_weights(path, _state(), CARD)
    before = path.read_bytes()
    replace = os.replace

    def killed(source, target):
        if str(target).endswith(".pth"):
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", killed)
    for more, fits in (({"metrics": {"epoch": 2}}, True), ({"arguments": {"width": 3}}, False)):
        with pytest.raises(KeyboardInterrupt):
            weights.save_weights(path, _state(2.0), {**CARD, **more})
        assert path.read_bytes() == before and not list(tmp_path.glob(".*"))
        if fits:
            assert weights.load_card(path)["metrics"] == {"epoch": 2}
        else:
            with pytest.raises(InputError, match="the card of other weights"):
                weights.load_card(path)


def test_cards_of_earlier_versions_tell_nothing_of_the_weights(tmp_path):
    path = tmp_path / "model_self.pth"
    weights.save_weights(path, _state(), CARD)
    artifacts.save_json(weights.card_path(path), CARD)
    assert weights.load_card(path)["manifest"] == {}


def test_an_onnx_file_of_other_weights(tmp_path):
    path = tmp_path / "model_self.pth"
    weights.save_weights(path, _state(), CARD)
    told = weights.of_weights(path, CARD)
    for name in ("ecg_model_self.onnx", "ecg_model_self_raw.onnx", "ecg_model_self_raw_int8.onnx"):
        assert weights.behind(tmp_path / name) == path
        assert weights.why_stale(tmp_path / name, told) is None
    onnx = weights.onnx_path(path)
    assert "does not tell whether" in weights.why_stale(onnx, CARD)
    weights.save_weights(path, _state(2.0), CARD)
    assert "made from other weights than model_self.pth" in weights.why_stale(onnx, told)
    path.unlink()
    assert weights.why_stale(onnx, told) is None  # it is all there is


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t * math.nan, "fc.weight holds NaN"),
        (lambda t: t / 0, "fc.weight holds NaN, infinity"),
        (lambda t: t.to_sparse(), "fc.weight is no plain tensor"),
        (lambda t: t.to("meta"), "fc.weight is no plain tensor"),
        (lambda t: t[0, :1].expand(10**9), "fc.weight is larger than the file"),
        (lambda t: t + 1j, "fc.weight holds NaN, infinity or complex"),
        (lambda t: [1, 2], "something else than a plain state_dict"),
    ],
)
def test_tensors_that_are_no_weights(tmp_path, change, told):
    import torch

    path = tmp_path / "model_self.pth"
    torch.save({**_state(), "fc.weight": change(_state()["fc.weight"])}, path)
    with pytest.raises(InputError, match=told):
        weights.load_state(path)


def test_a_damaged_file_is_refused_wherever_it_is_damaged(tmp_path):
    path = tmp_path / "model_self.pth"
    weights.save_weights(path, _state(), CARD)
    raw = path.read_bytes()
    for length in (0, 1, 4, 30, len(raw) // 2, len(raw) - 1):
        path.write_bytes(raw[:length])
        with pytest.raises(InputError, match="no weights file"):
            weights.load_state(path)


def test_shipped_files_are_of_each_other(home):
    """Cards of the weights beside them, ONNX files of the weights beside them."""
    import onnx

    shipped = home / "weight" / "shipped"
    for path in shipped.glob("model_*.pth"):
        card = json.loads(weights.card_path(path).read_text())
        assert card["weights_sha256"] == artifacts.sha256(path), path.name
        file = weights.onnx_path(path)
        if file.exists():
            told = {each.key: each.value for each in onnx.load(str(file)).metadata_props}
            assert json.loads(told["card"])["weights_sha256"] == artifacts.sha256(path), file.name


def test_a_history_that_is_none(tmp_path):
    artifacts.save_json(tmp_path / "history_self.json", {"train_loss": "falls"})
    with pytest.raises(InputError, match="history_self.json: history.train_loss is 'falls'"):
        weights.history_of("model_self.pth", tmp_path)
