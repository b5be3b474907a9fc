"""Does a confidence of 70 % come true in 70 % of the cases?

Stage: evaluation. It must not know models, cells or photos: arrays in, tables and numbers out.

The confidence of a photo is its largest prob; it is right when that leaf is the true one.
UNASSIGNED photos have no true leaf and are left out. Bins are (low, high], the first one includes
0.

Source: thesis section 6.6 (20 bins); Guo et al. 2017, "On calibration of modern neural networks".
"""

import numpy as np
import pandas as pd

from geocore.evaluation.checks import check_probs

N_BINS = 20
_Z95 = 1.959963984540054


def confidence_and_hits(y_true: np.ndarray, y_prob: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Confidence and whether it was right, both float64 (n_assigned,), of the assigned photos.

    Args:
        y_true: int (n_photos,), class index or UNASSIGNED.
        y_prob: float (n_photos, n_leaves), rows sum to 1.
    """
    y_true, y_prob = check_probs(y_true, y_prob)
    assigned = y_true >= 0
    hits = y_prob.argmax(axis=1) == y_true
    return y_prob.max(axis=1)[assigned].astype(np.float64), hits[assigned].astype(np.float64)


def bin_index(confidence: np.ndarray, n_bins: int = N_BINS) -> np.ndarray:
    """Which of `n_bins` equally wide bins (low, high] each confidence falls into, int (n_photos,).

    Raises:
        ValueError: fewer than one bin.
    """
    if n_bins < 1:
        raise ValueError(f"n_bins must be at least 1, received {n_bins}.")
    return np.clip(np.ceil(np.asarray(confidence) * n_bins).astype(int) - 1, 0, n_bins - 1)


def reliability_bins(y_true: np.ndarray, y_prob: np.ndarray, n_bins: int = N_BINS) -> pd.DataFrame:
    """The reliability diagram as a table, one row per bin, empty bins included.

    Args:
        y_true: int (n_photos,), class index or UNASSIGNED.
        y_prob: float (n_photos, n_leaves), rows sum to 1.
        n_bins: number of equally wide bins between 0 and 1.

    Returns:
        Columns low, high (the bin), n (photos in it), confidence and accuracy (their means, NaN
        where n is 0), accuracy_low and accuracy_high (95 % Wilson interval of the accuracy).
    """
    return confidence_bins(*confidence_and_hits(y_true, y_prob), n_bins)


def confidence_bins(confidence: np.ndarray, hits: np.ndarray, n_bins: int = N_BINS) -> pd.DataFrame:
    """`reliability_bins` from the confidences and outcomes themselves.

    Args:
        confidence: float (n_photos,), largest prob of each assigned photo.
        hits: (n_photos,), whether it was right, 0 or 1.
        n_bins: number of equally wide bins between 0 and 1.
    """
    bins = bin_index(confidence, n_bins)
    n = np.bincount(bins, minlength=n_bins)
    edges = np.linspace(0, 1, n_bins + 1)
    with np.errstate(invalid="ignore"):
        mean_confidence = np.bincount(bins, confidence, n_bins) / n
        accuracy = np.bincount(bins, hits, n_bins) / n
    low, high = wilson_interval(accuracy, n)
    return pd.DataFrame(
        {"low": edges[:-1], "high": edges[1:], "n": n, "confidence": mean_confidence,
         "accuracy": accuracy, "accuracy_low": low, "accuracy_high": high}
    )  # fmt: skip


def overall(bins: pd.DataFrame) -> tuple[float, float]:
    """Mean confidence and accuracy of all photos in the bins; NaN where there is none.

    Args:
        bins: from `reliability_bins`.
    """
    filled = bins[bins["n"] > 0]
    if filled.empty:
        return float("nan"), float("nan")
    confidence, accuracy = np.average(
        filled[["confidence", "accuracy"]], axis=0, weights=filled["n"]
    )
    return float(confidence), float(accuracy)


def calibration_sentence(bins: pd.DataFrame) -> str:
    """Whether confidences are too high, too low or about right on the whole, in words.

    Args:
        bins: from `reliability_bins`.
    """
    n_photos = int(bins["n"].sum())
    if n_photos == 0:
        return "None of these photos lies in a cell of the model, so confidences cannot be judged."
    confidence, accuracy = overall(bins)
    low, high = wilson_interval(np.array([accuracy]), np.array([n_photos]))
    seen = (
        f"On {n_photos:,} photos the head is {confidence * 100:.1f} % sure on average and right in "
        f"{accuracy * 100:.1f} % (95 % interval {low[0] * 100:.1f} to {high[0] * 100:.1f})"
    )
    if low[0] <= confidence <= high[0]:
        return f"{seen}: on the whole its confidence can be believed."
    kind = "too sure of itself" if confidence > accuracy else "right more often than it says"
    return f"{seen}: it is {kind}, by {abs(confidence - accuracy) * 100:.1f} points."


def ece(y_true: np.ndarray, y_prob: np.ndarray, n_bins: int = N_BINS) -> float:
    """Expected calibration error: mean gap between confidence and accuracy over the bins.

    Bins weigh as much as they hold photos. NaN where no photo is assigned. Arguments as
    `reliability_bins`.

    Source: Guo et al. 2017, eq. 3.
    """
    return expected_gap(reliability_bins(y_true, y_prob, n_bins))


def expected_gap(bins: pd.DataFrame) -> float:
    """`ece` of a table of `reliability_bins`."""
    if bins["n"].sum() == 0:
        return float("nan")
    gap = (bins["confidence"] - bins["accuracy"]).abs().fillna(0.0)
    return float((gap * bins["n"]).sum() / bins["n"].sum())


def max_calibration_error(y_true: np.ndarray, y_prob: np.ndarray, n_bins: int = N_BINS) -> float:
    """The largest gap of any bin that holds a photo. Arguments as `reliability_bins`.

    Source: Guo et al. 2017, eq. 4.
    """
    return largest_gap(reliability_bins(y_true, y_prob, n_bins))


def largest_gap(bins: pd.DataFrame) -> float:
    """`max_calibration_error` of a table of `reliability_bins`; NaN where no bin holds a photo."""
    return float((bins["confidence"] - bins["accuracy"]).abs().max())


def adaptive_ece(y_true: np.ndarray, y_prob: np.ndarray, n_bins: int = N_BINS) -> float:
    """Expected calibration error over bins of (nearly) equally many photos instead of equal width.

    Arguments as `reliability_bins`. With fewer photos than bins every photo is its own bin.

    Source: Nixon et al. 2020, "Measuring calibration in deep learning".
    """
    return adaptive_gap(*confidence_and_hits(y_true, y_prob), n_bins)


def adaptive_gap(confidence: np.ndarray, hits: np.ndarray, n_bins: int = N_BINS) -> float:
    """`adaptive_ece` from the confidences and outcomes, arguments as `confidence_bins`."""
    if confidence.size == 0:
        return float("nan")
    order = np.argsort(confidence, kind="stable")
    gaps = np.array_split((confidence - hits)[order], min(n_bins, confidence.size))
    return float(sum(abs(gap.sum()) for gap in gaps) / confidence.size)


def wilson_interval(share: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of a share seen in n cases, honest for few cases; NaN where n is 0.

    Source: Wilson 1927.
    """
    share, n = np.asarray(share, dtype=np.float64), np.asarray(n, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 1 + _Z95**2 / n
        centre = (share + _Z95**2 / (2 * n)) / scale
        half = _Z95 * np.sqrt(share * (1 - share) / n + _Z95**2 / (4 * n**2)) / scale
    return centre - half, centre + half
