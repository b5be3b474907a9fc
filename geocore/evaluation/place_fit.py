"""How the evidence of places learns from photos, and what it would have said of these very photos.

Stage: evaluation. Arrays in, evidence out: it must not know models, photo tables or files. Test
photos never come near this module.

What the regression would have said of a photo without it and its neighbours follows from the
regression itself, without fitting it anew: that is how the sharpness is fitted on all photos and
how validation photos can be learned from and still serve to fit what joins heads and evidence.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import minimize_scalar

from geocore.cells.geodesy import distance_km
from geocore.evaluation.domain_fit import (
    Membership,
    as_domains,
    domain_priors,
    fit_membership,
    has_domains,
    prior_of,
)
from geocore.evaluation.domains import Domains
from geocore.evaluation.place_evidence import (
    POINTS,
    PlaceEvidence,
    kernel,
    leaf_sums,
    log_normalised,
    place_log_probs,
)
from geocore.evaluation.ridge import ridge_inverse, said_without_group

MAX_PHOTOS = 8000
"""Photos learned from, drawn at random: time grows with their cube."""
MAX_PLACES = 4000
N_COMPONENTS = 256
"""They carry the regression's answers: 256 of 2,700 left 0.1 % of their variance out."""
SHARPNESS = (1.0, 200.0)
"""Limits of what is fitted."""


@dataclass(frozen=True, kw_only=True)
class EvidenceConfig:
    """Settings of the evidence of places.

    Attributes:
        is_used: whether heads are joined with it.
        width: of the kernel, in mean squares of a photo's features.
        ridge: added to the kernel's diagonal for a photo of weight 1 (lambda).
        target_km: the regression learns exp(-distance / target_km); farther than the GeoScore's
            1492.7, it learns more from far photos.
        point: what the best single point is best in: "geoscore" (the largest expected GeoScore) or
            "km" (the smallest expected distance).
        point_sharpness: power that the places' probs are raised to before a point is weighed up.
    """

    is_used: bool = False
    width: float = 2.0
    ridge: float = 0.1
    target_km: float = 2500.0
    point: str = POINTS[0]
    point_sharpness: float = 4.0

    def __post_init__(self) -> None:
        if not min(self.width, self.ridge, self.target_km, self.point_sharpness) > 0:
            raise ValueError(
                "width, ridge, target_km and point_sharpness must be above 0, received "
                f"{self.width}, {self.ridge}, {self.target_km} and {self.point_sharpness}."
            )
        if self.point not in POINTS:
            raise ValueError(f"point must be one of {', '.join(POINTS)}, received {self.point!r}.")


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacedPhotos:
    """Photos to learn from.

    Attributes:
        features: float32 (n_photos, n_features).
        lat: degrees (n_photos,).
        lng: degrees (n_photos,).
        class_index: int (n_photos,), -1 outside all leaves.
        weights: (n_photos,), above 0.
        groups: int (n_photos,), equal for photos that show one place.
        domain: int (n_photos,), which of the photo sets that will be asked about it is of, -1 for
            none of them.
    """

    features: np.ndarray
    lat: np.ndarray
    lng: np.ndarray
    class_index: np.ndarray
    weights: np.ndarray
    groups: np.ndarray
    domain: np.ndarray

    def __len__(self) -> int:
        return len(self.lat)

    def subset(self, rows: np.ndarray) -> "PlacedPhotos":
        """Some of the photos, by position."""
        return PlacedPhotos(**{name: value[rows] for name, value in vars(self).items()})


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedEvidence:
    """The evidence, and its log-probs of the photos it learned from, each without its own place.

    Attributes:
        evidence: see there.
        rows: int (n_used,), which of the given photos it learned from.
        held_out: float32 (n_used, n_places), log-probs of the places.
        shares: float32 (n_used, n_domains), how much of each domain they are, likewise held out.
    """

    evidence: PlaceEvidence
    rows: np.ndarray
    held_out: np.ndarray
    shares: np.ndarray


def fit_evidence(
    photos: PlacedPhotos,
    centroids: tuple[np.ndarray, np.ndarray],
    settings: EvidenceConfig,
    seed: int = 42,
) -> FittedEvidence:
    """Learn from photos.

    Args:
        photos: at least two.
        centroids: latitudes and longitudes (n_leaves,) of the leaves: a leaf in which no photo was
            taken has its centroid as its only place.
        settings: width and ridge.
        seed: of the draws.

    Raises:
        ValueError: fewer than two photos, or weights that are not above 0.
    """
    if len(photos) < 2 or not (photos.weights > 0).all():
        raise ValueError(
            f"At least two photos of weights above 0 must be there, received {len(photos)} of "
            f"smallest weight {photos.weights.min(initial=np.inf)}."
        )
    rows = np.sort(np.random.default_rng(seed).permutation(len(photos))[:MAX_PHOTOS])
    used = photos.subset(rows)
    places, leaf, log_prior, place = _places(used, centroids, seed)
    features = used.features.astype(np.float16)
    likeness = kernel(features, features, settings.width)
    coefficients, components, usual, scores = _regression(used, places, likeness, settings)
    asked = _Asked(scores=scores, leaf=leaf, photos=used, n_leaves=len(centroids[0]))
    sharpness = asked.best_sharpness(log_prior[None], used.domain >= 0)
    evidence = PlaceEvidence(
        features,
        coefficients.astype(np.float16),
        components.astype(np.float16),
        usual.astype(np.float32),
        places.astype(np.float32),
        leaf.astype(np.float32),
        log_prior.astype(np.float32),
        np.array([settings.width, sharpness], np.float32),
    )
    held_out = place_log_probs(scores, evidence.log_prior, sharpness)
    found = FittedEvidence(
        evidence=evidence, rows=rows, held_out=held_out, shares=np.ones((len(rows), 1), np.float32)
    )
    if not has_domains(used.domain):
        return found
    member = fit_membership(likeness, used.domain, used.groups, settings.ridge)
    return _with_domains(found, member, _fit_domains(asked, member, place, log_prior), scores)


def _regression(
    photos: PlacedPhotos, places: np.ndarray, likeness: np.ndarray, settings: EvidenceConfig
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients, components and usual scores; and the scores of each photo without its place."""
    worth = np.exp(-_km(np.column_stack([photos.lat, photos.lng]), places) / settings.target_km)
    usual = photos.weights @ worth / photos.weights.sum()
    inverse = ridge_inverse(likeness, settings.ridge / photos.weights)
    components = _main_components(worth - usual)
    targets = (worth - usual) @ components.T
    coefficients = inverse @ targets
    alone = said_without_group(targets, coefficients, inverse, photos.groups)
    return coefficients, components, usual, (alone @ components + usual).astype(np.float32)


def _with_domains(
    found: FittedEvidence, member: Membership, domains: Domains, scores: np.ndarray
) -> FittedEvidence:
    """The same evidence, answering each photo as one of its domain."""
    return replace(
        found,
        evidence=replace(found.evidence, domains=domains),
        held_out=log_normalised(domains.logits(scores, member.shares)).astype(np.float32),
        shares=member.shares.astype(np.float32),
    )


def _fit_domains(
    asked: "_Asked", member: Membership, place: np.ndarray, log_prior: np.ndarray
) -> Domains:
    """Prior and sharpness of each domain."""
    photos = asked.photos
    priors = domain_priors(place, photos.weights, member.shares, log_prior)
    own_prior = prior_of(member, priors, np.arange(len(photos)))
    sharpness = [asked.best_sharpness(own_prior, photos.domain == d) for d in range(len(priors))]
    return as_domains(member, priors, np.array(sharpness))


def _km(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distances (n_a, n_b) between positions (n_a, 2) and (n_b, 2) in degrees."""
    return distance_km(a[:, :1], a[:, 1:], b[:, 0], b[:, 1])


def _places(
    photos: PlacedPhotos, centroids: tuple[np.ndarray, np.ndarray], seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Places of the photos inside the leaves, their leaves, log of their share of the weights.

    The last is the position of each photo's place, (n_photos,), -1 for none.

    Photos of one group are one place, that of the first of them; a leaf without any has its
    centroid, which counts as little as the least of the places.
    """
    inside = np.flatnonzero(photos.class_index >= 0)
    _, first, own = np.unique(photos.groups[inside], return_index=True, return_inverse=True)
    weights = np.bincount(own, photos.weights[inside])
    drawn = np.sort(np.random.default_rng(seed).permutation(len(first))[:MAX_PLACES])
    chosen, weights = inside[first[drawn]], weights[drawn]
    position = np.full(len(first), -1)
    position[drawn] = np.arange(len(drawn))
    place = np.full(len(photos), -1)
    place[inside] = position[own]
    positions = np.column_stack([photos.lat[chosen], photos.lng[chosen]])
    empty = np.setdiff1d(np.arange(len(centroids[0])), photos.class_index[chosen])
    leaf = np.concatenate([photos.class_index[chosen], empty])
    positions = np.concatenate([positions, np.column_stack(centroids)[empty]])
    weights = np.concatenate([weights, np.full(len(empty), weights.min(initial=1.0))])
    return positions, leaf, np.log(weights / weights.sum()), place


def _main_components(targets: np.ndarray) -> np.ndarray:
    """Orthonormal rows (n_components, n_places) that carry targets (n_photos, n_places)."""
    n = targets.shape[1]
    kept = min(N_COMPONENTS, n, len(targets))
    _, vectors = eigh(targets.T @ targets, subset_by_index=[n - kept, n - 1])
    return vectors[:, ::-1].T


@dataclass(frozen=True, kw_only=True, eq=False)
class _Asked:
    """Photos learned from, and the scores (n_photos, n_places) of each without its own place."""

    scores: np.ndarray
    leaf: np.ndarray
    photos: PlacedPhotos
    n_leaves: int

    def best_sharpness(self, log_prior: np.ndarray, is_asked: np.ndarray) -> float:
        """Sharpness of the lowest log-loss over the asked photos inside the leaves.

        Args:
            log_prior: (1, n_places) or one row per photo.
            is_asked: bool (n_photos,).
        """
        asked = np.flatnonzero(is_asked & (self.photos.class_index >= 0))
        if len(asked) == 0:
            return float(np.sqrt(SHARPNESS[0] * SHARPNESS[1]))
        truth, scores = self.photos.class_index[asked], self.scores[asked]
        prior = log_prior if len(log_prior) == 1 else log_prior[asked]

        def loss(log_sharpness: float) -> float:
            """Mean log-loss of the asked photos' own leaves at a log sharpness."""
            log_probs = place_log_probs(scores, prior, float(np.exp(log_sharpness)))
            own = leaf_sums(np.exp(log_probs), self.leaf, self.n_leaves)
            own = own[np.arange(len(asked)), truth]
            return float(-np.log(np.maximum(own, 1e-12)).mean())

        bounds = (np.log(SHARPNESS[0]), np.log(SHARPNESS[1]))
        found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 0.01})
        return float(np.exp(found.x))
