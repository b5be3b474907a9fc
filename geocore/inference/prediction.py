"""What a prediction says, as plain data: the answer for one photo, its probs at any level.

Stage: inference. It must not know TensorFlow, files or pages.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geocore.cells import Hierarchy, s2
from geocore.cells.pieces import find_pieces

CELL_COLUMNS = ("token", "level", "place", "lat", "lng", "prob")


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """The answer of one head for one photo.

    Attributes:
        photo: the photo's name, as it was given.
        head: name of the head.
        lat, lng: the best single point, degrees: the place with the highest expected GeoScore.
        probs: (n_leaves,) float32, by class index; sums to 1.
        leaves: the grid's leaves by class index, with token, level, place, lat, lng.
        domain: the photo set that the photo looks like, None where the bundle tells none apart.
        indoor_score: see `geocore.inference.photo_look.PhotoLook`.
    """

    photo: str
    head: str
    lat: float
    lng: float
    probs: np.ndarray
    leaves: pd.DataFrame
    domain: str | None = None
    indoor_score: float = 0.0

    @property
    def confidence(self) -> float:
        """Prob of the most probable leaf."""
        return float(self.probs.max())

    def top(self, k: int = 5) -> pd.DataFrame:
        """The k most probable leaves, best first: columns `CELL_COLUMNS` (lat, lng: the centroid).

        Raises:
            ValueError: k is below 1.
        """
        if k < 1:
            raise ValueError(f"The number of cells must be at least 1, received {k}.")
        order = np.argsort(-self.probs, kind="stable")[:k]
        cells = self.leaves.iloc[order].assign(prob=self.probs[order].astype(float))
        return cells[list(CELL_COLUMNS)].reset_index(drop=True)

    @property
    def cell_km2(self) -> float:
        """Area of the leaf that the best single point stands for: no answer is finer than this.

        The most probable leaf's where the point lies in none.
        """
        ids = s2.from_token(self.leaves["token"])
        order = np.argsort(ids)
        position = int(find_pieces(ids[order], np.array([self.lat]), np.array([self.lng]))[0])
        leaf = int(self.probs.argmax()) if position < 0 else int(order[position])
        return float(s2.cell_area_km2(ids[[leaf]])[0])

    def to_dict(self, top: int = 5) -> dict[str, Any]:
        """The row of `scripts/predict.py --format json`: photo, head, lat, lng, cell_km2, cells."""
        return {
            "photo": self.photo,
            "head": self.head,
            "lat": self.lat,
            "lng": self.lng,
            "cell_km2": round(self.cell_km2),
            "cells": self.top(top).astype({"level": int}).to_dict("records"),
        }


@dataclass(frozen=True, kw_only=True)
class PhotoFailure:
    """A photo that could not be read, and the sentence that says why."""

    photo: str
    error: str

    def to_dict(self, top: int = 5) -> dict[str, Any]:
        """The error row of `scripts/predict.py --format json`."""
        return {"photo": self.photo, "error": self.error}


def merged_cells(hierarchy: Hierarchy, level: int) -> tuple[np.ndarray, np.ndarray]:
    """The cells that remain when those below a level are merged into their ancestors.

    A leaf below the level belongs to its ancestor there; a leaf that ends at the level or above it
    stays as it is, so the cells never overlap.

    Returns:
        Cell ids (n_cells,) uint64, ascending, and for each leaf (n_leaves,) the position of its
        cell among them.

    Raises:
        ValueError: the level is not one of the tree's.
    """
    if level not in hierarchy.levels:
        known = f"{hierarchy.levels[0]} to {hierarchy.levels[-1]}"
        raise ValueError(f"The level must be one of the tree's, {known}, received {level}.")
    depth = np.minimum(hierarchy.leaf_level, hierarchy.levels.index(level))
    positions = hierarchy.ancestors[np.arange(hierarchy.n_leaves), depth]
    ids = [hierarchy.cell_ids[d][p] for d, p in zip(depth, positions, strict=True)]
    return np.unique(np.array(ids, np.uint64), return_inverse=True)


def roll_up(probs: np.ndarray, hierarchy: Hierarchy, level: int) -> tuple[np.ndarray, np.ndarray]:
    """Read the probs of the leaves off at a coarser level (`merged_cells`); no prob is lost.

    Args:
        probs: (..., n_leaves).
        hierarchy: tree of the leaves.
        level: S2 level.

    Returns:
        Cell ids (n_cells,) uint64, ascending, and their probs (..., n_cells).

    Raises:
        ValueError: the level is not one of the tree's, or the probs are for other leaves.

    Source: own; conserves probability as HMC-tree does by construction.
    """
    if probs.shape[-1] != hierarchy.n_leaves:
        raise ValueError(
            f"probs must have one value per leaf ({hierarchy.n_leaves}), "
            f"received {probs.shape[-1]}."
        )
    cells, cell_of_leaf = merged_cells(hierarchy, level)
    rolled = np.zeros((*probs.shape[:-1], len(cells)), np.float64)
    np.add.at(np.moveaxis(rolled, -1, 0), cell_of_leaf, np.moveaxis(probs, -1, 0))
    return cells, rolled
