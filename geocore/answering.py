"""From trained weights to the answers that a bundle will serve, on cached features.

Belongs to `geocore.pipeline`; no formula of its own. The online counterpart is
`geocore.inference.predictor`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd

from geocore.cells.geodesy import distance_km
from geocore.data.place_groups import place_groups
from geocore.evaluation.mixing import Mixing, PlaceAnswers, fit_mixing, place_answers
from geocore.evaluation.place_fit import PlacedPhotos, fit_evidence
from geocore.evaluation.points import best_points
from geocore.evaluation.temperature import apply_temperature, fit_temperature
from geocore.inference.training_places import training_point_table
from geocore.models.classifier import build_classifier
from geocore.models.heads import build_head, normalise
from geocore.preparation import EVIDENCE_WEIGHT, LEAK_KM, Prepared, has_test_photos

CROWDED, LEAST_WEIGHT = 2.0, 1e-3
"""How much denser than the first set is crowded, and the least part of its weight a photo keeps."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Witness:
    """The evidence of places, and what it says of photos without what they themselves taught it.

    Attributes:
        answers: the evidence, ready to answer.
        learned: positions in the photo table of the photos it learned from, ascending.
        held_out: float32 (n_learned, n_places), log-probs for them without their own places.
    """

    answers: PlaceAnswers
    learned: np.ndarray
    held_out: np.ndarray

    def log_probs(self, prepared: Prepared, rows: np.ndarray) -> np.ndarray:
        """Log-probs of the places for photos by their positions, (n_rows, n_places).

        Of a photo that it learned from, what it says without the photo's place.
        """
        log_probs = self.answers.evidence.log_probs(prepared.inputs[rows, 0])
        is_learned = np.isin(rows, self.learned)
        log_probs[is_learned] = self.held_out[np.searchsorted(self.learned, rows[is_learned])]
        return log_probs


def hear_places(prepared: Prepared) -> Witness | None:
    """The evidence of the training and validation photos' places, where the experiment wants it.

    Validation photos may teach it: what it says of them is always said without their places.
    """
    settings, photos = prepared.config.evidence, prepared.photos
    if not settings.is_used:
        return None
    is_known = photos["split"].isin(["train", "validation"]) & (photos[EVIDENCE_WEIGHT] > 0)
    learned = np.flatnonzero(is_known)
    known, leaves = photos.iloc[learned], prepared.grid.leaves
    lat, lng = known["lat"].to_numpy(), known["lng"].to_numpy()
    fitted = fit_evidence(
        PlacedPhotos(
            features=prepared.inputs[learned, 0],
            lat=lat,
            lng=lng,
            class_index=known["class_index"].to_numpy(),
            weights=evidence_weights(known),
            groups=place_groups(lat, lng, distance_km=LEAK_KM),
            is_typical=has_test_photos(photos).to_numpy()[learned],
        ),
        (leaves["lat"].to_numpy(), leaves["lng"].to_numpy()),
        settings,
    )
    return Witness(
        answers=place_answers(
            fitted.evidence, prepared.grid.n_leaves, settings.point, settings.point_sharpness
        ),
        learned=learned[fitted.rows],
        held_out=fitted.held_out,
    )


def evidence_weights(photos: pd.DataFrame) -> np.ndarray:
    """What each photo counts in the evidence of places, float64 (n_photos,).

    That of a set which stands more than twice as crowded somewhere as the first set is lowered
    there, or the evidence would learn where the set was collected.
    """
    weights = photos[EVIDENCE_WEIGHT].to_numpy(np.float64).copy()
    places = photos[["lat", "lng"]].to_numpy()
    names = photos["photo_set"].to_numpy()
    for name, rows in photos.groupby("photo_set", sort=False).indices.items():
        width_km = float(photos["density_km"].iloc[rows[0]])
        if width_km > 0 and name != names[0]:
            here, first = places[rows], places[names == names[0]]
            ratio = _density(here, first, width_km) / _density(here, here, width_km)
            weights[rows] *= np.clip(ratio / CROWDED, LEAST_WEIGHT, 1)
    return weights


def _density(at: np.ndarray, places: np.ndarray, width_km: float) -> np.ndarray:
    """Mean over the places of exp(-distance / width) for each position, (n_at,)."""
    km = distance_km(at[:, :1], at[:, 1:], places[:, 0], places[:, 1])
    return np.exp(-km / width_km).mean(axis=1)


def new_classifier(
    prepared: Prepared,
    head: str,
    standardisation: tuple[np.ndarray, np.ndarray] | None = None,
) -> keras.Model:
    """Untrained classifier of the experiment for one head."""
    config = prepared.config
    keras.utils.set_random_seed(config.training.seed)
    layer = build_head(
        head,
        prepared.hierarchy,
        mode=config.heads.mode,
        epsilon=config.heads.epsilon,
        alpha=config.heads.alpha,
        weight_decay=config.classifier.weight_decay,
    )
    return build_classifier(
        prepared.inputs.shape[-1],
        layer,
        config.classifier,
        standardisation=standardisation,
        seed=config.training.seed,
    )


def head_mixing(
    prepared: Prepared, head: str, weights: list[np.ndarray], witness: Witness | None = None
) -> Mixing:
    """Temperature and share of the evidence of one head, fitted on the validation photos."""
    rows = prepared.rows("validation")
    probs = _probs(prepared, head, weights, rows)
    truth = prepared.photos["class_index"].to_numpy()[rows]
    if witness is None:
        return Mixing(temperature=fit_temperature(truth, probs))
    evidence = witness.answers.leaf_probs(witness.log_probs(prepared, rows))
    return fit_mixing(truth, probs, evidence)


def mixing_report(mixings: Mapping[str, Mixing], witness: Witness | None) -> dict[str, Any]:
    """What report.json says of how the heads' probs become those that are served."""
    temperatures = {head: mixing.temperature for head, mixing in mixings.items()}
    if witness is None:
        return {"temperatures": temperatures}
    shares = {head: mixing.share for head, mixing in mixings.items()}
    return {"temperatures": temperatures, "evidence_shares": shares}


def predict_held_out(
    prepared: Prepared,
    head: str,
    weights: list[np.ndarray],
    mixing: Mixing | None = None,
    witness: Witness | None = None,
) -> pd.DataFrame:
    """Probs and point answers of the test photos, as the bundle will give them.

    Returns:
        Rows of predictions.parquet.
    """
    rows = np.flatnonzero(prepared.photos["split"] == "test")
    probs = _probs(prepared, head, weights, rows)
    served, points = _served(prepared, probs, rows, mixing or Mixing(), witness)
    columns = ["photo_id", "photo_set", "lat", "lng", "class_index"]
    return prepared.photos.iloc[rows][columns].assign(
        head=head,
        point_lat=points[:, 0],
        point_lng=points[:, 1],
        probs=list(served),
    )


def _served(
    prepared: Prepared,
    probs: np.ndarray,
    rows: np.ndarray,
    mixing: Mixing,
    witness: Witness | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Probs as served, and points (n_rows, 2), of a head's own probs."""
    if witness is not None and len(rows):
        log_probs = witness.log_probs(prepared, rows)
        return witness.answers.answer(probs, log_probs, mixing)
    served = apply_temperature(probs, mixing.temperature)
    table = training_point_table(prepared.grid, prepared.photos)
    return served, np.column_stack(best_points(served, table))


def _probs(
    prepared: Prepared, head: str, weights: list[np.ndarray], rows: np.ndarray
) -> np.ndarray:
    """Probs (n_rows, n_leaves) of photos themselves, by the very weights that the bundle keeps."""
    if rows.size == 0:
        return np.zeros((0, prepared.grid.n_leaves), np.float32)
    classifier = new_classifier(prepared, head)
    classifier.set_weights([x.astype(np.float32) for x in weights])
    return normalise(classifier.predict(prepared.inputs[rows, 0], verbose=0)).numpy()
