"""Running statistics over the beats of a window, and statistics of the rows of cut beats."""

import numpy as np
from scipy import ndimage

# ---- over beats ---------------------------------------------------------------------------------


def rolling_windows(values: np.ndarray, n: int) -> np.ndarray:
    """Windows of n values (odd or even) centred on each of m values, as a view (m, n); the ends are
    mirrored."""
    return np.lib.stride_tricks.sliding_window_view(
        np.pad(values, (n // 2, n - 1 - n // 2), mode="symmetric"), n
    )


def running_percentile(values: np.ndarray, n: int, percent: float) -> np.ndarray:
    """Percentile of the n values around each of m values, (m,); the ends are mirrored."""
    if n <= len(values):
        return ndimage.percentile_filter(values, percent, size=n, mode="reflect")
    # SciPy 1.17 reads beyond the ends of fewer values than its window now and then
    mirrored = np.pad(values, n, mode="symmetric")
    return ndimage.percentile_filter(mirrored, percent, size=n, mode="reflect")[n:-n]


def running_median(values: np.ndarray, n: int) -> np.ndarray:
    """Median of the n values around each of m values, (m,); the ends are mirrored."""
    return running_percentile(values, n, 50)


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
