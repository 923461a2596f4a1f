"""Time by step: functions of the library, watched where they are called."""

import functools
from collections import defaultdict
from collections.abc import Callable
from types import ModuleType

import numpy as np

from benchmarks.holter_parts.common import clocks
from ecg import archive, artifacts, beat_table, formats, labelling, notes, prediction, quality
from ecg.context import classify

# (module that calls the function by this name, name, step)
WATCHED = (
    (formats, "read_recording", "read the files"),
    (labelling, "find_beats_in_leads", "R peaks"),
    (labelling, "remove_strong_hum", "mains hum"),
    (labelling, "turn_upright", "lead turned, or strange"),
    (notes, "unlike_training", "lead turned, or strange"),
    (labelling, "find_fibrillation", "ventricular fibrillation"),
    (beat_table, "extract_beats", "cut rows"),
    (quality, "judge", "noise"),
    (prediction, "logits", "network"),
    (classify, "describe_and_find_paced", "compare with own patient"),
    (classify, "describe", "compare with own patient"),
    (classify, "context_logits", "network"),
    (labelling, "tell_rhythm", "rhythm"),
    (labelling, "summarise", "summary"),
    (archive, "as_csv", "write"),
    (archive, "write_labels", "write"),
    (artifacts, "save_text", "write"),
    (artifacts, "save_json", "write"),
)


class Steps:
    """Wall and CPU seconds of each step, without what it calls that is a step itself."""

    def __init__(self):
        self.seconds: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(2))
        # of each step that is running: seconds of the steps that it has called
        self._inner: list[np.ndarray] = []

    def timed(self, step: str, function: Callable) -> Callable:
        """`function`, its time counted for `step`."""

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            self._inner.append(np.zeros(2))
            start = clocks()
            try:
                return function(*args, **kwargs)
            finally:
                spent = clocks() - start
                self.seconds[step] += spent - self._inner.pop()
                if self._inner:
                    self._inner[-1] += spent

        return wrapper

    def watch(self, module: ModuleType, name: str, step: str) -> None:
        """Count the time of `module.name` for `step`, for good."""
        setattr(module, name, self.timed(step, getattr(module, name)))

    def watch_all(self) -> None:
        for module, name, step in WATCHED:
            self.watch(module, name, step)
