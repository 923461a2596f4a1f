"""ECGCNN_Deep: four convolutions and a wide dense head.

One row of 187 samples in, five logits out.
"""

import torch
from torch import nn

from ecg.beats import CLASSES, WIDTH
from ecg.networks import as_channels, parameter_count


class AveragePool(nn.Module):
    """Adaptive average pooling from `before` to `after` samples, as a product with a constant
    matrix: what nn.AdaptiveAvgPool1d computes, in a form that ONNX has also where `before` is no
    multiple of `after`."""

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
    """Four times Conv-BN-ReLU-Pool2 (32, 64, 128, 256 channels), average pooling to 8, Linear
    512-ReLU-Dropout, Linear 5.

    input_shape: (samples, channels) of a row. forward takes (N, 187), (N, 187, 1) or (N, 1, 187),
    standardised with the model card's mean and scale, and returns logits (N, num_classes). Raises
    ValueError for any other shape."""

    def __init__(
        self,
        input_shape: tuple[int, int] = (WIDTH, 1),
        num_classes: int = len(CLASSES),
        dropout_rate: float = 0.5,
    ):
        super().__init__()
        self.width, self.channels = input_shape
        self.conv1 = self._stage(self.channels, 32, 5)
        self.conv2 = self._stage(32, 64, 3)
        self.conv3 = self._stage(64, 128, 3)
        self.conv4 = self._stage(128, 256, 3)
        self.pool = AveragePool(self.width // 16, 8)
        self.fc1 = nn.Linear(256 * 8, 512)
        self.dropout = nn.Dropout(dropout_rate)
        self.fc2 = nn.Linear(512, num_classes)

    @staticmethod
    def _stage(before, after, kernel):
        return nn.Sequential(
            nn.Conv1d(before, after, kernel, padding=kernel // 2),
            nn.BatchNorm1d(after),
            nn.ReLU(),
            nn.MaxPool1d(2),
        )

    def layers(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of rows (N, channels, width)."""
        x = self.pool(self.conv4(self.conv3(self.conv2(self.conv1(x)))))
        return self.fc2(self.dropout(torch.relu(self.fc1(x.flatten(1)))))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(as_channels(x, self.width, self.channels))


if __name__ == "__main__":
    model = ECGCNN_Deep()
    print(model, f"\n{parameter_count(model):,} parameters")
    print("logits:", tuple(model(torch.zeros(1, WIDTH, 1)).shape))
