"""What photos that were answered several times, each time unseen, show of every head.

Stage: evaluation. Answers and records of folds in, a report out: it must not know models or files.

A photo's figure is the mean over its repeats, and intervals come from drawing photos: they say what
other photos would have given, not other draws of the folds.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import permutation_test

from geocore.evaluation.bootstrap import SEED, mean_figure
from geocore.evaluation.evaluator import evaluate_probs
from geocore.evaluation.report import ALL_PHOTOS, photo_figures

REFERENCE = "MC"
"""The head without a hierarchy, against which the others are tested."""
TESTED = ("loss", "geoscore", "top_1")
N_FLIPS = 9999
FITTED = ("temperature", "evidence_share", "point_sharpness", "epochs")


def folds_report(
    predictions: pd.DataFrame,
    areas: Sequence[Mapping[str, Any]],
    protocol: Mapping[str, Any],
    default_head: str,
) -> dict[str, Any]:
    """Content of the stored report.

    Args:
        predictions: of `geocore.experiments.folds.answer_folds`, every head in it.
        areas: per fold the search areas' record.
        protocol: what was done, in numbers.
        default_head: of the configuration.

    Returns:
        heads: per head, photo set and measure a figure, as in report.json; paired: per head and
        photo set the differences from REFERENCE, empty without that head; fitted: per head mean,
        smallest and largest of what the folds fitted; domains: per photo set the share of its
        photos that were told to look like it, empty where sets are not told apart; search_areas:
        per head and method the coverage, mean over the folds; default_head; training (empty) and
        protocol.
    """
    heads = {str(head): rows for head, rows in predictions.groupby("head", sort=False)}
    prior = _shares(next(iter(heads.values())))
    trained = [head for head, rows in heads.items() if rows["epochs"].notna().any()]
    return {
        "heads": {head: _figures(rows, prior) for head, rows in heads.items()},
        "paired": {
            head: paired_with(heads[head], heads[REFERENCE])
            for head in trained
            if head != REFERENCE and REFERENCE in heads
        },
        "fitted": {head: _fitted(heads[head]) for head in trained},
        "domains": _told_right(heads[default_head]),
        "search_areas": mean_areas(areas),
        "default_head": default_head,
        "training": {},
        "protocol": dict(protocol),
    }


def paired_with(first: pd.DataFrame, second: pd.DataFrame) -> dict[str, dict[str, dict]]:
    """Differences of two heads on the same photos, per photo set.

    Args:
        first: answers, one row per photo and repeat.
        second: the same photos and repeats.

    Returns:
        Per photo set and measure of TESTED a figure, mean of first minus second, with p: two-sided,
        by flipping the signs of the photos' differences at random.

    Raises:
        ValueError: the two do not hold the same photos.

    Source: Fisher 1935 (randomisation test of paired differences).
    """
    means = [_photo_means(rows) for rows in (first, second)]
    if not means[0].index.equals(means[1].index):
        raise ValueError(
            "Both heads must have answered the same photos, received "
            f"{len(means[0])} and {len(means[1])} photos."
        )
    differences = means[0] - means[1]
    parts = {ALL_PHOTOS: differences} | dict(list(differences.groupby(level="photo_set")))
    return {
        str(name): {x: _tested(part[x].dropna().to_numpy()) for x in TESTED}
        for name, part in parts.items()
    }


def mean_areas(areas: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Records of search areas with the mean over the folds in place of each fold's rows.

    Args:
        areas: per fold, head and method a record with n_photos and rows per level.
    """
    heads = areas[0] if areas else {}
    return {
        head: {method: _mean_record([fold[head][method] for fold in areas]) for method in methods}
        for head, methods in heads.items()
    }


def _mean_record(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    rows = pd.DataFrame([row for record in records for row in record["together"]])
    table = rows.astype(float).groupby("level").mean().reset_index() if len(rows) else rows
    return {
        "n_photos": sum(record["n_photos"] for record in records),
        "together": table.astype(object).where(table.notna(), None).to_dict("records"),
    }


def _told_right(rows: pd.DataFrame) -> dict[str, float]:
    """Share of each photo set's photos that were told to look like it."""
    if "domain" not in rows or rows["domain"].isna().any():
        return {}
    is_right = rows["domain"] == rows["photo_set"]
    return {str(name): float(x) for name, x in is_right.groupby(rows["photo_set"]).mean().items()}


def _shares(rows: pd.DataFrame) -> np.ndarray:
    """Share of the tested photos in each leaf, (n_leaves,)."""
    labels = rows["class_index"].to_numpy()
    counts = np.bincount(labels[labels >= 0], minlength=len(rows["probs"].iloc[0]))
    return counts / counts.sum()


def _figures(rows: pd.DataFrame, prior: np.ndarray) -> dict[str, dict]:
    """Figures of one head on all photos and on each photo set of them."""
    parts = {ALL_PHOTOS: rows} | dict(list(rows.groupby("photo_set", sort=False)))
    return {str(name): _evaluated(part, prior) for name, part in parts.items()}


def _evaluated(rows: pd.DataFrame, prior: np.ndarray) -> dict:
    rows = rows.sort_values(["photo_id", "repeat"], kind="stable")
    n_answers = rows["repeat"].nunique()
    if not (rows.groupby("photo_id")["repeat"].nunique() == n_answers).all():
        raise ValueError(f"Every photo must be answered in each of {n_answers} repeats.")
    return evaluate_probs(
        np.stack(list(rows["probs"])),
        rows["class_index"].to_numpy(),
        *(rows[name].to_numpy() for name in ("lat", "lng", "point_lat", "point_lng")),
        class_prior=prior,
        n_answers=n_answers,
    )


def _photo_means(rows: pd.DataFrame) -> pd.DataFrame:
    """Each photo's figures, the mean of its repeats, by photo set and photo."""
    return photo_figures(rows).groupby(["photo_set", "photo_id"])[list(TESTED)].mean()


def _tested(differences: np.ndarray) -> dict[str, Any]:
    """The mean difference with its interval and p, None where there is no photo."""
    found = mean_figure(differences)
    if found["value"] is None or not differences.any():
        return found | {"p": None}
    test = permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=N_FLIPS,
        batch=500,
        random_state=SEED,
    )
    return found | {"p": float(test.pvalue)}


def _fitted(rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Mean, smallest and largest of each fitted number over the folds."""
    folds = rows.groupby(["repeat", "fold"])[list(FITTED)].first()
    table = folds.agg(["mean", "min", "max"]).dropna(axis=1)
    return {str(name): column.to_dict() for name, column in table.items()}
