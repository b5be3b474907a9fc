"""How sharply the probs of places should be taken where one point is weighed up.

Stage: evaluation. Arrays in, a number out: it must not know models, photos or files.
"""

import numpy as np

from geocore.cells.geodesy import distance_km
from geocore.evaluation.metrics import geoscores
from geocore.evaluation.mixing import PlaceAnswers

SHARPNESSES = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
"""Powers that are tried. A power between two of them moves the score by less than chance does."""


def fit_point_sharpness(
    answers: PlaceAnswers, log_probs: np.ndarray, lat: np.ndarray, lng: np.ndarray
) -> float:
    """The power under which the evidence's points have the largest mean GeoScore.

    Args:
        answers: of the evidence; what it is worth to name a place.
        log_probs: (n_photos, n_places), of photos without what they themselves taught the evidence.
        lat: degrees (n_photos,), where the photos were taken.
        lng: degrees (n_photos,).

    Returns:
        One of SHARPNESSES, the smallest of equals; that of `answers` where there is no photo.

    Source: own.
    """
    if not len(log_probs):
        return answers.sharpness
    above = log_probs - log_probs.max(axis=1, keepdims=True)
    scores = []
    for sharpness in SHARPNESSES:
        best = np.argmax(np.exp(sharpness * above).astype(np.float32) @ answers.worth, axis=1)
        point = answers.evidence.places[best].astype(np.float64)
        scores.append(geoscores(distance_km(lat, lng, point[:, 0], point[:, 1])).mean())
    return SHARPNESSES[int(np.argmax(scores))]
