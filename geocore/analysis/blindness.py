"""Where a model is blind: squares of the populated world, and what is known about it there.

Stage: analysis. A table of leaves and the places of the training photos in, a table of squares out.
It must not know bundles or pages.

Source: own.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from geocore.analysis.yardstick import Yardstick
from geocore.cells import s2
from geocore.cells.geodesy import EARTH_RADIUS_KM, unit_vectors
from geocore.cells.pieces import find_pieces

SQUARE_LEVEL = 4
REACH_KM = 500.0
SELDOM = 0.25
KINDS = {
    "outside": "outside all cells: it cannot be right here",
    "far": f"no training photo within {REACH_KM:,.0f} km",
    "never": "unseen photos from this cell: none recognised",
    "seldom": "fewer than a quarter recognised",
    "recognised": "a quarter or more recognised",
    "untested": "no unseen photo to test with",
}
"""What can be said of a square, worst first."""


def blind_squares(
    cells: pd.DataFrame, head: str, lat: ArrayLike, lng: ArrayLike, yardstick: Yardstick
) -> pd.DataFrame:
    """The populated world in squares about 600 km wide, each with what is known about it.

    A square is judged by its middle: the leaf there, and the distance to the next training photo.

    Args:
        cells: from `geocore.analysis.cell_details.cell_table`.
        head: whose recall counts.
        lat: degrees of the training photos, (n_photos,).
        lng: likewise.
        yardstick: the populated world.

    Returns:
        One row per square in the order of the ids: token, place, inhabitants (of its towns), kind
        (key of KINDS), nearest_km (to a training photo; inf without any), n_held_out, n_right.
    """
    units = yardstick.units(str(SQUARE_LEVEL)).sort_index()
    ids = units.index.to_numpy(np.uint64)
    middle_lat, middle_lng = s2.centers(ids)
    leaves = cells.sort_values("cell_id")
    leaf = find_pieces(leaves["cell_id"].to_numpy(np.uint64), middle_lat, middle_lng)
    recall = np.append(leaves[f"recall {head}"].to_numpy(float), np.nan)[leaf]
    n_held_out = np.append(leaves["n_held_out"].to_numpy(int), 0)[leaf]
    nearest_km = _nearest_km(middle_lat, middle_lng, lat, lng)
    return pd.DataFrame(
        {
            "token": s2.token(ids),
            "place": units["name"].to_numpy(object),
            "inhabitants": units["inhabitants"].to_numpy(),
            "kind": _kinds(leaf < 0, nearest_km, n_held_out, recall),
            "nearest_km": nearest_km,
            "n_held_out": n_held_out,
            "n_right": np.rint(np.nan_to_num(recall) * n_held_out).astype(int),
        }
    )


def kind_shares(squares: pd.DataFrame) -> pd.Series:
    """Share of the people in towns, 0-1, who live in squares of each kind; in the order of KINDS.

    Args:
        squares: from `blind_squares`.
    """
    people = squares.groupby("kind")["inhabitants"].sum().reindex(list(KINDS), fill_value=0.0)
    return people / max(people.sum(), 1)


def _kinds(
    is_outside: np.ndarray, nearest_km: np.ndarray, n_held_out: np.ndarray, recall: np.ndarray
) -> np.ndarray:
    conditions = {
        "outside": is_outside,
        "far": nearest_km > REACH_KM,
        "untested": n_held_out == 0,
        "never": recall == 0,
        "seldom": recall < SELDOM,
    }
    return np.select(list(conditions.values()), list(conditions), "recognised")


def _nearest_km(
    lat: np.ndarray, lng: np.ndarray, photo_lat: ArrayLike, photo_lng: ArrayLike
) -> np.ndarray:
    photos = unit_vectors(photo_lat, photo_lng)
    if not len(photos):
        return np.full(len(lat), np.inf)
    chord, _ = cKDTree(photos).query(unit_vectors(lat, lng))
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1))
