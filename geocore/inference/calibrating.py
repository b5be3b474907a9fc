"""Fits the promise of search areas on a bundle's held-out photos and adds it to the bundle.

Stage: inference. It must not know TensorFlow, nor how a set is shown.

Which photos: the bundle's test photos. No head was trained on them, and neither early stopping nor
a temperature has seen them, so that they stand to a head as a new photo does; that is all the
promise needs. That the reported figures are of the same photos does no harm: no weight was fitted
on them. Validation photos are not used, since temperatures were fitted on them. Out-of-fold probs
of all photos would give five times as many, but of other models, so that the promise would no
longer follow from theory. They served as a check: thresholds from the 1,322 photos that are no test
photos, answered out of fold with the shipped grid, hold 89 to 92 % of the 330 test photos at 90 %,
for three heads and three scores.

The measured coverage is of random halves of the calibration photos (`geocore.evaluation.coverage`):
the half that is tested was not seen by the half that calibrates.

Source: own.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from geocore.cells import CellGrid
from geocore.cells.pieces import find_pieces
from geocore.cells.place_names import PlaceNamer
from geocore.evaluation.conformal import LEAST_AREA, LEVELS, METHODS, true_scores
from geocore.evaluation.coverage import CURVE_LEVELS, ScoredPhotos, measure_coverage
from geocore.inference import bundle_files as files
from geocore.inference.bundle import Bundle, load_bundle
from geocore.inference.search_calibration import CALIBRATION_FILE, UNITS_FILE, SearchCalibration
from geocore.inference.search_units import build_units, continents_at

MAX_PHOTOS = 10_000
"""More calibration photos make a p-value no steadier than a reader can see."""
MAX_SCORES = 8_000_000
"""Photos times units that are measured (64 MB); where there are more, photos are drawn."""
_BATCH_ROWS = 4096  # of predictions.parquet, read in parts
PARTS = ("photo_set", "continent")
"""Columns whose values' coverage is told beside that of all photos."""
ABOUT = (
    "Scores of the bundle's test photos, on which no head was trained and no temperature fitted: "
    "how ill each photo's own cell fits its probs, null outside all cells. A cell whose score "
    "is at most the k-th smallest of n, k = ceil((n + 1) level), is in the area of that level."
)


def calibrate_bundle(folder: Path, namer: PlaceNamer) -> SearchCalibration:
    """Add `conformal.json` and `search_units.parquet` to a bundle, in one step; no training.

    Raises:
        BundleError: the folder is no bundle.
    """
    folder = Path(folder).absolute()
    bundle = load_bundle(folder)
    calibration = calibrate(bundle, namer)
    with files.reworked(folder) as copy:
        _write(copy, calibration)
    return calibration


def calibrate(bundle: Bundle, namer: PlaceNamer) -> SearchCalibration:
    """Score the held-out photos of a bundle by every head, baseline and method, and measure."""
    held_out = bundle.predictions(bundle.default_head)
    held_out = held_out.iloc[_drawn(len(held_out), MAX_PHOTOS)].reset_index(drop=True)
    bare = _without_scores(bundle.grid, bundle.photos, held_out, namer)
    truth = {method: _true_units(bare, method, held_out) for method in METHODS}
    scores: dict[str, dict[str, np.ndarray]] = {}
    measured: dict[str, dict[str, Any]] = {}
    for head in bundle.answers:
        probs = _probs_of(bundle, head, held_out["photo_id"])
        scores[head] = {x: _scores(bare, x, probs, truth[x]) for x in METHODS}
        if head in bundle.heads:
            measured[head] = {x: _measured(bare, x, probs, truth[x]) for x in METHODS}
    return replace(bare, scores=scores, measured=measured)


def measure_predictions(
    predictions: Mapping[str, pd.DataFrame],
    grid: CellGrid,
    photos: pd.DataFrame,
    namer: PlaceNamer,
) -> dict[str, dict[str, Any]]:
    """What `SearchCalibration.measured` says, for predictions that lie in no bundle.

    Args:
        predictions: per head rows of predictions.parquet, the same photos in the same order.
        grid: the cells.
        photos: as `geocore.inference.search_units.build_units` takes them.
        namer: places and countries.
    """
    held_out = next(iter(predictions.values())).reset_index(drop=True)
    bare = _without_scores(grid, photos, held_out, namer)
    truth = {method: _true_units(bare, method, held_out) for method in METHODS}
    return {
        head: {x: _measured(bare, x, np.stack(list(rows["probs"])), truth[x]) for x in METHODS}
        for head, rows in predictions.items()
    }


def _without_scores(
    grid: CellGrid, photos: pd.DataFrame, held_out: pd.DataFrame, namer: PlaceNamer
) -> SearchCalibration:
    units = build_units(grid, photos, namer)
    leaves = units[units["unit"] == "leaf"].reset_index(drop=True)
    return SearchCalibration(
        photos=_calibration_photos(held_out, leaves, namer),
        leaves=leaves,
        pieces=units[units["unit"] == "piece"].reset_index(drop=True),
        scores={},
        measured={},
    )


def _calibration_photos(
    held_out: pd.DataFrame, leaves: pd.DataFrame, namer: PlaceNamer
) -> pd.DataFrame:
    """The continent of a photo is its leaf's; outside all leaves, that of its place.

    The domain that it looks like is told where the predictions say it.
    """
    class_index = held_out["class_index"].to_numpy()
    by_place = continents_at(namer, held_out["lat"], held_out["lng"])
    by_leaf = leaves["continent"].to_numpy()[class_index]
    names = ["photo_id", "photo_set", *(["domain"] if has_domains(held_out) else [])]
    return held_out[names].assign(
        is_outside=class_index < 0, continent=np.where(class_index < 0, by_place, by_leaf)
    )


def has_domains(table: pd.DataFrame) -> bool:
    """Whether a table says of every photo which domain it looks like."""
    return "domain" in table and bool(table["domain"].notna().all())


def _drawn(n_photos: int, most: int) -> np.ndarray:
    """Positions of all photos, or of so many drawn with a fixed seed."""
    return np.sort(np.random.default_rng(42).permutation(n_photos)[:most])


def _probs_of(bundle: Bundle, head: str, photo_ids: pd.Series) -> np.ndarray:
    """Probs of some held-out photos, float64 (n_photos, n_leaves), read in parts."""
    probs = np.zeros((len(photo_ids), bundle.grid.n_leaves))
    position = pd.Series(np.arange(len(photo_ids)), index=photo_ids)
    with pq.ParquetFile(bundle.folder / "predictions.parquet") as file:
        for batch in file.iter_batches(_BATCH_ROWS, columns=["head", "photo_id", "probs"]):
            rows = batch.filter(pc.equal(batch["head"], head))
            at = position.reindex(rows["photo_id"].to_pylist()).to_numpy()
            values = rows["probs"].flatten().to_numpy(zero_copy_only=False)
            is_wanted = ~np.isnan(at)
            probs[at[is_wanted].astype(int)] = values.reshape(len(at), probs.shape[1])[is_wanted]
    return probs


def _true_units(bare: SearchCalibration, method: str, held_out: pd.DataFrame) -> np.ndarray:
    """Position of the unit that each photo was taken in, -1 outside all leaves."""
    class_index = held_out["class_index"].to_numpy()
    if method != LEAST_AREA:
        return class_index
    ids = bare.pieces["cell_id"].to_numpy()
    found = find_pieces(ids, held_out["lat"].to_numpy(), held_out["lng"].to_numpy())
    return np.where(class_index < 0, -1, found)


def _scores(
    bare: SearchCalibration, method: str, probs: np.ndarray, truth: np.ndarray
) -> np.ndarray:
    """Scores of the photos' own units, (n_photos,), some photos at a time."""
    step = max(1, MAX_SCORES // len(bare.units(method)))
    parts = [
        true_scores(bare.label_scores(method, probs[i : i + step]), truth[i : i + step])
        for i in range(0, len(probs), step)
    ]
    return np.concatenate(parts) if parts else np.zeros(0)


def _measured(
    bare: SearchCalibration, method: str, probs: np.ndarray, truth: np.ndarray
) -> dict[str, Any]:
    """What random halves of the photos show: together for the curve, by continent for LEVELS."""
    units, photos = bare.units(method), bare.photos
    rows = _drawn(len(probs), max(2, MAX_SCORES // len(units)))
    if len(rows) < 2:
        return {"n_photos": len(rows), "together": [], "by_continent": []}
    photos = photos.iloc[rows]
    names = {f"{column}={x}": (column, x) for column in PARTS for x in photos[column].unique()}
    together = ScoredPhotos(
        scores=bare.label_scores(method, probs[rows]),
        y_true=truth[rows],
        areas=units[["area_km2", "land_km2"]],
        domains=photos["domain"].to_numpy() if "domain" in photos else None,
        parts={name: (photos[c] == x).to_numpy() for name, (c, x) in names.items()},
    )
    apart = replace(
        together,
        cell_groups=units["continent"].to_numpy(),
        photo_groups=photos["continent"].to_numpy(),
    )
    return {
        "n_photos": len(rows),
        "together": measure_coverage(together, CURVE_LEVELS).to_dict("records"),
        "by_continent": measure_coverage(apart, LEVELS).to_dict("records"),
    }


def _write(folder: Path, calibration: SearchCalibration) -> None:
    units = pd.concat([calibration.leaves, calibration.pieces], ignore_index=True)
    units.to_parquet(folder / UNITS_FILE, index=False, compression="zstd")
    photos = calibration.photos
    content = {
        "about": ABOUT,
        "n_photos": len(photos),
        "photos_sha256": _ids_sha256(photos["photo_id"]),
        "methods": METHODS,
        "photos": photos.to_dict("list"),
        "scores": calibration.scores,
        "measured": calibration.measured,
    }
    (folder / CALIBRATION_FILE).write_text(files.as_json(content), "utf-8", newline="\n")


def _ids_sha256(photo_ids: pd.Series) -> str:
    return hashlib.sha256("\n".join(sorted(photo_ids)).encode()).hexdigest()
