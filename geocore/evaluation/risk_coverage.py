"""If only the surest answers count, how often are they right?

Stage: evaluation. It must not know models, cells or pages: arrays in, a curve and words out.

Source: El-Yaniv and Wiener 2010, "On the foundations of noise-free selective classification".
"""

import numpy as np
import pandas as pd

from geocore.evaluation.calibration import wilson_interval

SHARES_RIGHT = (0.9, 0.75, 0.5)


def risk_coverage(confidence: np.ndarray, is_right: np.ndarray) -> pd.DataFrame:
    """The curve: photos answered, surest first, against how many of these answers are wrong.

    Photos of equal confidence are answered together, since no threshold parts them.

    Args:
        confidence: float (n_photos,).
        is_right: bool (n_photos,).

    Returns:
        One row per distinct confidence, falling: threshold (the least confidence answered), n
        (photos answered), coverage (their share), risk (share of wrong answers among them),
        risk_low and risk_high (95 % Wilson interval). Empty where there is no photo.

    Raises:
        ValueError: arrays of different lengths.
    """
    confidence, is_right = np.asarray(confidence, np.float64), np.asarray(is_right, np.float64)
    if confidence.ndim != 1 or confidence.shape != is_right.shape:
        raise ValueError(
            "One outcome per confidence must be given, received "
            f"{is_right.shape} outcomes and {confidence.shape} confidences."
        )
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    last = np.flatnonzero(np.diff(falling, append=-np.inf) != 0)
    n = last + 1
    risk = 1 - np.cumsum(is_right[order])[last] / n
    low, high = wilson_interval(risk, n)
    return pd.DataFrame(
        {"threshold": falling[last], "n": n, "coverage": n / max(1, len(confidence)),
         "risk": risk, "risk_low": low, "risk_high": high}
    )  # fmt: skip


def area_under_curve(curve: pd.DataFrame) -> float:
    """Mean risk over all coverages (AURC): 0 is perfect, the overall risk is worthless.

    Args:
        curve: from `risk_coverage`; NaN where it is empty.

    Source: Geifman and El-Yaniv 2018, "Bias-reduced uncertainty estimation".
    """
    if curve.empty:
        return float("nan")
    widths = np.diff(curve["coverage"], prepend=0.0)
    return float((curve["risk"] * widths).sum())


def thinned(curve: pd.DataFrame, n_points: int = 400) -> pd.DataFrame:
    """At most so many points of the curve, evenly over its length, both ends among them."""
    if len(curve) <= n_points:
        return curve
    rows = np.unique(np.linspace(0, len(curve) - 1, n_points).round().astype(int))
    return curve.iloc[rows].reset_index(drop=True)


def risk_coverage_sentence(curve: pd.DataFrame) -> str:
    """How many photos can be answered at what reliability, in words."""
    if curve.empty:
        return "There is no photo to judge by."
    everything = 1 - curve["risk"].iloc[-1]
    words = [f"Answering every photo, {everything * 100:.0f} % of the answers are right."]
    for share in SHARES_RIGHT:
        reached = curve[(curve["risk"] <= 1 - share) & (curve["n"] >= 10)]
        if share > everything and len(reached):
            best = reached.iloc[-1]
            coverage, threshold = best["coverage"] * 100, best["threshold"] * 100
            words.append(
                f"Answering only the surest {coverage:.0f} % (confidence {threshold:.0f} % or "
                f"more), {(1 - best['risk']) * 100:.0f} % are right."
            )
    if len(words) == 1:
        words.append("Leaving out the less sure ones does not make it reliable.")
    return " ".join(words)
