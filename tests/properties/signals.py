"""What the properties are tried on: signals of any content, at any rate, in any pieces.

Hypothesis draws how a signal is made, not its samples: what fails is told as the few pieces that
make it fail. The same examples are drawn each time."""

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

RATES = st.one_of(
    st.sampled_from([50.0, 100.0, 125.0, 250.0, 257.0, 360.0, 500.0, 1000.0, 2000.0]),
    st.floats(50, 2000, allow_nan=False),
)
KINDS = ("beats", "noise", "flat", "zero", "ramp", "steps", "square", "sine", "spike")
LOST = ("nan", "inf", "mixed")  # no sample at all
SCALES = (1.0, 1.0, 1.0, 1e-3, 1e3, 1e-9, 1e9)
LARGEST = (1e300, 1.7e308, -1e308, 5e-324)


def few(examples: int):
    """How often a property is tried, always with the same examples."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@st.composite
def signals(draw, longest=20.0, lost=True, scales=SCALES, fs=None):
    """(x (n,), fs): up to `longest` s of pieces of any kind, at fs Hz; also none at all.

    lost: whether nan and inf are among them. scales: what the samples are multiplied with."""
    fs = draw(RATES) if fs is None else fs
    kinds = KINDS + (LOST if lost else ())
    pieces = draw(
        st.lists(st.tuples(st.sampled_from(kinds), st.floats(0, longest / 3)), max_size=5)
    )
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    offset = draw(st.sampled_from([0.0, 0.0, 1.0, -300.0, 1e5]))
    parts = [_piece(kind, int(seconds * fs), fs, rng) for kind, seconds in pieces]
    x = np.concatenate([*parts, np.zeros(0)])[: int(longest * fs)]
    with np.errstate(all="ignore"):
        return (x + offset) * draw(st.sampled_from(scales)), fs


def _piece(kind, n, fs, rng):
    t = np.arange(n) / fs
    if kind == "beats":
        at = t % rng.uniform(0.3, 1.5)
        return np.exp(-0.5 * ((at - 0.2) / 0.012) ** 2) + 0.01 * rng.standard_normal(n)
    if kind == "mixed":
        return rng.choice([np.nan, np.inf, -np.inf, 0.0, 1.0], n)
    if kind == "spike":
        return np.where(rng.random(n) < 2 / max(n, 1), 100.0, 0.0)
    return {
        "noise": lambda: rng.standard_normal(n),
        "flat": lambda: np.full(n, rng.normal()),
        "zero": lambda: np.zeros(n),
        "ramp": lambda: np.linspace(-5, 5, n),
        "steps": lambda: np.round(rng.standard_normal(n)),
        "square": lambda: np.sign(np.sin(2 * np.pi * 1.2 * t)),
        "sine": lambda: np.sin(2 * np.pi * rng.choice([0.3, 8.0, 50.0]) * t),
        "nan": lambda: np.full(n, np.nan),
        "inf": lambda: np.full(n, rng.choice([np.inf, -np.inf])),
    }[kind]()


@st.composite
def extreme(draw, longest=400):
    """(n,) few samples, some of them at the ends of what a float holds."""
    values = st.one_of(
        st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(LARGEST), st.just(0.0)
    )
    tile = np.array(draw(st.lists(values, min_size=1, max_size=12)))
    return np.resize(tile, draw(st.integers(0, longest)))


def chunks(sizes, n):
    """Slices of n samples: of these sizes in turn, a thousand or two at most."""
    at, k, found = 0, 0, []
    while at < n:
        size = max(sizes[k % len(sizes)], 1 if at < 500 else n // 1000)
        found.append(slice(at, at + size))
        at, k = at + size, k + 1
    return found
