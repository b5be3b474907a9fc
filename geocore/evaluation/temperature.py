"""Temperature scaling: one number per head that makes its confidences come true.

Stage: evaluation. Probs and labels in, a temperature or other probs out. It must not know models,
cells or files.

Dividing a head's log scores by a temperature leaves the order of the leaves as it is and makes the
probs flatter (above 1) or sharper (below 1). Log scores are only known up to a constant per photo,
which the normalisation removes, so probs serve as well: calibrated = probs ** (1 / temperature),
normalised; and probs = calibrated ** temperature, normalised, gives back what the head had said.

Source: Guo et al. 2017, "On calibration of modern neural networks", section 4.2. Own: the pull
towards 1, so that a few photos cannot move the temperature far.
"""

import math

import numpy as np
from scipy.optimize import minimize_scalar

from geocore.evaluation.checks import check_probs

LIMITS = (0.1, 10.0)
"""A head that needs less or more than this is not miscalibrated but broken."""
PRIOR_SPREAD = 0.5
"""Standard deviation of ln(temperature) expected before any photo is seen: 0.6 to 1.65."""
_SMALLEST = np.finfo(np.float32).tiny


def fit_temperature(y_true: np.ndarray, y_prob: np.ndarray) -> float:
    """The temperature with the smallest mean log-loss, pulled towards 1 where photos are few.

    The pull is a normal prior on ln(temperature) that weighs as much as one photo would: with 10
    photos it holds the temperature near 1, with 100 it moves it by about a hundredth.

    Args:
        y_true: int (n_photos,), class index or UNASSIGNED (left out); n_photos may be 0.
        y_prob: float (n_photos, n_leaves), rows sum to 1; photos that were not trained on.

    Returns:
        A number in `LIMITS`; 1.0 where no photo is assigned or there is a single leaf.

    Raises:
        ValueError: arrays that `check_probs` refuses.

    Source: Guo et al. 2017, section 4.2; the prior is own.
    """
    if len(y_true) == 0:
        return 1.0
    y_true, y_prob = check_probs(y_true, y_prob)
    assigned = y_true >= 0
    if not assigned.any() or y_prob.shape[1] < 2:
        return 1.0
    log_probs, labels = _logs(y_prob[assigned]), y_true[assigned]

    def cost(log_temperature: float) -> float:
        scaled = _log_normalised(log_probs / math.exp(log_temperature))
        loss = -scaled[np.arange(len(labels)), labels].sum()
        return float(loss + 0.5 * (log_temperature / PRIOR_SPREAD) ** 2) / len(labels)

    bounds = (math.log(LIMITS[0]), math.log(LIMITS[1]))
    found = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(math.exp(found.x))


def apply_temperature(y_prob: np.ndarray, temperature: float) -> np.ndarray:
    """Probs at a temperature, in their own float type and shape (..., n_leaves).

    Rows sum to 1: yes. At temperature 1 the probs come back as they are.

    Raises:
        ValueError: a temperature that is not a finite number above 0.
    """
    check_temperature(temperature)
    y_prob = np.asarray(y_prob)
    y_prob = y_prob if y_prob.dtype.kind == "f" else y_prob.astype(np.float64)
    if temperature == 1.0:
        return y_prob
    return np.exp(_log_normalised(_logs(y_prob) / temperature)).astype(y_prob.dtype)


def undo_temperature(y_prob: np.ndarray, temperature: float) -> np.ndarray:
    """Probs as the head gave them, from calibrated ones: probs ** temperature, normalised.

    Exact up to the rounding of the stored floats; a prob that was rounded to 0 stays (nearly) 0.
    Arguments, result and exception as `apply_temperature`.
    """
    check_temperature(temperature)
    return apply_temperature(y_prob, 1 / temperature)


def check_temperature(temperature: float) -> float:
    """The temperature, or a ValueError where it is not a finite number above 0."""
    is_number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    if not is_number or not math.isfinite(temperature) or temperature <= 0:
        raise ValueError(
            f"A temperature must be a finite number above 0, received {temperature!r}. "
            "1 leaves the probs as they are."
        )
    return float(temperature)


def _logs(y_prob: np.ndarray) -> np.ndarray:
    """Natural logs in float64; a prob that underflowed counts as the smallest float32."""
    return np.log(np.maximum(y_prob, _SMALLEST), dtype=np.float64)


def _log_normalised(log_scores: np.ndarray) -> np.ndarray:
    """Log scores (..., n_leaves) less their log-sum, so that their exponentials sum to 1."""
    log_scores = log_scores - log_scores.max(axis=-1, keepdims=True)
    return log_scores - np.log(np.exp(log_scores).sum(axis=-1, keepdims=True))
