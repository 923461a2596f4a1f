"""The networks that judge the signal, beside the one that labels its beats: what is noise, what is
ventricular fibrillation, which rhythm it is."""

from pathlib import Path
from typing import Any, NamedTuple

from ecg import quality
from ecg.rhythm import fibrillation, network


class SignalModels(NamedTuple):
    """Each an onnxruntime.InferenceSession with its card, a sentence that says why there is none,
    or None: it is not to be asked. noise: of ecg/quality; fibrillation, rhythm: of ecg/rhythm."""

    noise: Any = None
    fibrillation: Any = None
    rhythm: Any = None

    def missing(self) -> list[str]:
        """What there is to say about those of fibrillation and rhythm that are not there."""
        return [each for each in self[1:] if isinstance(each, str)]


NONE = SignalModels()


def open_signal_models(weight: str | Path = "weight") -> SignalModels:
    """Those of a folder of weights, or the shipped ones. Raises InputError for a damaged file."""
    return SignalModels(
        quality.model_or_note(weight),
        fibrillation.model_or_note(weight),
        network.model_or_note(weight),
    )
