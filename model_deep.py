"""ECGCNN_Deep: four convolutions and a wide dense head, 1,182,277 parameters.

One row of 187 samples in, five logits out. Layers and their names are the tutorial's, so weights go
either way.
"""

import torch
from torch import nn

from ecg.beats import CLASSES, WIDTH
from ecg.networks import as_channels, parameter_count

POOLED = 8  # samples of a row that the dense head sees


class AveragePool(nn.Module):
    """Adaptive average pooling from `before` to `after` samples, as a product with a constant
    matrix: what nn.AdaptiveAvgPool1d computes, in a form that ONNX has also where `before` is no
    multiple of `after`."""

    matrix: torch.Tensor  # (before, after)

    def __init__(self, before: int, after: int):
        super().__init__()
        matrix = torch.zeros(before, after)
        for i in range(after):
            start, stop = i * before // after, -(-(i + 1) * before // after)
            matrix[start:stop, i] = 1 / (stop - start)
        self.register_buffer("matrix", matrix, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.matrix.to(x.dtype)


class ECGCNN_Deep(nn.Module):
    """Three times Conv-BN-ReLU-Pool2 (32, 64, 128 channels), Conv-BN-ReLU (256 channels), average
    pooling to 8 samples, Linear 512-ReLU-Dropout, Linear 5.

    dropout_rate: of the dense layer. input_shape: (samples, channels) of a row. fourth_pooling:
    the fourth convolution is pooled by 2 as well before the average, which was this class in
    version 1 and is another network. forward takes (N, 187), (N, 187, 1) or (N, 1, 187),
    standardised with the model card's mean and scale, and returns logits (N, num_classes). Raises
    ValueError for any other shape."""

    def __init__(
        self,
        num_classes: int = len(CLASSES),
        *,
        dropout_rate: float = 0.5,
        input_shape: tuple[int, int] = (WIDTH, 1),
        fourth_pooling: bool = False,
    ):
        super().__init__()
        self.width, self.channels = input_shape
        last: nn.Module = AveragePool(self.width // 8, POOLED)
        if fourth_pooling:
            last = nn.Sequential(nn.MaxPool1d(2), AveragePool(self.width // 16, POOLED))
        self.features = nn.Sequential(
            *self._stage(self.channels, 32, 5, nn.MaxPool1d(2)),
            *self._stage(32, 64, 3, nn.MaxPool1d(2)),
            *self._stage(64, 128, 3, nn.MaxPool1d(2)),
            *self._stage(128, 256, 3, last),
        )
        self.classifier = nn.Sequential(
            nn.Linear(256 * POOLED, 512),
            nn.ReLU(),
            nn.Dropout(dropout_rate),
            nn.Linear(512, num_classes),
        )

    @staticmethod
    def _stage(before: int, after: int, kernel: int, pool: nn.Module) -> tuple[nn.Module, ...]:
        convolution = nn.Conv1d(before, after, kernel, padding=kernel // 2)
        return convolution, nn.BatchNorm1d(after), nn.ReLU(), pool

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.features(as_channels(x, self.width, self.channels))
        return self.classifier(x.flatten(1))

    @staticmethod
    def arguments_of(state: dict[str, torch.Tensor]) -> dict:
        """What the names in a state_dict tell of the network's arguments: version 1's are its
        own, and so was its network."""
        return {"fourth_pooling": True} if "conv1.0.weight" in state else {}

    def convert_state(self, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """`state` under our names, which are the tutorial's, where it is version 1's."""
        if "conv1.0.weight" not in state:
            return state
        places = {"fc1": "classifier.0", "fc2": "classifier.3"}
        places |= {f"conv{i + 1}.{k}": f"features.{4 * i + k}" for i in range(4) for k in (0, 1)}
        parts = ((key.rpartition("."), value) for key, value in state.items())
        return {f"{places.get(layer, layer)}.{name}": value for (layer, _, name), value in parts}


if __name__ == "__main__":
    model = ECGCNN_Deep()
    print(model, f"\n{parameter_count(model):,} parameters")
    print("logits:", tuple(model(torch.zeros(1, WIDTH, 1)).shape))
