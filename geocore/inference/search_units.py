"""What search areas are made of: the leaves of a grid and the pieces that they are cut into.

Stage: inference. It must not know heads or scores.

The model says in which leaf a photo was taken; a leaf may be a quarter of a continent and its sea.
Where inside, only general knowledge says: photos are taken where people live and travel. A piece's
share of its leaf is a mixture of the population of towns, its square root, places that were
photographed before, and land; the weights are those under which the training photos are most
probable. A fifth is always land alone, since disasters also strike where nobody lives or takes
photos; without it the 9,522 landslides of NASA's catalogue that lie in a leaf were too often in
pieces with hardly any share. With it, the densest pieces that hold 90 % of each leaf's share hold
93 % of those landslides, 94 % of the shipped bundle's held-out street photos and 89 % of its
country scenes.

Source: own.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from geocore.cells import CellGrid, s2
from geocore.cells.continents import continents_of
from geocore.cells.geodesy import unit_vectors
from geocore.cells.land import land_of_cells
from geocore.cells.pieces import cut_into_pieces, find_pieces
from geocore.cells.place_names import ASSETS, PlaceNamer
from geocore.evaluation.mixture import fit_mixture

PIECE_LEVEL = 5
LAND_SHARE = 0.2
UNIT_COLUMNS = (
    "unit", "cell_id", "class_index", "share", "photo_share", "area_km2", "land_km2", "continent",
    "codes", "codes_km2",
)  # fmt: skip
_FLOOR = 1e-3  # no piece is impossible


def build_units(grid: CellGrid, photos: pd.DataFrame, namer: PlaceNamer) -> pd.DataFrame:
    """The leaves by class index, then their pieces by cell id.

    Args:
        grid: the cells.
        photos: every photo of the bundle: lat, lng, class_index, split, and weight if there is one.
        namer: places and countries.

    Returns:
        Columns UNIT_COLUMNS: unit ("leaf" or "piece"), cell_id, class_index of the leaf, share of
        the leaf's prob, photo_share (share of the training photos in the leaf, none of them 0),
        area_km2, land_km2, continent (that of most photos of the leaf), codes (ISO 3166) and
        codes_km2 (land) of the countries that the unit touches.
    """
    leaf_ids = grid.leaves["cell_id"].to_numpy()
    piece_ids, leaf_of_piece = cut_into_pieces(leaf_ids, PIECE_LEVEL)
    learned = _learned(photos)
    leaves = _with_land(leaf_ids, namer).assign(unit="leaf", class_index=np.arange(len(leaf_ids)))
    pieces = _with_land(piece_ids, namer).assign(unit="piece", class_index=leaf_of_piece)
    leaves["share"] = 1.0
    pieces["share"] = piece_shares(pieces, learned, namer)
    units = pd.concat([leaves, pieces], ignore_index=True)
    n_photos = 1 + np.bincount(learned["class_index"], minlength=len(leaf_ids))
    units["photo_share"] = (n_photos / n_photos.sum())[units["class_index"]]
    units["continent"] = _continents(grid, photos, namer)[units["class_index"]]
    return units[list(UNIT_COLUMNS)]


def piece_shares(pieces: pd.DataFrame, learned: pd.DataFrame, namer: PlaceNamer) -> np.ndarray:
    """Each piece's share of its leaf, (n_pieces,), above 0; those of a leaf sum to 1.

    Args:
        pieces: cell_id, ascending, class_index, area_km2, land_km2.
        learned: lat, lng of the training photos.
        namer: places with their population.
    """
    ids, leaf = pieces["cell_id"].to_numpy(), pieces["class_index"].to_numpy()
    towns, people = namer.places, namer.places["population"].to_numpy(np.float64)
    seen = pd.read_csv(ASSETS / "flickr_100k.csv.gz").to_numpy().T
    floor = _FLOOR * pieces["area_km2"].to_numpy() / pieces["area_km2"].sum()
    land = _shares(pieces["land_km2"].to_numpy(), floor, leaf)
    known = [
        _shares(_sums(ids, towns["lat"], towns["lng"], people), floor, leaf),
        _shares(_sums(ids, towns["lat"], towns["lng"], np.sqrt(people)), floor, leaf),
        _shares(_sums(ids, *seen), floor, leaf),
        land,
    ]
    counts = _sums(ids, learned["lat"], learned["lng"])
    mixture = fit_mixture(np.stack(known), counts) @ np.stack(known)
    return (1 - LAND_SHARE) * mixture + LAND_SHARE * land


def _with_land(ids: s2.IdArray, namer: PlaceNamer) -> pd.DataFrame:
    """cell_id, area_km2, land_km2, codes and codes_km2 of cells."""
    by_cell = land_of_cells(ids, namer).groupby("cell")
    none = pd.Series([[]] * len(ids))
    areas = s2.cell_area_km2(ids)
    return pd.DataFrame(
        {
            "cell_id": ids,
            "area_km2": areas,
            "land_km2": np.minimum(by_cell["land_km2"].sum().reindex(none.index).fillna(0), areas),
            "codes": by_cell["code"].agg(list).combine_first(none),
            "codes_km2": by_cell["land_km2"]
            .agg(lambda x: x.round(1).to_list())
            .combine_first(none),
        }
    )


def _learned(photos: pd.DataFrame) -> pd.DataFrame:
    """Training photos in a leaf; those of reduced weight stand crowded and are left out."""
    learned = photos[(photos["split"] == "train") & (photos["class_index"] >= 0)]
    if "weight" in learned and len(learned):
        learned = learned[learned["weight"] >= learned["weight"].max()]
    return learned


def _sums(ids: s2.IdArray, lat: ArrayLike, lng: ArrayLike, weight: ArrayLike = 1.0) -> np.ndarray:
    """Sum of the weights of the points in each piece, (n_pieces,)."""
    piece = find_pieces(ids, np.asarray(lat), np.asarray(lng))
    weights = np.broadcast_to(np.asarray(weight, np.float64), piece.shape)
    return np.bincount(piece[piece >= 0], weights[piece >= 0], len(ids))


def _shares(amount: np.ndarray, floor: np.ndarray, leaf: np.ndarray) -> np.ndarray:
    """Amounts and a floor as shares of each leaf's sum."""
    amount = amount / max(amount.sum(), np.finfo(float).tiny) + floor
    return amount / np.bincount(leaf, amount)[leaf]


def _continents(grid: CellGrid, photos: pd.DataFrame, namer: PlaceNamer) -> np.ndarray:
    """Continent of most photos of each leaf; where there are none, of its centroid."""
    own = grid.leaves[["class_index", "lat", "lng"]]
    known = pd.concat([photos[photos["class_index"] >= 0][own.columns], own])
    known["weight"] = np.r_[np.ones(len(known) - len(own)), np.full(len(own), 0.5)]
    known["continent"] = continents_at(namer, known["lat"], known["lng"])
    votes = known.groupby(["class_index", "continent"])["weight"].sum().unstack(fill_value=0)
    return votes.idxmax(axis=1).reindex(range(len(own))).to_numpy(object)


def continents_at(namer: PlaceNamer, lat: pd.Series, lng: pd.Series) -> np.ndarray:
    """Continent of each point; at sea that of the nearest town, as islands are not on the map."""
    codes = np.array(namer.country_codes(lat, lng), dtype=object)
    nearest = namer.tree.query(unit_vectors(lat, lng))[1]
    return continents_of(
        np.where(codes == "", namer.places["code"].to_numpy()[nearest], codes), lng
    )
