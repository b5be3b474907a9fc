"""What the training photos say about where a photo was taken: probabilities over their places.

Stage: evaluation. Arrays in, arrays out: it must not know models, photos or files, nor how features
are made. How it learns: `geocore.evaluation.place_fit`; how it joins a head's answer:
`geocore.evaluation.mixing`.

A kernel ridge regression gives for every training place how near it is expected to be, as a score
from 1 on the spot to 0 far away; the places' probs are a softmax of these scores. Everything else
is a sum over these probs: a leaf's over its places, the expected worth of a point over all of them.

Source: own; kernel ridge regression as in Saunders et al. 1998.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from geocore.evaluation.products import product

POINTS = ("geoscore", "km")
"""What a single point can be best in, see `geocore.evaluation.place_fit.EvidenceConfig`."""
_CHUNK_PHOTOS = 256
_ARRAYS = {
    "features": 2, "coefficients": 2, "components": 2, "usual": 1,
    "places": 2, "leaf": 1, "log_prior": 1, "settings": 1,
}  # fmt: skip


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
    """

    features: np.ndarray
    coefficients: np.ndarray
    components: np.ndarray
    usual: np.ndarray
    places: np.ndarray
    leaf: np.ndarray
    log_prior: np.ndarray
    settings: np.ndarray

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
        for start in range(0, len(features), _CHUNK_PHOTOS):
            rows = slice(start, start + _CHUNK_PHOTOS)
            likeness = kernel(features[rows], self.features, float(self.settings[0]))
            scores[rows] = product(product(likeness, self.coefficients), self.components)
            scores[rows] += self.usual
        return scores

    def log_probs(self, features: np.ndarray) -> np.ndarray:
        """Log-probs of the places, float32 (n_photos, n_places)."""
        return place_log_probs(self.scores(features), self.log_prior, self.sharpness)


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
    logits = sharpness * scores + log_prior
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
    return [getattr(evidence, item.name) for item in fields(evidence)]


def evidence_from_arrays(arrays: Sequence[np.ndarray]) -> PlaceEvidence:
    """The evidence that `evidence_arrays` took apart.

    Raises:
        ValueError: arrays that are not those of an evidence.
    """
    if [x.ndim for x in arrays] != list(_ARRAYS.values()):
        raise ValueError(
            f"The arrays {', '.join(_ARRAYS)} must be there, received shapes "
            f"{[x.shape for x in arrays]}."
        )
    made = PlaceEvidence(*arrays)
    n_photos, n_components, n_places = *made.coefficients.shape, len(made.places)
    expected = {
        "features": (n_photos, made.features.shape[1]), "components": (n_components, n_places),
        "usual": (n_places,), "places": (n_places, 2), "leaf": (n_places,),
        "log_prior": (n_places,), "settings": (2,),
    }  # fmt: skip
    for name, shape in expected.items():
        received = getattr(made, name).shape
        if received != shape:
            raise ValueError(f"{name} must be {shape} beside the others, received {received}.")
    return made
