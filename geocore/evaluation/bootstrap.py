"""Intervals by drawing the photos again and again: what another sample could have given.

Stage: evaluation. It must not know what the figures mean.

Resamples depend on the number of photos and the seed alone. Heads measured on the same photos in
the same order thus meet the same resamples (paired), and a difference between heads is as sure as
their shared photos make it.

Source: Efron 1979, percentile interval.
"""

from collections.abc import Iterator, Mapping

import numpy as np

N_BOOTSTRAP = 1000
SEED = 42
CHUNK_SIZE = 2_000_000
"""Photo draws held in memory at once (about 50 MB), however many photos and resamples there are."""


def resamples(
    n_photos: int, n_bootstrap: int = N_BOOTSTRAP, seed: int = SEED
) -> Iterator[np.ndarray]:
    """Rows of photo indices drawn with replacement, in chunks: int64 (n_in_chunk, n_photos).

    Raises:
        ValueError: no photo or no resample.
    """
    if n_photos < 1 or n_bootstrap < 1:
        raise ValueError(
            "A bootstrap needs at least one photo and one resample, "
            f"received n_photos {n_photos} and n_bootstrap {n_bootstrap}."
        )
    rng = np.random.default_rng(seed)
    step = max(1, CHUNK_SIZE // n_photos)
    for start in range(0, n_bootstrap, step):
        yield rng.integers(n_photos, size=(min(step, n_bootstrap - start), n_photos))


def resampled_sums(columns: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Sum of every column over every resample, by counting how often each photo was drawn.

    Args:
        columns: float (n_photos, n_columns), one value per photo.
        draws: int (n_resamples, n_photos), from `resamples`.

    Returns:
        float64 (n_resamples, n_columns).
    """
    return np.einsum("rp,pc->rc", _counts(draws).astype(np.float64), columns)


def resampled_medians(values: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Median of one value per photo over every resample, float64 (n_resamples,).

    The values are sorted once; the middle of a resample is where its counts reach the half.

    Args:
        values: float (n_photos,).
        draws: int (n_resamples, n_photos), from `resamples`.
    """
    n_photos, order = len(values), np.argsort(values)
    reached = np.cumsum(_counts(draws)[:, order], axis=1)
    middles = [np.argmax(reached > half, axis=1) for half in ((n_photos - 1) // 2, n_photos // 2)]
    return values[order][np.stack(middles)].mean(axis=0)


def _counts(draws: np.ndarray) -> np.ndarray:
    """How often each photo was drawn, int64 (n_resamples, n_photos).

    Sums are then taken by einsum: the threads of a matrix product wait for each other, which on a
    busy machine takes many times longer than the sums themselves.
    """
    return np.stack([np.bincount(row, minlength=draws.shape[1]) for row in draws])


def figure(value: float, resampled: np.ndarray) -> dict:
    """One figure of a report: `{"value": .., "ci95": [low, high]}`.

    All three are None where it cannot be computed; resamples in which it cannot do not count.
    """
    resampled = resampled[np.isfinite(resampled)]
    if not np.isfinite(value) or resampled.size == 0:
        return {"value": None, "ci95": [None, None]}
    low, high = np.percentile(resampled, [2.5, 97.5])
    return {"value": float(value), "ci95": [float(low), float(high)]}


def mean_figure(values: np.ndarray, *, n_bootstrap: int = N_BOOTSTRAP, seed: int = SEED) -> dict:
    """Mean of one value per photo with its interval, e.g. of the difference between two heads.

    Args:
        values: float (n_photos,); NaN where a photo does not count.
        n_bootstrap: number of resamples.
        seed: of the draws.
    """
    return mean_figures({"": values}, n_bootstrap=n_bootstrap, seed=seed)[""]


def mean_figures(
    values: Mapping[str, np.ndarray], *, n_bootstrap: int = N_BOOTSTRAP, seed: int = SEED
) -> dict[str, dict]:
    """`mean_figure` of several values of the same photos, which are drawn once for all of them."""
    table = np.column_stack([np.asarray(column, dtype=np.float64) for column in values.values()])
    counts = ~np.isnan(table)
    columns = np.hstack([np.where(counts, table, 0.0), counts])
    sums = np.concatenate(
        [resampled_sums(columns, draws) for draws in resamples(len(table), n_bootstrap, seed)]
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.divide(*np.split(columns.sum(axis=0), 2))
        resampled = np.divide(*np.hsplit(sums, 2))
    return {name: figure(means[i], resampled[:, i]) for i, name in enumerate(values)}
