"""How the baselines learn from training photos; their few settings are chosen on validation photos.

Stage: evaluation. Arrays in, baselines out: it must not know models, photos or files.

What a photo is here: pooled features, position, leaf. Test photos never come near this module.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from geocore.cells.geodesy import EARTH_RADIUS_KM, distance_km
from geocore.evaluation.baselines import (
    ConstantGuess,
    NearestPhotos,
    Partitions,
    as_probs,
    densest,
    leaf_density,
    neighbours,
    unit_rows,
)
from geocore.evaluation.metrics import geoscore, log_loss
from geocore.evaluation.points import build_point_table

MAX_PHOTOS = 20_000
"""Training photos that nearest neighbours remember, drawn at random: their features are the bulk of
what the bundle keeps."""
MAX_ROWS = 2000
"""Photos that the principal axes are found from; the order of the photos is random already."""
N_KEPT = 128
"""Principal axes kept of the features: the loss was within 0.02 of that with all 2,560."""
N_NEIGHBOURS, POWERS = (20, 50, 100, 200), (0.0, 4.0)
WIDTHS_KM, POINT_WIDTHS_KM = (100.0, 300.0, 1000.0), (100.0, 300.0, 1000.0, 2000.0)
PART_OF_SHARES = (0.02, 0.1, 0.3)
TEMPERATURES = tuple(np.geomspace(0.5, 8, 25))
_N_SAMPLES = 64
_KM_PER_DEGREE = np.pi / 180 * EARTH_RADIUS_KM

Assign = Callable[[np.ndarray, np.ndarray], np.ndarray]
Setting = tuple[int, float, float, float]  # neighbours, power, width in km, part of the shares


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """Photos to learn from.

    Attributes:
        features: float32 (n_photos, n_features), pooled, of the photos themselves.
        lat: degrees (n_photos,).
        lng: degrees (n_photos,).
        class_index: int (n_photos,), none UNASSIGNED.
    """

    features: np.ndarray
    lat: np.ndarray
    lng: np.ndarray
    class_index: np.ndarray

    def __len__(self) -> int:
        return len(self.class_index)

    def subset(self, rows: np.ndarray) -> "Examples":
        """Some of the photos, by position."""
        return Examples(
            features=self.features[rows],
            lat=self.lat[rows],
            lng=self.lng[rows],
            class_index=self.class_index[rows],
        )


def fit_constant(class_index: np.ndarray, n_leaves: int) -> ConstantGuess:
    """The leaves' shares of the training photos, class_index int (n_photos,)."""
    counts = np.bincount(class_index, minlength=n_leaves)
    return ConstantGuess((counts / max(1, counts.sum())).astype(np.float32))


def uniform_guess(n_leaves: int) -> ConstantGuess:
    """Every leaf alike."""
    return ConstantGuess(np.full(n_leaves, 1 / n_leaves, np.float32))


def fit_nearest_photos(
    train: Examples, validation: Examples, assign: Assign, n_leaves: int, seed: int = 42
) -> NearestPhotos:
    """Remember the training photos and choose settings on the validation photos.

    Neighbours, power, width and part of the shares are those of the lowest log-loss; the point's
    width then that of the highest GeoScore. Without validation photos the first of each is taken.

    Args:
        train: at least one photo; at most `MAX_PHOTOS` of them are remembered.
        validation: none of the training photos.
        assign: from latitudes and longitudes to leaves or UNASSIGNED, as `CellGrid.assign`.
        n_leaves: number of leaves.
        seed: of the draws.

    Raises:
        ValueError: there is no training photo.
    """
    if len(train) == 0:
        raise ValueError("Nearest photos need at least one training photo, received none.")
    rng = np.random.default_rng(seed)
    train = train.subset(rng.permutation(len(train))[:MAX_PHOTOS])
    projection, shift = principal_axes(train.features, N_KEPT)
    features = unit_rows(train.features @ projection - shift).astype(np.float16)
    places = np.column_stack([train.lat, train.lng]).astype(np.float32)
    shares = fit_constant(train.class_index, n_leaves).shares
    masses = {
        width: kernel_mass(places, width, assign, n_leaves, seed).astype(np.float16)
        for width in WIDTHS_KM
    }
    queries = unit_rows(validation.features @ projection - shift)
    votes = {
        (k, power): neighbours(queries, features.astype(np.float32), k, power)
        for k, power in product(N_NEIGHBOURS, POWERS)
    }
    k, power, width, part = _best_setting(votes, masses, shares, validation.class_index)
    point_km = _best_point_width(*votes[k, power], places, validation)
    settings = np.array([k, power, part, point_km], np.float32)
    return NearestPhotos(projection, shift, features, places, masses[width], shares, settings)


def principal_axes(features: np.ndarray, n_kept: int) -> tuple[np.ndarray, np.ndarray]:
    """Standardisation and the first principal axes of features (n_photos, n_features) in one.

    Returns:
        Projection (n_features, n_kept) as float16 and shift (n_kept,) as float32; fewer columns
        where there are fewer photos or features.
    """
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    varies = deviation > 1e-6
    floor = 0.1 * float(np.median(deviation[varies])) if varies.any() else 1.0
    scale = np.where(varies, np.maximum(deviation, floor), 1.0)
    rows = ((features - mean) / scale)[:MAX_ROWS].astype(np.float64)
    values, vectors = np.linalg.eigh(rows @ rows.T)  # far fewer photos than features: the small way
    kept = np.flatnonzero(values > values[-1] * 1e-9)[::-1][:n_kept]
    axes = (vectors[:, kept] / np.sqrt(values[kept])).T @ rows  # (n_kept, n_features)
    projection = (axes / scale).T.astype(np.float16)
    return projection, (mean @ projection.astype(np.float32)).astype(np.float32)


def kernel_mass(
    places: np.ndarray, width_km: float, assign: Assign, n_leaves: int, seed: int = 42
) -> np.ndarray:
    """Share of a Gaussian around each place that lies in each leaf, by drawing points from it.

    Args:
        places: (n_places, 2), degrees.
        width_km: standard deviation.
        assign: from latitudes and longitudes to leaves or UNASSIGNED.
        n_leaves: number of leaves.
        seed: of the draws.

    Returns:
        float64 (n_places, n_leaves), rows sum to at most 1.
    """
    lat, lng = places[:, :1].astype(np.float64), places[:, 1:].astype(np.float64)
    north, east = np.random.default_rng(seed).normal(
        0, width_km / _KM_PER_DEGREE, (2, len(places), _N_SAMPLES)
    )
    around_lat = np.clip(lat + north, -90, 90)
    stretch = np.maximum(np.cos(np.radians(lat)), 0.01)
    around_lng = (lng + east / stretch + 180) % 360 - 180
    leaf = assign(around_lat.ravel(), around_lng.ravel())
    place = np.repeat(np.arange(len(places)), _N_SAMPLES)
    counts = np.bincount(
        place[leaf >= 0] * n_leaves + leaf[leaf >= 0], minlength=len(places) * n_leaves
    )
    return counts.reshape(len(places), n_leaves) / _N_SAMPLES


def fit_partitions(
    train: Examples,
    cells: Sequence[np.ndarray],
    weights: Sequence[Sequence[np.ndarray]],
    centroids: tuple[np.ndarray, np.ndarray],
    validation: Examples,
    n_leaves: int,
) -> Partitions:
    """Put the classifiers of one or more partitions together, see `Partitions`.

    Args:
        train: photos that shaped the partitions.
        cells: per partition, fine one first, each photo's cell or UNASSIGNED, int (n_photos,).
        weights: per partition its classifier: hidden kernel and bias, kernel and bias.
        centroids: latitudes and longitudes (n_fine,) of the fine cells.
        validation: photos inside the leaves that the temperature is chosen on.
        n_leaves: number of leaves of the bundle.
    """
    fine, n_fine = cells[0], len(centroids[0])
    in_leaves = _counts(fine, train.class_index, n_fine, n_leaves)
    to_leaves = in_leaves / np.maximum(in_leaves.sum(axis=1, keepdims=True), 1)
    table = build_point_table(*centroids, train.lat, train.lng, fine)
    stored: list[np.ndarray] = []
    for above, arrays in zip(cells, weights, strict=True):
        position = _counts(fine, above, n_fine, len(arrays[3])).argmax(axis=1)
        stored += [*arrays, position.astype(np.float32)]
    made = Partitions(
        to_leaves.astype(np.float32),
        np.column_stack([table.lat, table.lng]).astype(np.float32),
        table.expected.astype(np.float16),
        np.ones(1, np.float32),
        tuple(stored),
    )
    return replace(made, temperature=_best_temperature(made, validation))


def _best_temperature(made: Partitions, validation: Examples) -> np.ndarray:
    """Temperature (1,) of the lowest validation loss; 1 where there is no validation photo."""
    if len(validation) == 0:
        return made.temperature
    losses = []
    for value in TEMPERATURES:
        answers = replace(made, temperature=np.array([value])).answer(validation.features)
        losses.append(log_loss(validation.class_index, answers.probs))
    return np.array([TEMPERATURES[int(np.argmin(losses))]], np.float32)


def _counts(rows: np.ndarray, columns: np.ndarray, n_rows: int, n_columns: int) -> np.ndarray:
    """How many photos lie in each pair of cells, (n_rows, n_columns), UNASSIGNED ones left out."""
    both = (rows >= 0) & (columns >= 0)
    pairs = np.bincount(rows[both] * n_columns + columns[both], minlength=n_rows * n_columns)
    return pairs.reshape(n_rows, n_columns)


def _best_setting(
    votes: dict[tuple[int, float], tuple[np.ndarray, np.ndarray]],
    masses: dict[float, np.ndarray],
    shares: np.ndarray,
    y_true: np.ndarray,
) -> Setting:
    """Neighbours, power, width and part of the shares with the lowest validation loss."""
    if len(y_true) == 0:
        return N_NEIGHBOURS[0], POWERS[0], WIDTHS_KM[0], PART_OF_SHARES[0]
    losses: dict[Setting, float] = {}
    for ((k, power), found), (width, mass) in product(votes.items(), masses.items()):
        nearest, weights = found
        density = leaf_density(nearest, weights, mass)
        for part in PART_OF_SHARES:
            probs = as_probs((1 - part) * density + part * shares)
            losses[k, power, width, part] = log_loss(y_true, probs)
    return min(losses, key=losses.__getitem__)


def _best_point_width(
    nearest: np.ndarray, votes: np.ndarray, places: np.ndarray, validation: Examples
) -> float:
    """Width of the point's Gaussian with the highest validation GeoScore, in km."""
    if len(validation) == 0:
        return POINT_WIDTHS_KM[0]
    around = places[nearest].astype(np.float64)
    scores: dict[float, float] = {}
    for width in POINT_WIDTHS_KM:
        chosen = around[np.arange(len(around)), densest(around, votes, width)]
        km = distance_km(chosen[:, 0], chosen[:, 1], validation.lat, validation.lng)
        scores[width] = geoscore(km)
    return max(scores, key=scores.__getitem__)
