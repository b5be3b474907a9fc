"""What the training photos say about where a photo was taken: probabilities over their places.

Stage: evaluation. Arrays in, arrays out: it must not know models, photos or files, nor how features
are made. How it learns: `geocore.evaluation.place_fit`; how it joins a head's answer:
`geocore.evaluation.mixing`.

A kernel ridge regression gives for every training place how near it is expected to be, as a score
from 1 on the spot to 0 far away; the places' probs are a softmax of these scores. Everything else
is a sum over these probs: a leaf's over its places, the expected worth of a point over all of them.
Where photos of several domains are asked about, prior and sharpness are those of the photo's own
(`geocore.evaluation.domains`).

Source: own; kernel ridge regression as in Saunders et al. 1998.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from geocore.evaluation.domains import Domains
from geocore.evaluation.products import product

POINTS = ("geoscore", "km")
"""What a single point can be best in, see `geocore.evaluation.place_fit.EvidenceConfig`."""
_CHUNK_PHOTOS = 256
_ARRAYS = {
    "features": 2, "coefficients": 2, "components": 2, "usual": 1,
    "places": 2, "leaf": 1, "log_prior": 1, "settings": 1,
}  # fmt: skip
_DOMAIN_ARRAYS = {"membership": 2, "domain_log_prior": 2, "domain_sharpness": 1, "slope": 1}


@dataclass(frozen=True, eq=False)
class PlaceEvidence:
    """Plain arrays, which are all that a bundle keeps of it.

    The regression's answers for all places hang together, so a few components carry them.

    Attributes:
        features: (n_photos, n_features) of the photos learned from.
        coefficients: (n_photos, n_components).
        components: (n_components, n_places).
        usual: (n_places,), score of a place for a photo unlike all those learned from.
        places: (n_places, 2), degrees, latitude and longitude.
        leaf: (n_places,), class index of the leaf that the place lies in; every leaf has one.
        log_prior: (n_places,), log of how much a place counts before a photo is seen.
        settings: (2,), the kernel's width, in mean squares of a photo's features, and how sharply
            scores become probs.
        domains: where photos of several are asked about; log_prior and the sharpness of settings
            are then those of all photos together, which nothing is answered with.
    """

    features: np.ndarray
    coefficients: np.ndarray
    components: np.ndarray
    usual: np.ndarray
    places: np.ndarray
    leaf: np.ndarray
    log_prior: np.ndarray
    settings: np.ndarray
    domains: Domains | None = None

    @property
    def place_leaf(self) -> np.ndarray:
        """Leaf of each place, int (n_places,)."""
        return self.leaf.astype(np.int64)

    @property
    def sharpness(self) -> float:
        """By which a score, 0 to 1, is multiplied before the softmax."""
        return float(self.settings[1])

    def scores(self, features: np.ndarray) -> np.ndarray:
        """Expected nearness of every place, about 0 to 1, float32 (n_photos, n_places).

        Args:
            features: (n_photos, n_features).
        """
        scores = np.empty((len(features), len(self.usual)), np.float32)
        for rows, likeness in self._likeness(features):
            scores[rows] = self._scores(likeness)
        return scores

    def hear(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What it says of photos (n_photos, n_features).

        Returns:
            Log-probs of the places, float32 (n_photos, n_places), and how much of each domain the
            photos are, float32 (n_photos, n_domains), rows sum to 1; one column of 1 without any.
        """
        log_probs = np.empty((len(features), len(self.usual)), np.float32)
        shares = np.ones((len(features), self.n_domains), np.float32)
        for rows, likeness in self._likeness(features):
            scores = self._scores(likeness)
            if self.domains is None:
                log_probs[rows] = place_log_probs(scores, self.log_prior, self.sharpness)
            else:
                shares[rows] = own = self.domains.shares(likeness)
                log_probs[rows] = log_normalised(self.domains.logits(scores, own))
        return log_probs, shares

    @property
    def n_domains(self) -> int:
        """How many domains of photos it tells apart, 1 where it tells none."""
        return 1 if self.domains is None else len(self.domains.sharpness)

    def _likeness(self, features: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Likeness to the photos learned from, some photos at a time."""
        for start in range(0, len(features), _CHUNK_PHOTOS):
            rows = slice(start, start + _CHUNK_PHOTOS)
            yield rows, kernel(features[rows], self.features, float(self.settings[0]))

    def _scores(self, likeness: np.ndarray) -> np.ndarray:
        likeness = likeness.astype(np.float64)  # the terms are large and cancel each other
        near = product(product(likeness, self.coefficients), self.components)
        return (near + self.usual).astype(np.float32)


def kernel(queries: np.ndarray, features: np.ndarray, width: float) -> np.ndarray:
    """Likeness exp(-|x - y|^2 / (width * n_features)) of photos, 0 to 1, float32.

    Args:
        queries: (n_queries, n_features).
        features: (n_photos, n_features), of mean square 1 per feature or nearly so.
        width: above 0.

    Returns:
        (n_queries, n_photos).
    """
    queries, features = np.asarray(queries, np.float32), np.asarray(features, np.float32)
    squares = (queries**2).sum(axis=1)[:, None] + (features**2).sum(axis=1)
    distance = np.maximum(squares - product(2 * queries, features.T), 0)
    return np.exp(-distance / (width * queries.shape[1]))


def place_log_probs(scores: np.ndarray, log_prior: np.ndarray, sharpness: float) -> np.ndarray:
    """Log of a softmax of scores (n_photos, n_places) times sharpness, weighted by the prior."""
    return log_normalised(sharpness * scores + log_prior)


def log_normalised(logits: np.ndarray) -> np.ndarray:
    """Logits (..., n_places) less their log-sum, so that their exponentials sum to 1."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def leaf_sums(values: np.ndarray, leaf: np.ndarray, n_leaves: int) -> np.ndarray:
    """Sums over the places of each leaf, (n_photos, n_leaves).

    Args:
        values: (n_photos, n_places).
        leaf: int (n_places,).
        n_leaves: number of leaves.
    """
    order = np.argsort(leaf, kind="stable")
    present, starts = np.unique(leaf[order], return_index=True)
    sums = np.zeros((len(values), n_leaves), values.dtype)
    sums[:, present] = np.add.reduceat(values[:, order], starts, axis=1)
    return sums


def evidence_arrays(evidence: PlaceEvidence) -> list[np.ndarray]:
    """All arrays in the order that `evidence_from_arrays` expects."""
    arrays = [getattr(evidence, name) for name in _ARRAYS]
    domains = evidence.domains
    return arrays + ([] if domains is None else list(vars(domains).values()))


def evidence_from_arrays(arrays: Sequence[np.ndarray]) -> PlaceEvidence:
    """The evidence that `evidence_arrays` took apart.

    Raises:
        ValueError: arrays that are not those of an evidence.
    """
    expected = _ARRAYS if len(arrays) <= len(_ARRAYS) else _ARRAYS | _DOMAIN_ARRAYS
    if [x.ndim for x in arrays] != list(expected.values()):
        raise ValueError(
            f"The arrays {', '.join(expected)} must be there, received shapes "
            f"{[x.shape for x in arrays]}."
        )
    _check_shapes(dict(zip(expected, arrays, strict=True)))
    own = dict(zip(_ARRAYS, arrays, strict=False))
    further = arrays[len(_ARRAYS) :]
    return PlaceEvidence(**own, domains=Domains(*further) if further else None)


def _check_shapes(arrays: dict[str, np.ndarray]) -> None:
    n_photos, n_components = arrays["coefficients"].shape
    n_places, n_domains = len(arrays["places"]), len(arrays.get("domain_sharpness", ()))
    expected = {
        "features": (n_photos, arrays["features"].shape[1]),
        "components": (n_components, n_places),
        "usual": (n_places,), "places": (n_places, 2), "leaf": (n_places,),
        "log_prior": (n_places,), "settings": (2,),
        "membership": (n_photos, n_domains), "domain_log_prior": (n_domains, n_places),
        "slope": (1,),
    }  # fmt: skip
    for name, shape in expected.items():
        if name in arrays and arrays[name].shape != shape:
            raise ValueError(
                f"{name} must be {shape} beside the others, received {arrays[name].shape}."
            )
