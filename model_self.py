"""ECGCNN: three convolutions and a small dense head, 376,133 parameters.

One row of 187 samples in, five logits out.
"""

import torch
from torch import nn

from ecg.beats import CLASSES, WIDTH
from ecg.networks import as_channels, parameter_count


class ECGCNN(nn.Module):
    """Conv(c,32,5)-BN-ReLU-Pool2, Conv(32,64,3)-BN-ReLU-Pool2, Conv(64,128,3)-ReLU-Dropout-Pool2,
    Linear 128, Linear 5.

    input_shape: (samples, channels) of a row. forward takes (N, 187), (N, 187, 1) or (N, 1, 187),
    standardised with the model card's mean and scale, and returns logits (N, num_classes). Raises
    ValueError for any other shape."""

    def __init__(
        self,
        input_shape: tuple[int, int] = (WIDTH, 1),
        num_classes: int = len(CLASSES),
        dropout_rate: float = 0.3,
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
            nn.Conv1d(64, 128, 3), nn.ReLU(), nn.Dropout(dropout_rate), nn.MaxPool1d(2)
        )
        flat = 128 * ((((self.width - 4) // 2 - 2) // 2 - 2) // 2)
        self.fc1 = nn.Linear(flat, 128)
        self.dropout = nn.Dropout(dropout_rate)
        self.fc2 = nn.Linear(128, num_classes)

    def layers(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of rows (N, channels, width)."""
        x = self.conv3(self.conv2(self.conv1(x)))
        return self.fc2(self.dropout(torch.relu(self.fc1(x.flatten(1)))))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(as_channels(x, self.width, self.channels))

    def convert_state(self, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """`state` with its dense layers under our names: whoever trained this network may have
        called them otherwise (`fc.0`, `classifier.1`). Their shapes tell which is which; the
        convolutions' names are one and the same."""
        ours = self.state_dict()
        named = {key: value for key, value in state.items() if key in ours}
        missing = {key: tuple(value.shape) for key, value in ours.items() if key not in named}
        others = {tuple(value.shape): value for key, value in state.items() if key not in named}
        if len(others) != len(state) - len(named) or set(others) != set(missing.values()):
            return state
        return named | {key: others[shape] for key, shape in missing.items()}


if __name__ == "__main__":
    model = ECGCNN()
    print(model, f"\n{parameter_count(model):,} parameters")
    print("logits:", tuple(model(torch.zeros(1, WIDTH, 1)).shape))
