"""ECGCNN: three convolutions and a small dense head, 376,133 parameters.

One row of 187 samples in, five logits out. Layers, their names and their dropout are the
tutorial's, so weights go either way.
"""

import torch
from torch import nn

from ecg.beats import CLASSES, WIDTH
from ecg.networks import as_channels, parameter_count, renamed_by_shape


class ECGCNN(nn.Module):
    """Conv(c,32,5)-BN-ReLU-Pool2, Conv(32,64,3)-BN-ReLU-Pool2, Conv(64,128,3)-ReLU-Dropout-Pool2,
    Linear 128-ReLU-Dropout, Linear 5.

    input_shape: (samples, channels) of a row. dropout_rate: of the dense layer; the third
    convolution's is 0.3. forward takes (N, 187), (N, 187, 1) or (N, 1, 187), standardised with the
    model card's mean and scale, and returns logits (N, num_classes). Raises ValueError for any
    other shape."""

    def __init__(
        self,
        input_shape: tuple[int, int] = (WIDTH, 1),
        num_classes: int = len(CLASSES),
        dropout_rate: float = 0.5,
    ):
        super().__init__()
        self.width, self.channels = input_shape
        self.conv1 = nn.Sequential(
            nn.Conv1d(self.channels, 32, 5), nn.BatchNorm1d(32), nn.ReLU(), nn.MaxPool1d(2)
        )
        self.conv2 = nn.Sequential(
            nn.Conv1d(32, 64, 3), nn.BatchNorm1d(64), nn.ReLU(), nn.MaxPool1d(2)
        )
        self.conv3 = nn.Sequential(
            nn.Conv1d(64, 128, 3), nn.ReLU(), nn.Dropout(0.3), nn.MaxPool1d(2)
        )
        flat = 128 * ((((self.width - 4) // 2 - 2) // 2 - 2) // 2)
        self.fc1 = nn.Sequential(nn.Linear(flat, 128), nn.ReLU(), nn.Dropout(dropout_rate))
        self.fc2 = nn.Sequential(nn.Linear(128, num_classes))

    def _forward_features(self, x: torch.Tensor) -> torch.Tensor:
        """What the dense layers see of rows (N, channels, width): (N, 2688)."""
        return self.conv3(self.conv2(self.conv1(x))).flatten(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self._forward_features(as_channels(x, self.width, self.channels))
        return self.fc2(self.fc1(x))

    def convert_state(self, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """`state` with its dense layers under our names: whoever trained this network may have
        called them otherwise (`fc1.weight` in version 1, `fc.0`, `classifier.1`)."""
        return renamed_by_shape(state, self.state_dict())


if __name__ == "__main__":
    model = ECGCNN()
    print(model, f"\n{parameter_count(model):,} parameters")
    print("logits:", tuple(model(torch.zeros(1, WIDTH, 1)).shape))
