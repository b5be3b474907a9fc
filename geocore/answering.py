"""From trained weights to the answers that a bundle will serve, on cached features.

Belongs to `geocore.pipeline`; no formula of its own. The online counterpart is
`geocore.inference.predictor`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import pandas as pd

from geocore.cells.geodesy import distance_km
from geocore.data.place_groups import place_groups
from geocore.evaluation.mixing import Mixing, PlaceAnswers, fit_mixing, place_answers
from geocore.evaluation.place_fit import PlacedPhotos, fit_evidence
from geocore.evaluation.point_sharpness import fit_point_sharpness
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
        shares: float32 (n_learned, n_domains), how much of each domain they are, likewise.
        domains: names of the photo sets that it tells apart, empty where it tells none.
    """

    answers: PlaceAnswers
    learned: np.ndarray
    held_out: np.ndarray
    shares: np.ndarray
    domains: tuple[str, ...] = ()

    def hear(self, prepared: Prepared, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of photos by their positions, what `PlaceEvidence.hear` says of their features.

        Of a photo that it learned from, what it says without the photo's place.
        """
        log_probs, shares = self.answers.evidence.hear(prepared.inputs[rows, 0])
        is_learned = np.isin(rows, self.learned)
        known = np.searchsorted(self.learned, rows[is_learned])
        log_probs[is_learned], shares[is_learned] = self.held_out[known], self.shares[known]
        return log_probs, shares


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
    domain, names = _domains(photos)
    fitted = fit_evidence(
        PlacedPhotos(
            features=prepared.inputs[learned, 0],
            lat=lat,
            lng=lng,
            class_index=known["class_index"].to_numpy(),
            weights=evidence_weights(known),
            groups=place_groups(lat, lng, distance_km=LEAK_KM),
            domain=domain[learned],
        ),
        (leaves["lat"].to_numpy(), leaves["lng"].to_numpy()),
        settings,
    )
    answers = place_answers(
        fitted.evidence, prepared.grid.n_leaves, settings.point, settings.point_sharpness
    )
    is_asked = domain[learned[fitted.rows]] >= 0
    own_lat, own_lng = lat[fitted.rows][is_asked], lng[fitted.rows][is_asked]
    sharpness = fit_point_sharpness(answers, fitted.held_out[is_asked], own_lat, own_lng)
    return Witness(
        answers=replace(answers, sharpness=sharpness),
        learned=learned[fitted.rows],
        held_out=fitted.held_out,
        shares=fitted.shares,
        domains=names if fitted.evidence.domains else (),
    )


def _domains(photos: pd.DataFrame) -> tuple[np.ndarray, tuple[str, ...]]:
    """Which of the sets that are also tested each photo is of, -1 for none, and their names."""
    names = photos["photo_set"].where(has_test_photos(photos))
    number, found = pd.factorize(names)
    return number, tuple(str(name) for name in found)


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
    log_probs, domains = witness.hear(prepared, rows)
    return fit_mixing(truth, probs, witness.answers.leaf_probs(log_probs), domains)


def mixing_report(mixings: Mapping[str, Mixing], witness: Witness | None) -> dict[str, Any]:
    """What report.json says of how the heads' probs become those that are served."""
    temperatures = {head: mixing.temperature for head, mixing in mixings.items()}
    if witness is None:
        return {"temperatures": temperatures}
    shares = {head: mixing.share for head, mixing in mixings.items()}
    report = {
        "temperatures": temperatures,
        "evidence_shares": shares,
        "point_sharpness": witness.answers.sharpness,
    }
    if not witness.domains:
        return report
    apart = {
        head: {"shares": list(mixing.shares), "strengths": list(mixing.strengths)}
        for head, mixing in mixings.items()
    }
    return report | {"domains": list(witness.domains), "domain_mixings": apart}


def predict_held_out(
    prepared: Prepared,
    head: str,
    weights: list[np.ndarray],
    mixing: Mixing | None = None,
    witness: Witness | None = None,
) -> pd.DataFrame:
    """Probs and point answers of the test photos, as the bundle will give them.

    Returns:
        Rows of predictions.parquet; with the column domain, the photo set that each photo looks
        like, where the witness tells several apart.
    """
    rows = np.flatnonzero(prepared.photos["split"] == "test")
    probs = _probs(prepared, head, weights, rows)
    served, points, domains = _served(prepared, probs, rows, mixing or Mixing(), witness)
    columns = ["photo_id", "photo_set", "lat", "lng", "class_index"]
    table = prepared.photos.iloc[rows][columns].assign(
        head=head,
        point_lat=points[:, 0],
        point_lng=points[:, 1],
        probs=list(served),
    )
    return table if domains is None else table.assign(domain=domains)


def with_domains(
    predictions: dict[str, pd.DataFrame], known: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Tables of predictions with the domains that another table tells of the same photos."""
    if "domain" not in known:
        return predictions
    domain = known.set_index("photo_id")["domain"]
    return {
        name: rows.assign(domain=domain.reindex(rows["photo_id"]).to_numpy())
        for name, rows in predictions.items()
    }


def _served(
    prepared: Prepared,
    probs: np.ndarray,
    rows: np.ndarray,
    mixing: Mixing,
    witness: Witness | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Probs as served, points (n_rows, 2) and names of domains (n_rows,), of a head's own probs."""
    if witness is not None and len(rows):
        log_probs, shares = witness.hear(prepared, rows)
        served, points = witness.answers.answer(probs, log_probs, mixing, shares)
        names = np.array(witness.domains)[shares.argmax(axis=1)] if witness.domains else None
        return served, points, names
    served = apply_temperature(probs, mixing.temperature)
    table = training_point_table(prepared.grid, prepared.photos)
    return served, np.column_stack(best_points(served, table)), None


def _probs(
    prepared: Prepared, head: str, weights: list[np.ndarray], rows: np.ndarray
) -> np.ndarray:
    """Probs (n_rows, n_leaves) of photos themselves, by the very weights that the bundle keeps."""
    if rows.size == 0:
        return np.zeros((0, prepared.grid.n_leaves), np.float32)
    classifier = new_classifier(prepared, head)
    classifier.set_weights([x.astype(np.float32) for x in weights])
    return normalise(classifier.predict(prepared.inputs[rows, 0], verbose=0)).numpy()
