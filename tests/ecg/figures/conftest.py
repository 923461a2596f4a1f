"""What the tests of figures draw."""

import matplotlib.pyplot as plt
import pytest

from ecg.synthetic import synthetic_recording
from tests.small_data import write_small_data

FS = 360


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def made():
    return synthetic_recording(60, FS, seed=2, shares={"S": 0.1, "V": 0.15, "F": 0.05})


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A small data/processed_data with manifest and a file of predictions: (folder, file, table,
    test rows)."""
    return write_small_data(tmp_path_factory.mktemp("data"))
