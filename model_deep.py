"""ECGCNN_Deep: four convolutions and a wide dense head. One row of 187 samples in, five logits out."""
import torch
from torch import nn

from ecg.beats import CLASS_NAMES, WIDTH
from models import as_channels, parameter_count


class AveragePool(nn.Module):
    """Adaptive average pooling from `before` to `after` samples, as a product with a constant matrix: the same numbers as
    nn.AdaptiveAvgPool1d, in a form that ONNX has also where `before` is no multiple of `after`."""

    def __init__(self, before, after):
        super().__init__()
        matrix = torch.zeros(before, after)
        for i in range(after):
            start, stop = i * before // after, -(-(i + 1) * before // after)
            matrix[start:stop, i] = 1 / (stop - start)
        self.register_buffer("matrix", matrix, persistent=False)

    def forward(self, x):
        return x @ self.matrix.to(x.dtype)


class ECGCNN_Deep(nn.Module):
    """Four times Conv-BN-ReLU-Pool2 (32, 64, 128, 256 channels), average pooling to 8, Linear 512-ReLU-Dropout, Linear 5.

    input_shape: (samples, channels) of a row. forward takes (N, 187), (N, 187, 1) or (N, 1, 187), standardised with the
    model card's mean and scale, and returns logits (N, num_classes). Raises ValueError for any other shape."""

    def __init__(self, input_shape=(WIDTH, 1), num_classes=len(CLASS_NAMES), dropout_rate=0.5):
        super().__init__()
        self.width, self.channels = input_shape
        sizes, length = (self.channels, 32, 64, 128, 256), self.width
        for i, kernel in enumerate((5, 3, 3, 3)):
            setattr(self, f"conv{i + 1}", nn.Sequential(nn.Conv1d(sizes[i], sizes[i + 1], kernel, padding=kernel // 2),
                                                        nn.BatchNorm1d(sizes[i + 1]), nn.ReLU(), nn.MaxPool1d(2)))
            length //= 2
        self.pool = AveragePool(length, 8)
        self.fc1 = nn.Linear(256 * 8, 512)
        self.dropout = nn.Dropout(dropout_rate)
        self.fc2 = nn.Linear(512, num_classes)

    def layers(self, x):
        x = self.pool(self.conv4(self.conv3(self.conv2(self.conv1(x)))))
        return self.fc2(self.dropout(torch.relu(self.fc1(x.flatten(1)))))

    def forward(self, x):
        return self.layers(as_channels(x, self.width, self.channels))


if __name__ == "__main__":
    model = ECGCNN_Deep()
    print(model, f"\n{parameter_count(model):,} parameters")
    print("logits:", tuple(model(torch.zeros(1, WIDTH, 1)).shape))
