"""One point as the answer: the place with the largest expected GeoScore under the probs.

Stage: evaluation. It must not know models, grids or photos: arrays in, arrays out.

The centre of the most probable cell is a poor single answer: it ignores every other cell. The
GeoScore of a candidate place c for a photo taken in leaf k is estimated once, as its mean over the
leaf's training photos; for a new photo the expected GeoScore of c is then the probs' mean of that
row, and the answer is the best candidate:

    expected[k, c] = mean over photos i of leaf k of 5000 exp(-d(c, i) / 1492.7 km)
    answer = argmax over c of sum over k of probs[k] expected[k, c]

Source: own.
"""

from dataclasses import dataclass

import numpy as np

from geocore.cells.geodesy import distance_km
from geocore.evaluation.metrics import geoscores
from geocore.evaluation.products import product

MAX_PHOTOS_PER_LEAF = 200
"""Training photos that stand for a leaf: their mean is close to the mean over all."""
MAX_CANDIDATES = 2000
VOTES = 1.0
"""What the photos' own points count for an event's point. On 1,207 places of four views it gives
GeoScore 1,827, joint probs alone 1,651, the surest photo 1,801; 0.5 and 2 give 1,796 and 1,838."""
_CHUNK_PHOTOS = 4096


@dataclass(frozen=True, kw_only=True)
class PointTable:
    """Candidate places and what each is worth where a leaf is the truth.

    Attributes:
        lat: float64 (n_candidates,), degrees.
        lng: float64 (n_candidates,), degrees.
        expected: float32 (n_leaves, n_candidates), mean GeoScore, 0 to 5000.
    """

    lat: np.ndarray
    lng: np.ndarray
    expected: np.ndarray


def build_point_table(
    leaf_lat: np.ndarray,
    leaf_lng: np.ndarray,
    photo_lat: np.ndarray,
    photo_lng: np.ndarray,
    photo_class_index: np.ndarray,
    *,
    max_candidates: int = MAX_CANDIDATES,
    seed: int = 42,
) -> PointTable:
    """Precompute the expected GeoScore of every candidate place for every leaf.

    Candidates are the centroids of all leaves and the places of the training photos, the latter
    drawn at random (seeded) where together they would exceed `max_candidates`. At most
    `MAX_PHOTOS_PER_LEAF` photos, drawn likewise, stand for a leaf; a leaf without photos is
    represented by its centroid. UNASSIGNED photos are left out.

    Args:
        leaf_lat: float (n_leaves,), degrees, centroids in the order of the class index.
        leaf_lng: float (n_leaves,), degrees.
        photo_lat: float (n_photos,), degrees, training photos only; n_photos may be 0.
        photo_lng: float (n_photos,), degrees.
        photo_class_index: int (n_photos,), leaf of each or UNASSIGNED.
        max_candidates: how many places to weigh up, at least 1; the centroids are always among
            them.
        seed: of the draws.

    Returns:
        A table of n_leaves rows, the same for the same arguments.

    Raises:
        ValueError: shapes that do not fit, no leaf, or a class index outside the leaves.
    """
    leaves = _positions("leaf", leaf_lat, leaf_lng)
    photos = _positions("photo", photo_lat, photo_lng)
    photo_class_index = np.asarray(photo_class_index, dtype=np.int64)
    _check(len(leaves), len(photos), photo_class_index, max_candidates)
    photos = photos[photo_class_index >= 0]
    photo_class_index = photo_class_index[photo_class_index >= 0]
    rng = np.random.default_rng(seed)
    places = np.unique(photos, axis=0)
    n_drawn = min(len(places), max(0, max_candidates - len(leaves)))
    drawn = places[np.sort(rng.permutation(len(places))[:n_drawn])]
    candidates = np.concatenate([leaves, drawn])
    order = rng.permutation(len(photos))
    expected = np.empty((len(leaves), len(candidates)), dtype=np.float32)
    for leaf, centroid in enumerate(leaves):
        own = order[photo_class_index[order] == leaf][:MAX_PHOTOS_PER_LEAF]
        references = photos[own] if own.size else centroid[None]
        expected[leaf] = _mean_geoscores(candidates, references)
    return PointTable(lat=candidates[:, 0], lng=candidates[:, 1], expected=expected)


def best_points(
    y_prob: np.ndarray, table: PointTable, *, sharpness: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """The candidate with the largest expected GeoScore for each photo.

    Args:
        y_prob: float (n_photos, n_leaves), rows sum to 1; one photo may come as (n_leaves,).
        table: from `build_point_table`.
        sharpness: power that the probs are raised to first, above 0. Probs that come true for
            leaves are broader than one point is well served by.

    Returns:
        lat and lng in degrees, float64 (n_photos,) each, (1,) for one photo.

    Raises:
        ValueError: probs of another number of leaves than the table's.
    """
    weight = _weights(y_prob, table, sharpness)
    index = np.empty(len(weight), dtype=np.int64)
    for start in range(0, len(weight), _CHUNK_PHOTOS):
        rows = slice(start, start + _CHUNK_PHOTOS)
        index[rows] = np.argmax(product(weight[rows], table.expected), axis=1)
    return table.lat[index], table.lng[index]


def joint_points(
    y_prob: np.ndarray,
    table: PointTable,
    points: np.ndarray,
    weights: np.ndarray,
    *,
    sharpness: float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """The candidate that suits the joint probs of each event and its photos' own points best.

    Probs of leaves do not say where in a leaf a photo was taken; the photos' own points do. What is
    largest is the expected GeoScore under the joint probs, plus VOTES times the weighted mean of
    the GeoScores that the photos' own points would have if the candidate were the truth.

    Args:
        y_prob: float (n_events, n_leaves), joint probs, rows sum to 1.
        table: from `build_point_table`.
        points: float (n_events, n_photos, 2), lat and lng in degrees of the photos' own answers.
        weights: float (n_events, n_photos), above 0.
        sharpness: as in `best_points`.

    Returns:
        lat and lng in degrees, float64 (n_events,) each.

    Raises:
        ValueError: as `best_points`.
    """
    own, chosen = _weights(y_prob, table, sharpness), []
    own /= own.sum(axis=1, keepdims=True)
    for probs, places, shares in zip(own, points, weights / weights.sum(1)[:, None], strict=True):
        km = distance_km(table.lat, table.lng, places[:, :1], places[:, 1:])
        chosen.append(np.argmax(probs @ table.expected + VOTES * (shares @ geoscores(km))))
    index = np.array(chosen, dtype=np.int64)
    return table.lat[index], table.lng[index]


def _weights(y_prob: np.ndarray, table: PointTable, sharpness: float) -> np.ndarray:
    """Sharpened probs (n_photos, n_leaves), on some scale of their own."""
    y_prob = np.atleast_2d(np.asarray(y_prob, dtype=np.float32))
    n_leaves = len(table.expected)
    if y_prob.shape[1:] != (n_leaves,):
        raise ValueError(
            f"y_prob must be (n_photos, {n_leaves}) as the table has {n_leaves} leaves, "
            f"received {y_prob.shape}."
        )
    return (y_prob / y_prob.max(axis=1, keepdims=True)) ** sharpness if sharpness != 1 else y_prob


def _mean_geoscores(candidates: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Mean GeoScore of each candidate (n_candidates, 2) over the references (n_references, 2)."""
    km = distance_km(
        candidates[:, 0, None], candidates[:, 1, None], references[:, 0], references[:, 1]
    )
    return geoscores(km).mean(axis=1)


def _positions(what: str, lat: np.ndarray, lng: np.ndarray) -> np.ndarray:
    """Latitudes and longitudes as one float64 array (n, 2)."""
    lat, lng = np.asarray(lat, dtype=np.float64), np.asarray(lng, dtype=np.float64)
    if lat.ndim != 1 or lat.shape != lng.shape or not np.isfinite([lat, lng]).all():
        raise ValueError(
            f"{what}_lat and {what}_lng must be finite and of one length, "
            f"received {lat.shape} and {lng.shape}."
        )
    return np.column_stack([lat, lng])


def _check(
    n_leaves: int, n_photos: int, photo_class_index: np.ndarray, max_candidates: int
) -> None:
    if n_leaves == 0 or max_candidates < 1:
        raise ValueError(
            "There must be at least one leaf and max_candidates must be at least 1, "
            f"received {n_leaves} leaves and max_candidates {max_candidates}."
        )
    if photo_class_index.shape != (n_photos,):
        raise ValueError(
            f"photo_class_index must be ({n_photos},) as there are {n_photos} photos, "
            f"received {photo_class_index.shape}."
        )
    low, high = photo_class_index.min(initial=0), photo_class_index.max(initial=-1)
    if low < -1 or high >= n_leaves:
        raise ValueError(
            f"photo_class_index must lie in 0 to {n_leaves - 1} (or be -1), received {low} to "
            f"{high}. Do photos and leaves come from the same grid?"
        )
