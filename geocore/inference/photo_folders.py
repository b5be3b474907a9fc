"""Whole folders of photos: which files they hold, and how well a bundle answers for them.

Stage: inference. It must not know command lines or how a figure is computed.

Source: own; the figures are SPEC 7's.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geocore.data.images import ACCEPTED, PHOTO_SUFFIXES, photo_sha256
from geocore.data.photos import PhotoTable
from geocore.errors import ImageError, PhotoTableError
from geocore.evaluation.evaluator import evaluate_probs
from geocore.inference.bundle import Bundle
from geocore.inference.prediction import PhotoFailure, Prediction
from geocore.inference.predictor import Predictor

Progress = Callable[..., Iterable[Any]]


def _no_progress(answers: Iterable[Any], total: int) -> Iterable[Any]:
    del total
    return answers


def list_photos(sources: Iterable[Path]) -> tuple[list[Path], list[PhotoFailure]]:
    """The photos that files and folders stand for.

    A file stands for itself, whatever its name; a folder for all photos in it and below, by name
    (files that are no photos and hidden ones are passed over).

    Returns:
        The photos, and a failure for each folder that holds none.
    """
    photos, failures = [], []
    for source in sources:
        found = _photos_below(source) if source.is_dir() else [source]
        photos += found
        if not found:
            error = f"{source}: the folder holds no photo. Known formats: {ACCEPTED}."
            failures.append(PhotoFailure(photo=str(source), error=error))
    return photos, failures


def evaluate_photos(
    predictor: Predictor,
    photos: PhotoTable,
    head: str | None = None,
    *,
    unseen_only: bool = False,
    progress: Progress = _no_progress,
) -> dict[str, Any]:
    """Measure one head of a bundle on photos whose places are known.

    Args:
        predictor: of the bundle to measure.
        photos: photos with files.
        head: the bundle's default head where left out.
        unseen_only: leave out photos that the bundle was trained or tuned on, told by SHA-256.
        progress: called with the answers and `total`, gives them back one by one, as tqdm does.

    Returns:
        The figures of `geocore.evaluation.evaluator.evaluate_probs`, and bundle, head,
        n_in_training (photos among those that the bundle was trained or tuned on), unseen_only,
        n_dropped (rows of the table that could not be used) and failures (photos that could not be
        decoded, with the reason).

    Raises:
        PhotoTableError: no photo is left to measure on.
        ValueError: the bundle has no such head.
    """
    table, is_seen, failures = _check_seen(photos.photos, predictor.bundle)
    n_in_training = int(is_seen.sum())
    if unseen_only:
        table = table[~is_seen]
    answers, rows = [], []
    answered = predictor.predict_each([Path(path) for path in table["path"]], head)
    for row, answer in enumerate(progress(answered, total=len(table))):
        if isinstance(answer, PhotoFailure):
            failures.append(answer)
        else:
            answers.append(answer)
            rows.append(row)
    if not answers:
        raise PhotoTableError(
            f"{photos.source}: no photo is left to measure on; {len(photos.photos)} in the table, "
            f"{n_in_training} of them used in training, {len(failures)} not readable. "
            "Give photos that the bundle has not seen."
        )
    report = _figures(predictor.bundle, table.iloc[rows], answers)
    return {
        "bundle": predictor.bundle.name,
        "head": answers[0].head,
        **report,
        "n_in_training": n_in_training,
        "unseen_only": unseen_only,
        "n_dropped": len(photos.dropped),
        "failures": [failure.to_dict() for failure in failures],
    }


def summary_of(report: dict[str, Any]) -> str:
    """The figures of `evaluate_photos` that a reader asks for first, with their 95 % intervals."""

    def share(figure: dict[str, Any]) -> str:
        low, high = figure["ci95"]
        return f"{figure['value']:.1%} ({low:.1%} to {high:.1%})"

    low, high = report["median_km"]["ci95"]
    return (
        f"{report['bundle']}, {report['head']}, on {report['n_photos']:,} photos "
        "(95 % intervals in brackets):\n"
        f"  right one of {report['n_leaves']:,} cells first: {share(report['top_1'])}\n"
        f"  among the first five: {share(report['top_5'])}\n"
        f"  best point within 750 km: {share(report['within_km']['750'])}\n"
        f"  median error: {report['median_km']['value']:,.0f} km ({low:,.0f} to {high:,.0f})"
    )


def warnings_of(report: dict[str, Any]) -> list[str]:
    """What a reader must know before the figures of `evaluate_photos`, one sentence each."""
    sentences = [f"Left out: {failure['error']}" for failure in report["failures"]]
    if report["n_in_training"] and not report["unseen_only"]:
        sentences.append(
            f"Warning: {report['n_in_training']} of these photos were used to make the bundle, so "
            "the figures flatter it. Leave them out with --unseen-only."
        )
    return sentences


def _figures(bundle: Bundle, table: pd.DataFrame, answers: list[Prediction]) -> dict[str, Any]:
    lat, lng = table["lat"].to_numpy(), table["lng"].to_numpy()
    return evaluate_probs(
        np.stack([answer.probs for answer in answers]),
        bundle.grid.assign(lat, lng),
        lat,
        lng,
        np.array([answer.lat for answer in answers]),
        np.array([answer.lng for answer in answers]),
        class_prior=_training_shares(bundle),
    )


def _photos_below(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in PHOTO_SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _check_seen(
    table: pd.DataFrame, bundle: Bundle
) -> tuple[pd.DataFrame, pd.Series, list[PhotoFailure]]:
    """The photos that can be read, whether the bundle has seen each, and those that cannot."""
    is_used = bundle.photos["split"].isin(["train", "validation"])
    seen = set(bundle.photos.loc[is_used, "sha256"])
    is_seen, failures = {}, []
    for index, path in table["path"].items():
        try:
            is_seen[index] = photo_sha256(path) in seen
        except ImageError as error:
            failures.append(PhotoFailure(photo=str(path), error=str(error)))
    flags = pd.Series(is_seen, dtype=bool)
    return table.loc[flags.index], flags, failures


def _training_shares(bundle: Bundle) -> np.ndarray | None:
    """Share of the training photos per leaf, (n_leaves,); None where the bundle lists none."""
    training = bundle.photos[bundle.photos["split"] == "train"]["class_index"].to_numpy()
    counts = np.bincount(training[training >= 0], minlength=bundle.grid.n_leaves)
    return counts / counts.sum() if counts.sum() else None
