"""Data stage, made world: what is really at a place. It knows no photo and draws nothing.

Real: countries and their towns (GeoNames), land shapes (Natural Earth), side of the road, scripts,
where mountains and climates are (tables in assets/made_world, see the README of assets). Made: the
smooth fields that let districts differ beyond that.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geocore.data.made_world.noise import EARTH_RADIUS_KM, FloatArray, style_field, unit_vectors

ASSETS = Path(__file__).resolve().parents[2] / "assets"
TABLES = ASSETS / "made_world"
FIELDS = (
    *("wall", "tone", "roof", "leaf", "soil", "trees", "built", "height", "post", "kerb"),
    *("fence", "paint", "rock", "sign", "sky", "plant"),
)
_CLIMATE_KM = 420.0
_COAST_STEP_DEG = 0.2
_SOUTHERNMOST_TOWN_DEG = -60.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Towns:
    """Towns of 5,000 inhabitants or more with the country each lies in."""

    table: pd.DataFrame
    tree: cKDTree


def surroundings(lat: FloatArray, lng: FloatArray) -> pd.DataFrame:
    """What is known of places, one row each.

    Args:
        lat: degrees (n,).
        lng: degrees (n,).

    Returns:
        code (ISO 3166), culture, left (traffic keeps left), line (colour of centre lines), warning
        (shape of warning signs), script; town_km and n_towns (towns within 25 km); coast_km;
        elevation_m; climate_* (share of each biome, summing to 1); field_* (see `FIELDS`).
    """
    vectors = unit_vectors(lat, lng)
    table = _countries_at(lat, vectors)
    table["coast_km"] = _chord_km(_coast().query(vectors)[0])
    table["elevation_m"] = _elevation_m(vectors)
    shares = climate_shares(vectors)
    names = [f"climate_{biome}" for biome in biomes().index]
    fields = np.stack([style_field(name, vectors) for name in FIELDS], axis=1)
    parts = [table, pd.DataFrame(shares, columns=names)]
    return pd.concat([*parts, pd.DataFrame(fields, columns=[f"field_{x}" for x in FIELDS])], axis=1)


def climate_shares(vectors: FloatArray) -> FloatArray:
    """Share of every biome at unit vectors (n, 3), after the climates known nearby: (n, n_biomes).

    Weighted by exp(-(distance / 420 km)^2) over the twelve nearest points of the climate table;
    where all are far, the nearest decide.
    """
    tree, kinds = _climate()
    chord, nearest = tree.query(vectors, k=12)
    km = _chord_km(chord)
    weights = np.exp(-((km**2 - km[:, :1] ** 2) / _CLIMATE_KM**2))
    shares = np.zeros((len(vectors), len(biomes())))
    np.add.at(shares, (np.arange(len(vectors))[:, None], kinds[nearest]), weights)
    return shares / shares.sum(axis=1, keepdims=True)


@cache
def biomes() -> pd.DataFrame:
    """Traits of each biome, indexed by its name."""
    return _read("biomes.csv").set_index("biome")


@cache
def biome_traits(name: str) -> dict[str, Any]:
    """Traits of one biome: numbers, and colours as six hexadecimal digits."""
    return biomes().loc[name].to_dict()


@cache
def cultures() -> pd.DataFrame:
    """Traits of building and traffic of each culture region, indexed by its name."""
    return _read("cultures.csv").set_index("culture")


@cache
def towns() -> Towns:
    """The towns that ship with geocore, each with the culture region of its country's part."""
    table = pd.read_csv(ASSETS / "places.csv.gz", keep_default_na=False, dtype={"code": str})
    countries = _read("countries.csv")
    row = np.zeros(len(table), np.intp)
    for code, parts in countries.groupby("code"):
        is_here = (table["code"] == code).to_numpy()
        row[is_here] = _nearest_part(table[is_here], parts)
    traits = countries.loc[row, ["culture", "left", "line", "warning", "script"]]
    table = pd.concat([table, traits.reset_index(drop=True)], axis=1)
    vectors = unit_vectors(table["lat"].to_numpy(), table["lng"].to_numpy())
    return Towns(table=table, tree=cKDTree(vectors))


@cache
def land() -> shapely.Geometry:
    """All land as one shape, in lng, lat."""
    world = (ASSETS / "basemap.geojson").read_text(encoding="utf-8")
    shape = shapely.union_all(shapely.get_parts(shapely.from_geojson(world)), grid_size=0.01)
    shapely.prepare(shape)
    return shape


def _nearest_part(points: pd.DataFrame, parts: pd.DataFrame) -> NDArray[np.intp]:
    """Index of the country's part whose middle is nearest to each point."""
    if len(parts) == 1:
        return np.full(len(points), parts.index[0])
    middles = unit_vectors(parts["lat"].to_numpy(float), parts["lng"].to_numpy(float))
    vectors = unit_vectors(points["lat"].to_numpy(), points["lng"].to_numpy())
    return parts.index.to_numpy()[np.argmax(vectors @ middles.T, axis=1)]


def _countries_at(lat: FloatArray, vectors: FloatArray) -> pd.DataFrame:
    """Country, its customs, and how near towns are."""
    known = towns()
    chord, nearest = known.tree.query(vectors)
    columns = ["code", "culture", "left", "line", "warning", "script"]
    table = known.table.loc[nearest, columns].reset_index(drop=True)
    polar = _read("countries.csv").set_index("code").loc["AQ", columns[1:]]
    is_polar = lat < _SOUTHERNMOST_TOWN_DEG
    table.loc[is_polar, columns] = ["AQ", *polar]
    table["town_km"] = _chord_km(chord)
    radius = 2 * np.sin(25 / EARTH_RADIUS_KM / 2)
    table["n_towns"] = known.tree.query_ball_point(vectors, radius, return_length=True)
    return table


@cache
def _coast() -> cKDTree:
    """Points along all coasts, about every 20 km."""
    lines = shapely.segmentize(shapely.boundary(land()), _COAST_STEP_DEG)
    lng, lat = shapely.get_coordinates(lines).T
    is_real = (np.abs(lng) < 179.9) & (lat > -89)
    return cKDTree(unit_vectors(lat[is_real], lng[is_real]))


@cache
def _climate() -> tuple[cKDTree, NDArray[np.intp]]:
    """Tree of the points of known climate, and the row of each one's biome."""
    table = _read("climate.csv")
    points = table["points"].str.split(";").explode().str.split(expand=True).astype(float)
    kinds = biomes().index.get_indexer(table.loc[points.index, "biome"])
    return cKDTree(unit_vectors(points[0].to_numpy(), points[1].to_numpy())), kinds


def _elevation_m(vectors: FloatArray) -> FloatArray:
    """Height of the mountains nearby in metres: each range is a ridge that falls off sideways."""
    tree, height_m, width_km = _ranges()
    chord, nearest = tree.query(vectors, k=24, distance_upper_bound=0.16)
    is_near = np.isfinite(chord)
    nearest = np.where(is_near, nearest, 0)
    fall = np.exp(-((_chord_km(np.where(is_near, chord, 2)) / width_km[nearest]) ** 2))
    return np.where(is_near, height_m[nearest] * fall, 0).max(axis=1)


@cache
def _ranges() -> tuple[cKDTree, FloatArray, FloatArray]:
    """Points along all mountain ranges, with height and half width."""
    vectors, heights, widths = [], [], []
    for row in _read("mountains.csv").itertuples():
        points = np.array([x.split() for x in row.points.split(";")], float)
        ridge = shapely.get_coordinates(shapely.segmentize(shapely.linestrings(points), 0.3))
        vectors.append(unit_vectors(ridge[:, 0], ridge[:, 1]))
        heights += [row.height_m] * len(ridge)
        widths += [row.width_km] * len(ridge)
    return cKDTree(np.concatenate(vectors)), np.array(heights, float), np.array(widths, float)


def _chord_km(chord: FloatArray) -> FloatArray:
    return 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(np.asarray(chord) / 2, 1))


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(TABLES / name, keep_default_na=False, na_values={"lat": "", "lng": ""})
