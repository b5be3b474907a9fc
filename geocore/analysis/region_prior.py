"""A region in which the photo is known, from elsewhere, to have been taken.

Stage: analysis. It joins a region with predictions and with what search areas are made of; it must
not know pages or TensorFlow. How a region is written down: `geocore.analysis.region_text`.

The answer is then about places in the region alone: probs are the share of each leaf that lies
there, made to sum to 1 again. Search areas are cut with the region instead (`region_units`), which
keeps what they promise, if the photo truly is from the region.

Source: own (Bayes: a region known for certain).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geocore.analysis.search_area import SearchArea
from geocore.cells import s2
from geocore.cells.continents import load_countries
from geocore.cells.geodesy import distance_km
from geocore.cells.place_names import load_place_namer
from geocore.cells.polygons import cells_geojson
from geocore.evaluation.metrics import geoscores
from geocore.inference.bundle import Bundle
from geocore.inference.prediction import Prediction
from geocore.inference.search_calibration import load_calibration

MAX_NAMED = 3
_MAX_CANDIDATES = 1000
_TOO_SMALL = 0.01
"""What a state too small for the map counts for in a piece, as a share of the piece."""


@dataclass(frozen=True, kw_only=True)
class RegionPrior:
    """Where a photo is known to be from: some countries, or a polygon.

    Attributes:
        label: for people.
        countries: ISO 3166 codes, in order; empty where a polygon is given.
        polygon: GeoJSON Polygon or MultiPolygon in degrees, from `region_text`; None where
            countries are given.
    """

    label: str
    countries: tuple[str, ...] = ()
    polygon: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        """Refuse a region that is none, or two."""
        if bool(self.countries) == (self.polygon is not None):
            raise ValueError(
                "A region is either countries or a polygon, received "
                f"{'both' if self.countries else 'neither'}. Give one of them."
            )

    def record(self) -> dict[str, Any]:
        """The region as answers and case files keep it."""
        polygon = None if self.polygon is None else dict(self.polygon)
        return {"label": self.label, "countries": list(self.countries), "polygon": polygon}


def prior_record(prior: RegionPrior, *, removed: bool = False) -> dict[str, Any]:
    """The body of a "prior" entry: the region was set, or removed."""
    return {**prior.record(), "removed": removed}


def prior_of_record(record: Mapping[str, Any]) -> RegionPrior:
    """The region that a record keeps."""
    return RegionPrior(
        label=str(record["label"]), countries=tuple(record["countries"]), polygon=record["polygon"]
    )


def country_prior(codes: tuple[str, ...]) -> RegionPrior:
    """A region of whole countries.

    Raises:
        ValueError: an unknown code.
    """
    names = load_countries()["name"]
    unknown = [code for code in codes if code not in names.index]
    if unknown:
        raise ValueError(
            f"Unknown country {unknown[0]!r}. Countries are ISO 3166 codes of two letters, such as "
            "IT."
        )
    codes = tuple(sorted(set(codes), key=lambda code: str(names[code])))
    shown = [str(names[code]) for code in codes[:MAX_NAMED]]
    more = len(codes) - MAX_NAMED
    label = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    return RegionPrior(label=label, countries=codes)


def region_units(prior: RegionPrior, units: pd.DataFrame) -> np.ndarray:
    """How much of each unit lies in the region, float64 (n_units,) in [0, 1].

    Above 0 wherever the region touches the unit: `region_units(...) > 0` is what `search_area`
    wants as `within`.

    Args:
        prior: the region.
        units: rows of `SearchCalibration.units`: cell_id, land_km2, codes, codes_km2.
    """
    if prior.polygon is not None:
        return _polygon_shares(shapely.geometry.shape(prior.polygon), units["cell_id"].to_numpy())
    wanted, shares = set(prior.countries), np.zeros(len(units))
    rows = zip(units["codes"], units["codes_km2"], units["land_km2"], strict=True)
    for row, (codes, codes_km2, land_km2) in enumerate(rows):
        inside = [km2 for code, km2 in zip(codes, codes_km2, strict=True) if code in wanted]
        if inside:
            shares[row] = max(sum(inside) / max(land_km2, 1.0), _TOO_SMALL)
    return np.minimum(shares, 1.0)


def region_mask(prior: RegionPrior, bundle: Bundle) -> np.ndarray:
    """The share of each leaf's prob that lies in the region, float64 (n_leaves,) in [0, 1].

    Where in a leaf photos are taken say its pieces: a leaf whose towns all lie in the region is in
    it, however much sea and desert is not.

    Raises:
        BundleError: the bundle has no calibration, which holds the pieces.
    """
    calibration = load_calibration(bundle)
    pieces = calibration.pieces
    inside = region_units(prior, pieces) * pieces["share"].to_numpy()
    leaves = pieces["class_index"].to_numpy()
    return np.minimum(np.bincount(leaves, inside, len(calibration.leaves)), 1.0)


def region_shape(prior: RegionPrior) -> dict[str, Any] | None:
    """The region as a GeoJSON geometry to draw; None for states too small for the world map."""
    if prior.polygon is not None:
        return dict(prior.polygon)
    countries = load_place_namer().countries
    shape = shapely.union_all(countries.loc[countries["code"].isin(prior.countries), "shape"])
    return None if shape.is_empty else shapely.geometry.mapping(shape)


def size_in_region(area: SearchArea, prior: RegionPrior, bundle: Bundle) -> tuple[float, float]:
    """km2 and land km2 of the part of a search area that lies in the region.

    Of countries only the land counts; a state too small for the map counts whole pieces.

    Args:
        area: from `search_area` with `within`.
        prior: the region.
        bundle: that the area comes from.
    """
    units = load_calibration(bundle).units(area.method).set_index("cell_id", drop=False)
    units = units.loc[s2.from_token(area.cells["token"])]
    if prior.polygon is None:
        km2 = sum(c.land_km2 for c in area.countries if c.code in prior.countries)
        return (km2, km2) if km2 > 0 else (area.area_km2, area.land_km2)
    shares = region_units(prior, units)
    return float(shares @ units["area_km2"]), float(shares @ units["land_km2"])


def prob_in_region(prediction: Prediction, prior: RegionPrior, bundle: Bundle) -> float:
    """What the photo alone gives the region, 0-1; nearly 0 speaks against the region."""
    return float(prediction.probs.astype(np.float64) @ region_mask(prior, bundle))


def condition(prediction: Prediction, prior: RegionPrior, bundle: Bundle) -> Prediction:
    """The answer for a photo that is known to be from the region.

    Not for search areas or claims: these take the photo's own prediction.

    Raises:
        ValueError: no cell of the bundle lies in the region.
        BundleError: the bundle has no calibration, which holds the pieces.
    """
    pieces = load_calibration(bundle).pieces
    leaf = pieces["class_index"].to_numpy()
    in_region = region_units(prior, pieces) * pieces["share"].to_numpy()
    probs = prediction.probs.astype(np.float64) * np.bincount(leaf, in_region, bundle.grid.n_leaves)
    if not probs.sum() > 0:
        raise ValueError(
            f"No cell of this model lies in the region {prior.label!r}, so it cannot say where in "
            "the region the photo was taken. Choose a region on land where people take photos."
        )
    pieces_probs = prediction.probs[leaf] * in_region
    lat, lng = _best_point(prediction, prior, pieces["cell_id"].to_numpy(), pieces_probs)
    return replace(prediction, probs=(probs / probs.sum()).astype(np.float32), lat=lat, lng=lng)


def _polygon_shares(region: shapely.Geometry, cell_ids: np.ndarray) -> np.ndarray:
    """The part of each cell's drawn area inside a polygon, above 0 where they touch."""
    shapes = _shapes(cell_ids.tobytes())
    shares = np.zeros(len(shapes))
    met = np.flatnonzero(shapely.intersects(shapes, region))
    common = shapely.area(shapely.intersection(shapes[met], region))
    shares[met] = np.maximum(common / shapely.area(shapes[met]), np.finfo(np.float32).tiny)
    return np.minimum(shares, 1.0)


@lru_cache(maxsize=4)
def _shapes(cell_ids: bytes) -> np.ndarray:
    """Borders of cells, shapely geometries (n_cells,)."""
    features = cells_geojson(s2.token(np.frombuffer(cell_ids, np.uint64)))["features"]
    geometries = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    return np.array(geometries, dtype=object)


def _best_point(
    prediction: Prediction, prior: RegionPrior, cell_ids: np.ndarray, probs: np.ndarray
) -> tuple[float, float]:
    """The place in the region with the highest expected GeoScore, weighed up between pieces."""
    likely = np.argsort(-probs, kind="stable")[:_MAX_CANDIDATES]
    likely = likely[probs[likely] > 0]
    lat, lng = s2.centers(cell_ids[likely])
    candidates = np.array([(prediction.lat, prediction.lng), *zip(lat, lng, strict=True)])
    candidates = candidates[_inside(prior, *candidates.T)]
    if not len(candidates):
        return _any_point(prior)
    km = distance_km(candidates[:, :1], candidates[:, 1:], lat, lng)
    best = candidates[(geoscores(km) @ probs[likely]).argmax()]
    return float(best[0]), float(best[1])


def _inside(prior: RegionPrior, lat: np.ndarray, lng: np.ndarray) -> np.ndarray:
    """Whether points lie in the region, bool (n_points,)."""
    if prior.polygon is not None:
        return shapely.intersects_xy(shapely.geometry.shape(prior.polygon), lng, lat)
    return np.isin(load_place_namer().country_codes(lat, lng), prior.countries)


def _any_point(prior: RegionPrior) -> tuple[float, float]:
    """A point of a region that is smaller than a piece: inside the polygon, or the largest town."""
    if prior.polygon is not None:
        point = shapely.geometry.shape(prior.polygon).representative_point()
        return float(point.y), float(point.x)
    places = load_place_namer().places
    town = places[places["code"].isin(prior.countries)].nlargest(1, "population").iloc[0]
    return float(town["lat"]), float(town["lng"])
