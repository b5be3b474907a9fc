"""Every figure of a report, each with its interval, from the probs and points of held-out photos.

Stage: evaluation. It must not know models, cells or files: arrays in, plain numbers out.

Every figure but the median is a ratio of sums over photos, so one matrix product per chunk of
resamples gives all of them; the value and the interval come from the same formula.
"""

import numpy as np

from geocore.cells.geodesy import distance_km
from geocore.evaluation import metrics
from geocore.evaluation.bootstrap import (
    N_BOOTSTRAP,
    SEED,
    figure,
    resampled_medians,
    resampled_sums,
    resamples,
)
from geocore.evaluation.calibration import N_BINS, bin_index
from geocore.evaluation.checks import check_errors_km, check_probs


def evaluate_probs(
    y_prob: np.ndarray,
    class_index: np.ndarray,
    true_lat: np.ndarray,
    true_lng: np.ndarray,
    point_lat: np.ndarray,
    point_lng: np.ndarray,
    *,
    class_prior: np.ndarray | None = None,
    n_answers: int = 1,
    n_bootstrap: int = N_BOOTSTRAP,
    seed: int = SEED,
) -> dict:
    """All figures of one head on one set of photos.

    UNASSIGNED photos are wrong for top-k and the improvements over random, are left out of loss,
    Brier score and ECE, and count as any other for the distances. Intervals are percentile
    intervals; that of the ECE is first freed of its bootstrap bias.

    Args:
        y_prob: float (n_photos, n_leaves), rows sum to 1.
        class_index: int (n_photos,), true leaf or UNASSIGNED.
        true_lat: float (n_photos,), degrees, where the photo was taken.
        true_lng: float (n_photos,), degrees.
        point_lat: float (n_photos,), degrees, the best single point given as the answer.
        point_lng: float (n_photos,), degrees.
        class_prior: float (n_leaves,), share of the training photos per leaf, for `ior_majority`
            and `ior_gini`; the shares among these photos where it is left out.
        n_answers: answers per photo, by models that learned from other photos; their rows follow
            each other. A photo's figure is the mean of its answers', and photos are drawn with
            all of theirs. The ECE is the mean of each model's, the median that of all answers.
        n_bootstrap: number of resamples of the photos.
        seed: of the resamples; equal for two heads, it pairs them.

    Returns:
        n_photos, n_unassigned, n_leaves (ints); loss, top_1, top_5, top_10, ior, ior_majority,
        ior_gini, ece, brier, median_km, geoscore, uniform_loss (figures); within_km (one figure per
        distance in km, keys are text). A figure is `{"value": float, "ci95": [low, high]}`, all
        None where it cannot be computed (no photo assigned).

    Raises:
        ValueError: shapes that do not fit, probs that do not sum to 1, a class index outside the
            leaves, a position that is not finite.

    Source: SPEC 7; thesis section 6.1.4.
    """
    class_index, y_prob = check_probs(class_index, y_prob)
    error_km = answer_error_km(true_lat, true_lng, point_lat, point_lng, n_photos=len(class_index))
    prior = _prior(class_index, y_prob.shape[1], class_prior)
    columns = _columns(class_index, y_prob, error_km, prior, n_answers)
    names, table = list(columns), np.column_stack(list(columns.values()))
    per_photo = _per_photo(table, n_answers)
    sums, medians = [], []
    for draws in resamples(len(per_photo), n_bootstrap, seed):
        sums.append(resampled_sums(per_photo, draws))
        medians.append(resampled_medians(error_km, _answers_of(draws, n_answers)))
    values = _figures(dict(zip(names, table.sum(axis=0), strict=True)), y_prob.shape[1])
    resampled = _figures(dict(zip(names, np.concatenate(sums).T, strict=True)), y_prob.shape[1])
    resampled["ece"] = _without_bias(resampled["ece"], values["ece"])
    values["median_km"], resampled["median_km"] = np.median(error_km), np.concatenate(medians)
    flat = {name: figure(float(values[name]), np.atleast_1d(resampled[name])) for name in values}
    return _report(class_index[::n_answers], y_prob.shape[1], flat)


def _per_photo(table: np.ndarray, n_answers: int) -> np.ndarray:
    """Sums over each photo's answers, (n_photos, n_columns)."""
    if n_answers < 1 or len(table) % n_answers:
        raise ValueError(
            f"Every photo must have n_answers rows, at least 1, received n_answers {n_answers} "
            f"for {len(table)} rows."
        )
    return table.reshape(-1, n_answers, table.shape[1]).sum(axis=1)


def _answers_of(draws: np.ndarray, n_answers: int) -> np.ndarray:
    """Rows of drawn photos (n_resamples, n_photos) with all their answers."""
    rows = draws[:, :, None] * n_answers + np.arange(n_answers)
    return rows.reshape(len(draws), -1)


def answer_error_km(
    true_lat: np.ndarray,
    true_lng: np.ndarray,
    point_lat: np.ndarray,
    point_lng: np.ndarray,
    *,
    n_photos: int,
) -> np.ndarray:
    """Distance between answer and truth in km, float64 (n_photos,).

    Raises:
        ValueError: an array of another length, or a position that is not finite.
    """
    positions = [
        np.asarray(a, dtype=np.float64) for a in (true_lat, true_lng, point_lat, point_lng)
    ]
    if any(array.shape != (n_photos,) for array in positions):
        shapes = ", ".join(str(array.shape) for array in positions)
        raise ValueError(
            f"true_lat, true_lng, point_lat and point_lng must be ({n_photos},) as y_prob has "
            f"{n_photos} rows, received {shapes}."
        )
    return check_errors_km(distance_km(*positions))


def _prior(class_index: np.ndarray, n_leaves: int, given: np.ndarray | None) -> np.ndarray:
    """Shares of the leaves: those given, else those of the photos at hand."""
    if given is None:
        counts = np.bincount(class_index[class_index >= 0], minlength=n_leaves)
        return counts / max(1, counts.sum())
    given = np.asarray(given, dtype=np.float64)
    if given.shape != (n_leaves,) or not (given >= 0).all() or abs(given.sum() - 1) > 1e-6:
        raise ValueError(
            f"class_prior must be ({n_leaves},), at least 0 and sum to 1, "
            f"received {given.shape} with sum {given.sum():.6g}."
        )
    return given


def _columns(
    class_index: np.ndarray,
    y_prob: np.ndarray,
    error_km: np.ndarray,
    prior: np.ndarray,
    n_answers: int,
) -> dict[str, np.ndarray]:
    """One value per photo for everything that is summed; each (n_photos,)."""
    values = metrics.photo_values(class_index, y_prob, error_km)
    assigned = class_index >= 0
    columns = {name: np.nan_to_num(column) for name, column in values.items()} | {
        "photos": np.ones(len(class_index)),
        "assigned": assigned.astype(np.float64),
        "majority": (class_index == np.argmax(prior)).astype(np.float64),
        "gini": metrics.true_priors(class_index, prior),
    }
    confidence = y_prob.max(axis=1).astype(np.float64)
    gap = np.where(assigned, confidence - (y_prob.argmax(axis=1) == class_index), 0.0)
    number = np.arange(len(class_index)) % n_answers  # models that err in turn are not calibrated
    bins = bin_index(confidence, N_BINS) + N_BINS * number
    n_bins = N_BINS * n_answers
    return columns | {f"gap_{b}": np.where(bins == b, gap, 0.0) for b in range(n_bins)}


def _figures(sums: dict[str, np.ndarray], n_leaves: int) -> dict[str, np.ndarray]:
    """The figures from sums over photos, each sum a scalar or (n_resamples,)."""
    gaps = sum(np.abs(x) for name, x in sums.items() if name.startswith("gap_"))
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = {
            name: sums[name] / sums["photos"]
            for name in sums
            if name.startswith(("top_", "within_")) or name == "geoscore"
        }
        return shares | {
            "loss": np.divide(sums["loss"], sums["assigned"]),
            "brier": np.divide(sums["brier"], sums["assigned"]),
            "ece": np.divide(gaps, sums["assigned"]),  # Guo et al. 2017, eq. 3
            "ior": shares["top_1"] * n_leaves,  # eq. 6.3
            "ior_majority": np.divide(sums["top_1"], sums["majority"]),
            "ior_gini": np.divide(sums["top_1"], sums["gini"]),
            "uniform_loss": np.full(np.shape(gaps), metrics.uniform_log_loss(n_leaves)),
        }


def _without_bias(resampled: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Resampled calibration errors moved so that their mean is the value, at least 0.

    Repeated photos make gaps look larger: unmoved, the interval of a well calibrated head often
    lies above its value.
    """
    finite = resampled[np.isfinite(resampled)]
    bias = finite.mean() - value if finite.size else 0.0
    return np.maximum(0.0, resampled - bias)


def _report(class_index: np.ndarray, n_leaves: int, flat: dict[str, dict]) -> dict:
    within = {str(km): flat.pop(f"within_{km}") for km in metrics.WITHIN_KM}
    counts = {
        "n_photos": len(class_index),
        "n_unassigned": int(np.sum(class_index < 0)),
        "n_leaves": n_leaves,
    }
    return counts | flat | {"within_km": within}
