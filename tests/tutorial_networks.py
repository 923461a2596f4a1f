"""The tutorial's classes, written down from their layers: weights must go either way."""

from torch import nn


class ECGCNN(nn.Module):
    def __init__(self, input_shape=(187, 1), num_classes=5, dropout_rate=0.5):
        super().__init__()
        self.conv1 = nn.Sequential(
            nn.Conv1d(1, 32, 5), nn.BatchNorm1d(32), nn.ReLU(), nn.MaxPool1d(2)
        )
        self.conv2 = nn.Sequential(
            nn.Conv1d(32, 64, 3), nn.BatchNorm1d(64), nn.ReLU(), nn.MaxPool1d(2)
        )
        self.conv3 = nn.Sequential(
            nn.Conv1d(64, 128, 3), nn.ReLU(), nn.Dropout(0.3), nn.MaxPool1d(2)
        )
        self.fc1 = nn.Sequential(nn.Linear(2688, 128), nn.ReLU(), nn.Dropout(dropout_rate))
        self.fc2 = nn.Sequential(nn.Linear(128, num_classes))

    def forward(self, x):
        return self.fc2(self.fc1(self.conv3(self.conv2(self.conv1(x))).flatten(1)))


class ECGCNN_Deep(nn.Module):
    def __init__(self, num_classes=5):
        super().__init__()
        layers = []
        for before, after, kernel in ((1, 32, 5), (32, 64, 3), (64, 128, 3), (128, 256, 3)):
            convolution = nn.Conv1d(before, after, kernel, padding=kernel // 2)
            pool = nn.MaxPool1d(2) if after < 256 else nn.AdaptiveAvgPool1d(8)
            layers += [convolution, nn.BatchNorm1d(after), nn.ReLU(), pool]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(2048, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, num_classes)
        )

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class _Block(nn.Module):
    """torchvision's BasicBlock."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.downsample = None
        if stride > 1:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after)
            )

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class PretrainedResNet1D(nn.Module):
    """torchvision's ResNet18 without its last layer inside an nn.Sequential."""

    def __init__(self, num_classes=5, freeze_backbone=False):
        super().__init__()
        widths = ((64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2))
        stages = (
            nn.Sequential(_Block(before, after, stride), _Block(after, after, 1))
            for before, after, stride in widths
        )
        self.model = nn.Sequential(
            nn.Conv2d(1, 64, (7, 1), (2, 1), (3, 0), bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
            *stages,
            nn.AdaptiveAvgPool2d(1),
        )
        self.fc = nn.Linear(512, num_classes)

    def forward(self, x):
        x = x.unsqueeze(1) if x.dim() == 2 else x
        return self.fc(self.model(x.unsqueeze(-1)).flatten(1))
