"""What pages need to know of each held-out photo, read off its probs once.

Stage: evaluation. Probs and labels in, one row per photo out. It must not know models, bundles or
pages. With thousands of leaves the probs of a hundred thousand photos fill gigabytes; these rows
fill megabytes and answer all that is asked of confidences and confusions, at every level.

Source: own.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geocore.evaluation.checks import SUM_TOLERANCE
from geocore.evaluation.confusion import groups_at_level
from geocore.evaluation.temperature import undo_temperature

_CHUNK_PHOTOS = 2048
_EPS = float(np.finfo(np.float32).eps)


def answer_table(
    class_index: np.ndarray,
    y_prob: Sequence[np.ndarray] | np.ndarray,
    *,
    ancestors: np.ndarray,
    cell_ids: Sequence[np.ndarray],
    temperature: float = 1.0,
) -> pd.DataFrame:
    """One row per photo: how sure, whether right, and the cell predicted at each level.

    Probs are taken as they are, so that `check_answers` can say what is wrong with them.

    Args:
        class_index: int (n_photos,), true leaf or UNASSIGNED.
        y_prob: rows of n_leaves floats each, as served, (n_photos, n_leaves).
        ancestors: int (n_leaves, n_levels), as `groups_at_level`.
        cell_ids: per level the uint64 ids of its cells.
        temperature: that the probs are served at.

    Returns:
        Columns confidence (largest prob), true_prob (NaN where UNASSIGNED), square_sum (of the
        probs), the same three with `raw_` before them (without the temperature), sum and smallest
        (of the probs), and per depth cell_0, cell_1, ... the position of the predicted cell among
        those of `groups_at_level`; the last one is the leaf.

    Raises:
        ValueError: a row of another number of probs, or a class index outside the leaves.
    """
    class_index = np.asarray(class_index, np.int64)
    _check(class_index, y_prob, len(ancestors))
    groups = [groups_at_level(ancestors, cell_ids, d).group for d in range(ancestors.shape[1])]
    starts = [np.flatnonzero(np.diff(group, prepend=-1)) for group in groups]
    parts = []
    for start in range(0, len(class_index), _CHUNK_PHOTOS):
        rows = slice(start, start + _CHUNK_PHOTOS)
        probs = np.stack(list(y_prob[rows])).astype(np.float64)
        parts.append(_rows(class_index[rows], probs, starts, temperature))
    if not parts:
        return _rows(class_index, np.zeros((0, len(ancestors))), starts, temperature)
    return pd.concat(parts, ignore_index=True)


def _check(
    class_index: np.ndarray, y_prob: Sequence[np.ndarray] | np.ndarray, n_leaves: int
) -> None:
    widths = {len(row) for row in y_prob} - {n_leaves}
    low, high = int(class_index.min(initial=-1)), int(class_index.max(initial=-1))
    if widths or low < -1 or high >= n_leaves:
        raise ValueError(
            f"Every photo must have {n_leaves} probabilities, one per leaf, and a class index of "
            f"-1 to {n_leaves - 1}; received {min(widths, default=n_leaves)} probabilities and "
            f"class indices from {low} to {high}. Do predictions and cells come from one grid?"
        )


def _rows(
    class_index: np.ndarray, probs: np.ndarray, starts: Sequence[np.ndarray], temperature: float
) -> pd.DataFrame:
    columns: dict[str, Any] = _figures(class_index, probs)
    raw = undo_temperature(probs, temperature) if temperature != 1.0 else probs
    columns |= {f"raw_{name}": values for name, values in _figures(class_index, raw).items()}
    columns |= {"sum": probs.sum(axis=1), "smallest": probs.min(axis=1, initial=1.0)}
    cells, sums, finer = {}, probs, np.arange(probs.shape[1])
    for depth in reversed(range(len(starts))):
        sums = np.add.reduceat(sums, np.searchsorted(finer, starts[depth]), axis=1)
        finer = starts[depth]
        cells[f"cell_{depth}"] = sums.argmax(axis=1).astype(np.int32)
    return pd.DataFrame(columns | dict(sorted(cells.items(), key=lambda item: int(item[0][5:]))))


def _figures(class_index: np.ndarray, probs: np.ndarray) -> dict[str, np.ndarray]:
    true_prob = probs[np.arange(len(probs)), np.maximum(class_index, 0)]
    return {
        "confidence": probs.max(axis=1, initial=0.0),
        "true_prob": np.where(class_index >= 0, true_prob, np.nan),
        "square_sum": np.einsum("ij,ij->i", probs, probs),
    }


def check_answers(answers: pd.DataFrame) -> pd.DataFrame:
    """The rows as they are, or a sentence where their probs cannot be judged.

    Raises:
        ValueError: probs that are negative, not finite or do not sum to 1.
    """
    sums = answers["sum"].to_numpy()
    bad = ~((np.abs(sums - 1) <= SUM_TOLERANCE) & (answers["smallest"].to_numpy() >= 0))
    if bad.any():
        raise ValueError(
            f"The probabilities of every photo must be at least 0 and sum to 1 (within "
            f"{SUM_TOLERANCE}), received a sum of {sums[np.argmax(bad)]:.6g} for photo "
            f"{answers['photo_id'].iloc[int(np.argmax(bad))]} ({bad.sum()} such photos)."
        )
    return answers


def hits(answers: pd.DataFrame, depth: int) -> np.ndarray:
    """Whether each photo's most probable leaf is the true one, bool (n_photos,)."""
    return answers[f"cell_{depth}"].to_numpy() == answers["class_index"].to_numpy()


def confidence_figures(answers: pd.DataFrame, *, raw: bool = False) -> dict[str, float]:
    """Log-loss and Brier score of the assigned photos, as `metrics.log_loss` and `brier_score`.

    Args:
        answers: with the columns of `answer_table`.
        raw: the head's own probs, before its temperature.

    Returns:
        loss (nats) and brier; NaN where no photo is assigned.
    """
    prefix = "raw_" if raw else ""
    true_prob = answers[f"{prefix}true_prob"].to_numpy(np.float64)
    assigned = ~np.isnan(true_prob)
    if not assigned.any():
        return {"loss": float("nan"), "brier": float("nan")}
    squares = answers[f"{prefix}square_sum"].to_numpy(np.float64)
    true_prob, squares = true_prob[assigned], squares[assigned]
    return {
        "loss": float(-np.log(np.clip(true_prob, _EPS, 1 - _EPS)).mean()),
        "brier": float((squares - 2 * true_prob + 1).mean()),
    }
