"""Data stage: which photos show the same place. It reads no image and knows no cells.

Places nearer to each other than a distance belong together, and so does what is joined through
others: the connected components of that relation, exact on the sphere, so that no two groups come
nearer to each other than the distance.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

EARTH_RADIUS_KM = 6371.0088  # as geocore.cells.geodesy, which this stage may not import
SMALLEST_KM = 0.02
_N_AT_ONCE = 4_000_000
_MANY = 100_000

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def place_groups(lat: ArrayLike, lng: ArrayLike, *, distance_km: float) -> IntArray:
    """Number of the place that each photo shows.

    Two photos within `distance_km` have the same number, also across +-180 degrees and at the
    poles; so have two that are joined by a chain of such steps. Photos of different numbers are
    farther apart than that.

    Args:
        lat: Latitudes in degrees, (n_photos,), in [-90, 90].
        lng: Longitudes in degrees, (n_photos,).
        distance_km: Great-circle distance, at least `SMALLEST_KM`.

    Returns:
        int (n_photos,), 0 to n_places - 1, numbered in the order of their first photos.

    Raises:
        ValueError: The distance is too small, or coordinates are missing or of unequal length.

    Source:
        Own: cubes small enough that all points of one are near each other, joined where the
        nearest points of two neighbours are.
    """
    if not distance_km >= SMALLEST_KM:
        raise ValueError(
            f"distance_km must be at least {SMALLEST_KM:g} km (a position is not better known), "
            f"received {distance_km}."
        )
    points = _unit_vectors(lat, lng)
    if not len(points):
        return np.zeros(0, dtype=np.int64)
    chord = 2 * math.sin(min(distance_km / (2 * EARTH_RADIUS_KM), math.pi / 2))
    keys, cube, n_sides = _cubes(points, chord / math.sqrt(3))
    joined = _joined_cubes(points, cube, _neighbours(keys, n_sides), chord)
    return _in_order_of_appearance(joined[cube])


def _unit_vectors(lat: ArrayLike, lng: ArrayLike) -> FloatArray:
    phi, theta = np.radians(np.asarray(lat, float)), np.radians(np.asarray(lng, float))
    if phi.shape != theta.shape or phi.ndim != 1 or not np.isfinite(phi + theta).all():
        raise ValueError(
            "lat and lng must be numbers in two arrays of equal length, received shapes "
            f"{phi.shape} and {theta.shape}."
        )
    cos_phi = np.cos(phi)
    return np.stack([np.cos(theta) * cos_phi, np.sin(theta) * cos_phi, np.sin(phi)], axis=1)


def _cubes(points: FloatArray, diagonal_per_side: float) -> tuple[IntArray, IntArray, int]:
    """Divide space into cubes: sorted keys (n_cubes,), each point's cube, cubes along a side."""
    side = diagonal_per_side * (1 - 1e-9)
    n_sides = math.ceil(2 / side) + 6
    position = np.floor((points + 1) / side).astype(np.int64) + 2
    keys = (position[:, 0] * n_sides + position[:, 1]) * n_sides + position[:, 2]
    unique, cube = np.unique(keys, return_inverse=True)
    return unique, cube, n_sides


def _neighbours(keys: IntArray, n_sides: int) -> IntArray:
    """All pairs (n_pairs, 2) of cubes at most two steps apart in each direction, each pair once."""
    steps = [(0, 0), (0, 1), (0, 2), *((dx, dy) for dx in (1, 2) for dy in range(-2, 3))]
    pairs = []
    for dx, dy in steps:
        middle = keys + (dx * n_sides + dy) * n_sides
        nearest = middle - 2 if (dx, dy) != (0, 0) else middle + 1
        start, stop = np.searchsorted(keys, nearest), np.searchsorted(keys, middle + 3)
        first, within = _counted(stop - start)
        pairs.append(np.stack([first, start[first] + within], axis=1))
    return np.concatenate(pairs)


def _counted(n: IntArray) -> tuple[IntArray, IntArray]:
    """For each i, i itself n[i] times, and beside it 0 to n[i] - 1."""
    row = np.repeat(np.arange(len(n)), n)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(n) - n, n)


def _joined_cubes(points: FloatArray, cube: IntArray, pairs: IntArray, chord: float) -> IntArray:
    """Number of the component of each cube, (n_cubes,).

    Most pairs are decided by one point of each; what is then still apart is looked at whole.
    """
    sizes = np.bincount(cube)
    order, start = np.argsort(cube, kind="stable"), np.cumsum(sizes) - sizes
    cubes = _Cubes(points[order], start, sizes)
    is_near = _is_near(cubes.points[start[pairs[:, 0]]], cubes.points[start[pairs[:, 1]]], chord)
    component = _components(pairs[is_near], len(sizes))
    open_pairs = _apart(pairs[~is_near], component)
    open_pairs = open_pairs[sizes[open_pairs].max(axis=1) > 1]
    for batch in _batches(open_pairs, cubes):
        batch = _apart(batch, component)
        near = component[batch[_have_near_points(cubes, batch, chord)]]
        if len(near):
            component = _components(near, len(sizes))[component]
    return component


@dataclass(frozen=True)
class _Cubes:
    """Points sorted by cube; where each cube's begin, and how many they are."""

    points: FloatArray
    start: IntArray
    sizes: IntArray

    def n_products(self, pairs: IntArray) -> IntArray:
        """How many pairs of points each pair of cubes makes."""
        return self.sizes[pairs].prod(axis=1)


def _apart(pairs: IntArray, component: IntArray) -> IntArray:
    """The pairs that are not joined, by whatever way."""
    return pairs[component[pairs[:, 0]] != component[pairs[:, 1]]]


def _is_near(a: FloatArray, b: FloatArray, chord: float) -> NDArray[np.bool_]:
    return ((a - b) ** 2).sum(axis=-1) <= chord**2


def _components(pairs: IntArray, n: int) -> IntArray:
    graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _batches(pairs: IntArray, cubes: _Cubes) -> Iterator[IntArray]:
    """The pairs from the smallest on, each batch of bounded work."""
    n_products = cubes.n_products(pairs)
    order = np.argsort(n_products, kind="stable")
    batch = np.cumsum(np.minimum(n_products[order], _N_AT_ONCE)) // _N_AT_ONCE
    yield from np.split(pairs[order], np.flatnonzero(np.diff(batch)) + 1)


def _have_near_points(cubes: _Cubes, pairs: IntArray, chord: float) -> NDArray[np.bool_]:
    """Whether any point of the first cube is near any point of the second, (n_pairs,)."""
    is_large = cubes.n_products(pairs) > _MANY
    result = np.zeros(len(pairs), bool)
    small = np.flatnonzero(~is_large)
    n_b = cubes.sizes[pairs[small, 1]]
    row, within = _counted(cubes.n_products(pairs[small]))
    first = cubes.points[cubes.start[pairs[small[row], 0]] + within // n_b[row]]
    second = cubes.points[cubes.start[pairs[small[row], 1]] + within % n_b[row]]
    result[small[row[_is_near(first, second, chord)]]] = True
    for i in np.flatnonzero(is_large):
        few, many = sorted(pairs[i], key=lambda cube: cubes.sizes[cube])
        tree = cKDTree(cubes.points[cubes.start[many] :][: cubes.sizes[many]])
        few_points = cubes.points[cubes.start[few] :][: cubes.sizes[few]]
        result[i] = (tree.query(few_points)[0] <= chord).any()
    return result


def _in_order_of_appearance(labels: IntArray) -> IntArray:
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]
