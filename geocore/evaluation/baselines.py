"""What the hierarchy is compared with: the field's other ways from features to probs and a point.

Stage: evaluation. Arrays in, arrays out: it must not know models, photos or files, nor how features
are made. How baselines are fitted: `geocore.evaluation.baseline_fits`.

Every baseline answers over the bundle's leaves, so that all figures can be compared. It consists of
plain arrays, float16 or float32, which are all that the bundle keeps of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from geocore.cells.geodesy import distance_km
from geocore.evaluation.products import product

_CHUNK_PHOTOS = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What a baseline says about some photos.

    Attributes:
        probs: float32 (n_photos, n_leaves), rows sum to 1.
        points: float64 (n_photos, 2), latitude and longitude of its one best place; None where it
            has no rule of its own and `geocore.evaluation.points.best_points` decides.
    """

    probs: np.ndarray
    points: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class ConstantGuess:
    """The same probs for every photo: the leaves' shares of the training photos, or all alike.

    Attributes:
        shares: float (n_leaves,), sum to 1.

    Source: thesis 8.2, the guess that a model must beat.
    """

    shares: np.ndarray

    def answer(self, features: np.ndarray) -> Answers:
        """Answers for features (n_photos, n_features), which it does not look at."""
        return Answers(probs=np.tile(as_probs(self.shares[None]), (len(features), 1)))


@dataclass(frozen=True, eq=False)
class NearestPhotos:
    """Nearest training photos with kernel density over their places.

    The most similar training photos vote with their similarity to a power. A Gaussian around each
    one's place, wide as `settings` says, gives the probs by its mass in each leaf, mixed with a
    little of the training shares so that no leaf is impossible. The point is the neighbour's place
    at which the density of a second, usually wider Gaussian is highest.

    Attributes:
        projection: (n_features, n_kept) standardisation and principal axes in one.
        shift: (n_kept,), subtracted behind the projection.
        features: (n_train, n_kept) of the training photos, rows of length 1.
        places: (n_train, 2), degrees, latitude and longitude.
        mass: (n_train, n_leaves), share of each place's Gaussian in each leaf.
        shares: (n_leaves,) of the training photos, sum to 1.
        settings: number of neighbours, power of the similarity, part of the training shares in the
            probs, width of the point's Gaussian in km.

    Source: Vo, Jacobs, Hays 2017, "Revisiting IM2GPS in the deep learning era" (thesis 2.2.3).
    Deviation: probs over leaves beside the point; widths chosen on validation photos.
    """

    projection: np.ndarray
    shift: np.ndarray
    features: np.ndarray
    places: np.ndarray
    mass: np.ndarray
    shares: np.ndarray
    settings: np.ndarray

    def answer(self, features: np.ndarray) -> Answers:
        """Answers for pooled features (n_photos, n_features)."""
        chunks = range(0, len(features), _CHUNK_PHOTOS)
        parts = [self._answer(features[start : start + _CHUNK_PHOTOS]) for start in chunks]
        if not parts:
            return Answers(
                probs=np.zeros((0, len(self.shares)), np.float32), points=np.zeros((0, 2))
            )
        return Answers(
            probs=np.concatenate([probs for probs, _ in parts]),
            points=np.concatenate([points for _, points in parts]),
        )

    def _answer(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        n_neighbours, power, part_of_shares, point_km = (float(x) for x in self.settings)
        nearest, votes = neighbours(
            unit_rows(product(features, self.projection) - self.shift),
            self.features,
            int(n_neighbours),
            power,
        )
        density = leaf_density(nearest, votes, self.mass)
        probs = (1 - part_of_shares) * density + part_of_shares * self.shares
        places = self.places[nearest].astype(np.float64)  # (n_photos, k, 2)
        best = densest(places, votes, point_km)
        return as_probs(probs), places[np.arange(len(places)), best]


@dataclass(frozen=True, eq=False)
class Partitions:
    """One fine partition of the world, or a coarse, a middle and a fine one multiplied.

    Each partition has a classifier of its own: hidden layer, ReLU, softmax over its cells. The
    probs of a fine cell are multiplied by those of the coarser cells that it lies in, then its mass
    goes to the leaves of the bundle by where its training photos lie. The point is the candidate
    place with the largest expected GeoScore under the fine probs, as for the heads.

    Attributes:
        to_leaves: (n_fine, n_leaves), rows sum to 1.
        candidates: (n_candidates, 2), degrees.
        expected: (n_fine, n_candidates) mean GeoScore, 0 to 5000.
        temperature: (1,) by which the fine log-probs are divided, fitted on validation photos as
            for the heads.
        weights: fine partition first, for each: hidden kernel and bias, kernel and bias over its
            cells, and for each fine cell the position of the cell it lies in (n_fine,).

    Source: Weyand et al. 2016, PlaNet; Mueller-Budack et al. 2018 (thesis 2.2.2). Deviation: the
    bundle's frozen backbone; no scene classifier.
    """

    to_leaves: np.ndarray
    candidates: np.ndarray
    expected: np.ndarray
    temperature: np.ndarray
    weights: tuple[np.ndarray, ...]

    def answer(self, features: np.ndarray) -> Answers:
        """Answers for pooled features (n_photos, n_features)."""
        fine = np.exp(_log_softmax(self.fine_log_probs(features) / self.temperature))
        best = np.argmax(product(fine, self.expected), axis=1)
        return Answers(
            probs=as_probs(product(fine, self.to_leaves)),
            points=self.candidates[best].astype(np.float64),
        )

    def fine_log_probs(self, features: np.ndarray) -> np.ndarray:
        """Sum of the partitions' log-probs for each fine cell, (n_photos, n_fine)."""
        log_probs = np.zeros((len(features), len(self.to_leaves)))
        for start in range(0, len(self.weights), 5):
            hidden, hidden_bias, kernel, bias, above = self.weights[start : start + 5]
            seen = np.maximum(product(features, hidden) + hidden_bias, 0)
            scores = product(seen, kernel) + bias
            log_probs += _log_softmax(scores)[:, above.astype(int)]
        return log_probs


Baseline = ConstantGuess | NearestPhotos | Partitions
KNN, THREE, PLANET, CONSTANT, UNIFORM = (
    "Nearest-photos",
    "Three-partitions",
    "One-fine-partition",
    "Best-constant",
    "Uniform",
)
BASELINES: dict[str, str] = {
    KNN: "votes of the most similar training photos, smoothed over the map (Revisited IM2GPS)",
    THREE: "coarse, middle and fine cells learned apart and multiplied (Müller-Budack et al.)",
    PLANET: "fine cells only, without any hierarchy (PlaNet)",
    CONSTANT: "the same answer for every photo: where most training photos were taken",
    UNIFORM: "every cell equally likely",
}
"""Names of all baselines in the order of a table, and what each is."""


def baseline_arrays(baseline: Baseline) -> list[np.ndarray]:
    """All arrays of a baseline, in the order that `baseline_from_arrays` expects."""
    arrays: list[np.ndarray] = []
    for item in fields(baseline):
        value = getattr(baseline, item.name)
        arrays += value if isinstance(value, tuple) else [value]
    return arrays


def baseline_from_arrays(name: str, arrays: Sequence[np.ndarray]) -> Baseline:
    """The baseline of that name that `baseline_arrays` took apart.

    Raises:
        ValueError: no baseline has that name, or another number of arrays.
    """
    if name not in BASELINES:
        raise ValueError(f"Unknown baseline {name!r}. Known baselines: {', '.join(BASELINES)}.")
    n_arrays = {KNN: 7, THREE: 19, PLANET: 9}.get(name, 1)
    if len(arrays) != n_arrays:
        raise ValueError(f"{name} is made of {n_arrays} arrays, received {len(arrays)}.")
    if name in (THREE, PLANET):
        to_leaves, candidates, expected, temperature, *weights = arrays
        return Partitions(to_leaves, candidates, expected, temperature, tuple(weights))
    return NearestPhotos(*arrays) if name == KNN else ConstantGuess(*arrays)


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows (n, n_kept) scaled to length 1; a row of zeros stays one."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def neighbours(
    queries: np.ndarray, features: np.ndarray, n_neighbours: int, power: float
) -> tuple[np.ndarray, np.ndarray]:
    """The most similar rows of `features` for each query, most similar first, and their votes.

    Args:
        queries: (n_photos, n_kept), rows of length 1.
        features: (n_train, n_kept), rows of length 1.
        n_neighbours: how many; all where there are fewer.
        power: a vote is the cosine similarity, at least 0, to this power; 0 gives all the same.

    Returns:
        Positions int (n_photos, k) and votes (n_photos, k), rows sum to 1.
    """
    similarity = product(queries, features.T)
    k = min(n_neighbours, len(features))
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    votes = np.maximum(np.take_along_axis(similarity, nearest, axis=1), 1e-6) ** power
    return nearest, votes / votes.sum(axis=1, keepdims=True)


def leaf_density(nearest: np.ndarray, votes: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """What the neighbours' Gaussians leave in each leaf, (n_photos, n_leaves), rows sum to 1.

    A row is 0 where no neighbour's Gaussian reaches any leaf.

    Args:
        nearest: int (n_photos, k), from `neighbours`.
        votes: (n_photos, k), likewise.
        mass: (n_train, n_leaves), share of each training place's Gaussian in each leaf.
    """
    density = np.zeros((len(nearest), mass.shape[1]))
    for column, weight in zip(nearest.T, votes.T, strict=True):
        density += weight[:, None] * mass[column]
    return density / np.maximum(density.sum(axis=1, keepdims=True), 1e-9)


def densest(places: np.ndarray, votes: np.ndarray, width_km: float) -> np.ndarray:
    """Which of its places has the highest Gaussian density, int (n_photos,).

    Args:
        places: (n_photos, k, 2), degrees.
        votes: (n_photos, k), weight of each place.
        width_km: standard deviation of the Gaussian.
    """
    lat, lng = places[..., 0], places[..., 1]
    km = distance_km(lat[:, :, None], lng[:, :, None], lat[:, None, :], lng[:, None, :])
    return np.argmax(np.einsum("pij,pj->pi", np.exp(-0.5 * (km / width_km) ** 2), votes), axis=1)


def _log_softmax(scores: np.ndarray) -> np.ndarray:
    scores = scores - scores.max(axis=1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def as_probs(rows: np.ndarray) -> np.ndarray:
    """Rows (n, n_leaves) of weights as float32 that sum to 1; one without any becomes uniform."""
    rows = np.asarray(rows, np.float64)
    sums = rows.sum(axis=1, keepdims=True)
    rows = np.where(sums > 0, rows / np.where(sums > 0, sums, 1), 1 / rows.shape[1])
    return rows.astype(np.float32)
