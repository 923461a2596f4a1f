"""Running statistics over the beats of a window, and statistics of the rows of cut beats."""

import numpy as np
from scipy import ndimage

# up to so many values in all windows sorting each takes less time than SciPy's filter to set out
FEW = 20_000

# ---- over beats ---------------------------------------------------------------------------------


def rolling_windows(values: np.ndarray, n: int) -> np.ndarray:
    """Windows of n values (odd or even) centred on each of m values (..., m), as a view (..., m,
    n); the ends are mirrored."""
    m = values.shape[-1]
    at = np.arange(-(n // 2), m + n - 1 - n // 2) % (2 * m)
    mirrored = values[..., np.minimum(at, 2 * m - 1 - at)]
    return np.lib.stride_tricks.sliding_window_view(mirrored, n, axis=-1)


def running_percentile(values: np.ndarray, n: int, percent: float) -> np.ndarray:
    """Percentile of the n values around each of m values, (m,); the ends are mirrored."""
    if 0 < len(values) * n <= FEW and percent < 100:
        return _ranked(values, n, percent)
    if n <= len(values):
        return ndimage.percentile_filter(values, percent, size=n, mode="reflect")
    # SciPy 1.17 reads beyond the ends of fewer values than its window now and then
    mirrored = np.pad(values, n, mode="symmetric")
    return ndimage.percentile_filter(mirrored, percent, size=n, mode="reflect")[n:-n]


def running_median(values: np.ndarray, n: int) -> np.ndarray:
    """Median of the n values around each of m values, (m,); the ends are mirrored."""
    return running_percentile(values, n, 50)


def running_medians(rows: np.ndarray, n: int) -> np.ndarray:
    """`running_median` of each row of (k, m)."""
    if 0 < rows.shape[1] * n <= FEW:
        return _ranked(rows, n, 50)
    return np.array([running_median(row, n) for row in rows])


def _ranked(values, n, percent):
    """`running_percentile` by sorting, of values (..., m)."""
    rank = int(n * percent / 100)
    return np.partition(rolling_windows(values, n), rank, axis=-1)[..., rank]


def running_mean(values: np.ndarray, n: int) -> np.ndarray:
    """Mean of the n values around each of m values, (m,); the ends are mirrored."""
    return ndimage.uniform_filter1d(values, n, mode="reflect")


def running_share(is_so: np.ndarray, n: int) -> np.ndarray:
    """Share of the n beats around each beat that are so, 0..1 (m,); is_so: bool (m,)."""
    return running_mean(is_so.astype(float), n)


def shifted(values: np.ndarray, lag: int) -> np.ndarray:
    """values[k + lag] for every k; beyond the ends the end value."""
    return values[np.clip(np.arange(len(values)) + lag, 0, len(values) - 1)]


# ---- of rows ------------------------------------------------------------------------------------


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows (m, n) divided by their Euclidean norm; a row of zeros stays one."""
    return rows / (np.sqrt((rows * rows).sum(axis=1, keepdims=True)) + 1e-9)


def without_mean(rows: np.ndarray) -> np.ndarray:
    """Rows (m, n) less their means."""
    return rows - rows.mean(axis=1, keepdims=True)


def row_percentiles(rows: np.ndarray, percents: list[float]) -> np.ndarray:
    """np.percentile(rows, percents, axis=1), (len(percents), m) of rows (m, n), for many short
    ones."""
    ordered, last = np.sort(rows, axis=1), rows.shape[1] - 1
    at = np.array(percents) / 100 * last
    low = np.floor(at).astype(np.int64)
    a, b = ordered[:, low], ordered[:, np.minimum(low + 1, last)]
    part = at - low
    return np.where(part < 0.5, a + (b - a) * part, b - (b - a) * (1 - part)).T


def correlation(a: np.ndarray, b: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Row-wise Pearson correlation of (m, n) arrays, (m,); 0 where a row is constant.

    mask (m, n) of 0 and 1 leaves samples out."""
    if mask is None:
        a, b = without_mean(a), without_mean(b)
    else:
        count = np.maximum(mask.sum(axis=1, keepdims=True), 1)
        a, b = ((v - np.einsum("ij,ij->i", v, mask)[:, None] / count) * mask for v in (a, b))
    return np.einsum("ij,ij->i", a, b) / (
        np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b)) + 1e-9
    )


def rms(rows: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Root mean square of each row of (m, n), (m,); mask (m, n) of 0 and 1 leaves samples out."""
    if mask is None:
        return np.sqrt(np.einsum("ij,ij->i", rows, rows) / rows.shape[1])
    return np.sqrt(np.einsum("ij,ij->i", rows * mask, rows) / np.maximum(mask.sum(axis=1), 1))
