"""The context network over described beats, PyTorch and ONNX."""

import json

import numpy as np
import pytest

from ecg import artifacts, context
from ecg.artifacts import InputError
from ecg.beats import CLASSES
from ecg.context import classify
from tests.patient import synthetic_patient


def test_onnx_equals_pytorch(small, small_onnx):
    import onnxruntime as ort

    session = ort.InferenceSession(str(small_onnx), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for count in (1, 2, 63, 5000):
        features = rng.standard_normal((count, len(context.FEATURE_NAMES))).astype(np.float32)
        a, b = (context.network_logits(model, features) for model in (small, session))
        assert np.abs(a - b).max() < 1e-4
    whole = session.run(None, {"numbers": features[None]})[0][0]
    assert np.abs(b - whole).max() < 1e-4  # blocks must not show at their seams
    assert json.loads(session.get_modelmeta().custom_metadata_map["card"])["temperature"] == 1.5


def test_classify_without_torch(small, small_onnx, run, tmp_path):
    ecg, peaks, _ = synthetic_patient(60)
    np.savez(tmp_path / "in.npz", ecg=ecg, peaks=peaks)
    script = tmp_path / "use.py"
    script.write_text(
        "import sys\n"
        "class Without:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name.split('.')[0] == 'torch':\n"
        "            raise ImportError('torch is not installed here')\n"
        "sys.meta_path.insert(0, Without())\n"
        f"sys.path.insert(0, {str(artifacts.HOME)!r})\n"
        "import numpy as np, onnxruntime as ort\n"
        "from ecg.context import classify_beats\n"
        f"d = np.load({str(tmp_path / 'in.npz')!r})\n"
        f"session = ort.InferenceSession({str(small_onnx)!r})\n"
        "p = classify_beats(session, d['ecg'], 250, d['peaks'])[0]\n"
        f"np.save({str(tmp_path / 'out.npy')!r}, p)\n"
    )
    run(script, process=True)
    found = np.load(tmp_path / "out.npy")
    assert found.shape == (len(peaks), len(CLASSES)) and np.allclose(found.sum(axis=1), 1)
    assert np.abs(found - context.classify_beats(small, ecg, 250, peaks)[0]).max() < 1e-5


def test_among_artefacts_a_v_has_to_be_surer():
    """Where electrodes move, what looks a little like a V beat is none."""
    p = np.full((200, 5), 0.01)  # N S V F, no beat
    p[:, 0] = 0.96
    p[100:140] = [0.76, 0.02, 0.01, 0.01, 0.20]
    p[[20, 120]] = [0.20, 0.05, 0.60, 0.05, 0.10]
    p[130] = [0.02, 0.02, 0.90, 0.02, 0.04]
    lost = np.flatnonzero(classify._artefacts(np.log(p)))
    assert lost.tolist() == [120]  # 20 is among beats, 130 is sure
    p[50] = [0.3, 0.0001, 0.0001, 0.0001, 0.6997]
    assert np.flatnonzero(classify._artefacts(np.log(p))).tolist() == [50, 120]
    assert not classify._artefacts(np.log(p[:, :4])).any()  # a network that knows no artefacts


def test_missing_beats_are_not_guessed(small):
    ecg, peaks, _ = synthetic_patient(60)
    ecg[peaks[10] - 5 : peaks[10] + 5] = np.nan
    is_q = context.classify_beats(small, ecg, 250, peaks)[0][:, CLASSES.index("Q")]
    assert is_q[10] == 1 and (np.delete(is_q, 10) == 0).all()


def test_features_of_another_version_are_refused(small, monkeypatch):
    monkeypatch.setattr(small, "card", {**small.card, "input": {"names": ["something"]}})
    with pytest.raises(InputError, match="train it again"):
        context.classify_beats(small, np.zeros(1000), 250, [100, 300])
