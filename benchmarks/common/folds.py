"""The networks of a cross-validation, each of which never saw a part of the records: see
ecg/training/context_folds.py."""

from pathlib import Path

import models
from ecg.training.context_folds import ContextFolds


class Folds(ContextFolds):
    """The context networks in a folder. Raises InputError where there are none."""

    def __init__(self, folder: str | Path):
        super().__init__(folder, lambda path: models.load_context(path)[0])
