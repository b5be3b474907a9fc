"""`conformal.json`: what a bundle keeps so that search areas can promise a coverage.

Stage: inference. It must not know TensorFlow, nor how a set is shown. The calibration photos are
the bundle's test photos: no head was trained on them, and neither early stopping nor a temperature
saw them. The scores of each are kept, so that any level and any group of photos can be asked for.

    photos   ids, photo sets and continents of the calibration photos, and a hash over them
    leaves   per class index: area, land, continent, countries
    scores   per head and method one number per photo, null for a photo outside all cells
    measured per head and method what coverage was seen on photos left out of the calibration

Source: own.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geocore.cells import CellGrid, s2
from geocore.cells.continents import continents_of
from geocore.cells.geodesy import unit_vectors
from geocore.cells.land import land_of_cells
from geocore.cells.place_names import PlaceNamer
from geocore.errors import BundleError
from geocore.evaluation.conformal import (
    METHODS,
    MIN_PHOTOS_PER_GROUP,
    check_method,
    label_scores,
    true_scores,
)
from geocore.inference.bundle import Bundle
from geocore.inference.bundle_files import as_json

CALIBRATION_FILE = "conformal.json"
MAX_PHOTOS = 10_000
"""More calibration photos make a p-value no steadier than a reader can see."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SearchCalibration:
    """Scores of photos that no head has seen, and what the leaves are.

    Attributes:
        photos: photo_id, photo_set, continent ("" at sea) of the calibration photos.
        leaves: by class index: area_km2, land_km2, continent, countries (list of (code, country,
            land_km2)).
        scores: per head and method float64 (n_photos,), infinity outside all cells.
        measured: per head and method the coverage seen, see `geocore.evaluation.coverage`.
    """

    photos: pd.DataFrame
    leaves: pd.DataFrame
    scores: Mapping[str, Mapping[str, np.ndarray]]
    measured: Mapping[str, Any]

    def true_scores(self, head: str, method: str) -> np.ndarray:
        """Scores of the calibration photos' own leaves, (n_photos,)."""
        check_method(method)
        if head not in self.scores:
            known = ", ".join(self.scores)
            raise ValueError(f"Unknown head {head!r}. Heads with a calibration: {known}.")
        return self.scores[head][method]

    def p_outside(self, *, by_continent: bool = False) -> float:
        """p-value of a place outside all cells; the largest of any continent where asked for."""
        is_outside = self.photos["is_outside"].to_numpy()
        groups = self.photos["continent"].to_numpy()
        parts = [is_outside]
        if by_continent:
            parts += [is_outside[groups == x] for x in np.unique(groups)]
        is_enough = [x for x in parts if x is is_outside or len(x) >= MIN_PHOTOS_PER_GROUP]
        return max((int(x.sum()) + 1) / (len(x) + 1) for x in is_enough)


def load_calibration(bundle: Bundle) -> SearchCalibration:
    """The calibration that a bundle keeps, read once.

    Raises:
        BundleError: the bundle has none, or its file cannot be read.
    """
    digest = bundle.manifest["files"].get(CALIBRATION_FILE)
    if digest is None:
        raise BundleError(
            f"{bundle.folder}: the bundle promises no search areas, it has no {CALIBRATION_FILE}. "
            f"Add it with scripts/calibrate.py --bundle {bundle.folder}."
        )
    return _read(bundle.folder / CALIBRATION_FILE, digest)


@lru_cache(maxsize=8)
def _read(path: Path, digest: str) -> SearchCalibration:
    """The digest is part of the key: a bundle that was made anew is read anew."""
    del digest
    try:
        content = json.loads(path.read_text("utf-8"))
        scores = {
            head: {method: _as_floats(values) for method, values in methods.items()}
            for head, methods in content["scores"].items()
        }
        return SearchCalibration(
            photos=pd.DataFrame(content["photos"]),
            leaves=pd.DataFrame(content["leaves"]),
            scores=scores,
            measured=content["measured"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(
            f"{path}: the calibration cannot be read ({error}). "
            f"Make it anew with scripts/calibrate.py --bundle {path.parent}."
        ) from error


def write_calibration(path: Path, calibration: SearchCalibration) -> None:
    """Write `conformal.json`."""
    content = {
        "photos": calibration.photos.to_dict("list"),
        "photos_sha256": hashlib.sha256(
            "\n".join(sorted(calibration.photos["photo_id"])).encode()
        ).hexdigest(),
        "leaves": calibration.leaves.to_dict("list"),
        "scores": calibration.scores,
        "measured": calibration.measured,
    }
    path.write_text(as_json(content), "utf-8", newline="\n")


def calibrate(bundle: Bundle, namer: PlaceNamer) -> SearchCalibration:
    """Score the held-out photos of a bundle by every head, baseline and method.

    Raises:
        BundleError: the bundle's predictions do not fit its cells.
    """
    first = bundle.predictions(bundle.answers[0])
    kept = _drawn(len(first))
    held_out = first.iloc[kept].reset_index(drop=True)
    leaves = leaf_table(bundle.grid, bundle.photos, namer)
    photos = _calibration_photos(held_out, leaves["continent"].to_numpy(), namer)
    area = leaves["area_km2"].to_numpy()
    scores = {}
    for head in bundle.answers:
        y_true = bundle.predictions(head)["class_index"].to_numpy()[kept]
        y_prob = bundle.probs(head)[kept]
        scores[head] = {
            method: true_scores(label_scores(method, y_prob, area), y_true) for method in METHODS
        }
    return SearchCalibration(photos=photos, leaves=leaves, scores=scores, measured={})


def _calibration_photos(
    held_out: pd.DataFrame, leaf_continents: np.ndarray, namer: PlaceNamer
) -> pd.DataFrame:
    """The continent of a photo is its leaf's; outside all leaves, that of its place."""
    class_index = held_out["class_index"].to_numpy()
    by_place = _continents_at(namer, held_out["lat"], held_out["lng"])
    return held_out[["photo_id", "photo_set"]].assign(
        is_outside=class_index < 0,
        continent=np.where(class_index < 0, by_place, leaf_continents[class_index]),
    )


def _as_floats(values: list[float | None]) -> np.ndarray:
    """JSON knows no infinity: null stands for it."""
    return np.array([np.inf if x is None else x for x in values], np.float64)


def leaf_table(grid: CellGrid, photos: pd.DataFrame, namer: PlaceNamer) -> pd.DataFrame:
    """What the leaves of a grid are, see `SearchCalibration.leaves`.

    Args:
        grid: the cells.
        photos: class_index, lat, lng; the continent of a leaf is that of most of its photos.
        namer: places and countries.
    """
    ids = grid.leaves["cell_id"].to_numpy()
    land = land_of_cells(ids, namer)
    countries: list[list[tuple[str, str, float]]] = [[] for _ in ids]
    for row in land.itertuples():
        countries[row.cell].append((row.code, row.country, round(row.land_km2, 1)))
    km2 = land.groupby("cell")["land_km2"].sum().reindex(range(len(ids))).fillna(0.0)
    return pd.DataFrame(
        {
            "area_km2": s2.cell_area_km2(ids),
            "land_km2": km2.to_numpy(),
            "continent": _continents(grid, photos, namer),
            "countries": countries,
        }
    )


def _continents(grid: CellGrid, photos: pd.DataFrame, namer: PlaceNamer) -> list[str]:
    """Continent of most photos of each leaf; where there are none, of its centroid."""
    own = grid.leaves[["class_index", "lat", "lng"]]
    known = pd.concat([photos[photos["class_index"] >= 0][own.columns], own])
    known["weight"] = np.r_[np.ones(len(known) - len(own)), np.full(len(own), 0.5)]
    known["continent"] = _continents_at(namer, known["lat"], known["lng"])
    votes = known.groupby(["class_index", "continent"])["weight"].sum().unstack(fill_value=0)
    return votes.idxmax(axis=1).reindex(range(len(own))).tolist()


def _continents_at(namer: PlaceNamer, lat: pd.Series, lng: pd.Series) -> np.ndarray:
    """Continent of each point; at sea that of the nearest town, as islands are not on the map."""
    codes = np.array(namer.country_codes(lat, lng), dtype=object)
    nearest = namer.tree.query(unit_vectors(lat, lng))[1]
    return continents_of(
        np.where(codes == "", namer.places["code"].to_numpy()[nearest], codes), lng
    )


def _drawn(n_photos: int) -> np.ndarray:
    """Positions of the photos that calibrate: all, or MAX_PHOTOS drawn with a fixed seed."""
    if n_photos <= MAX_PHOTOS:
        return np.arange(n_photos)
    return np.sort(np.random.default_rng(42).permutation(n_photos)[:MAX_PHOTOS])
