"""Rows to train on."""

import pytest

from tests.training_rows import write_rows


@pytest.fixture(scope="session")
def rows(tmp_path_factory):
    """A data folder that no test changes."""
    return write_rows(tmp_path_factory.mktemp("rows") / "data")
