"""Does a photo speak against the place that somebody claims for it?

Stage: analysis. It joins a prediction with its bundle's calibration; it must not know pages.

Two questions, each with its own promise. The p-value asks whether the photo's look speaks against
the place: of true claims, at most the share p fit as ill. The area asks where to search: 95 of 100
photos were taken inside theirs. A claim can fail either; that it passes proves nothing.

Source: own; `geocore.analysis.cell_p_values`, `geocore.analysis.search_area`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from geocore.analysis.area_distance import cell_distances_km
from geocore.analysis.cell_p_values import OUTSIDE, P_COLUMNS, cell_p_values, outside_row
from geocore.analysis.claim_test import blur, load_claim_calibration
from geocore.analysis.claim_verdict import ALARM, AREA_LEVEL, ClaimCheck
from geocore.analysis.claimed_place import DECIMALS, ClaimedPlace
from geocore.analysis.claimed_points import ClaimedPoints, claimed_points
from geocore.analysis.search_area import SearchArea, search_area
from geocore.cells import UNASSIGNED, s2
from geocore.evaluation.conformal import EPSILON
from geocore.inference.bundle import Bundle
from geocore.inference.prediction import Prediction
from geocore.inference.search_calibration import SearchCalibration, load_calibration

N_NEAREST = 3
NEAREST_COLUMNS = ("token", "place", "lat", "lng", "prob", "p_value", "distance_km")


def check_claim(
    prediction: Prediction,
    bundle: Bundle,
    lat: float,
    lng: float,
    *,
    radius_km: float = 0.0,
    code: str = "",
    region: str = "",
    name: str = "",
    calibration: SearchCalibration | None = None,
) -> ClaimCheck:
    """Hold a photo against a claimed place.

    Args:
        prediction: of one head for the photo, not conditioned on any region.
        bundle: that it comes from.
        lat: of the claimed point, degrees.
        lng: of the claimed point, degrees.
        radius_km: the claim is "within so many km of the point".
        code: ISO 3166 of a country: the claim is "anywhere in it"; the point then only names it.
        region: of that country: the claim is "anywhere in the region", by its towns.
        name: what the sentence calls the place; by default what lies at the point.
        calibration: other than the bundle's own, e.g. one fitted on events.

    Raises:
        ValueError: no point on Earth, a radius below 0, an unknown country or region, or an unknown
            head.
        BundleError: the bundle has no calibration.
    """
    cells = _cells(prediction, bundle, calibration)
    calibration = (calibration or load_calibration(bundle)).like(prediction.domain)
    claim = claimed_points(lat, lng, radius_km, (code, region), calibration.leaves)
    branch = _branch(claim, cells, bundle, calibration)
    area = search_area(prediction, bundle, level=AREA_LEVEL, calibration=calibration)
    distance_km = _distance_km(claim, area)
    own, compatible = branch.iloc[-1], _compatible(cells, prediction)
    return ClaimCheck(
        lat=float(lat),
        lng=float(lng),
        radius_km=float(radius_km),
        code=code,
        region=region,
        place=name or claim.name,
        head=prediction.head,
        branch=branch,
        p_value=float(own["p_value"]),
        rank=_rank(own, prediction),
        n_cells=bundle.grid.n_leaves,
        prob=float(own["prob"]),
        is_inside=distance_km == 0.0,
        is_everywhere=area.is_everywhere,
        distance_to_area_km=distance_km,
        is_outside_cells=own["place"] == OUTSIDE,
        n_compatible=len(compatible),
        nearest=_nearest(claim, compatible),
        n_calibration=len(calibration.photos),
    )


def _cells(
    prediction: Prediction, bundle: Bundle, calibration: SearchCalibration | None
) -> pd.DataFrame:
    """Every cell with its own prob, and the p-value of the claim test."""
    if calibration is not None:
        return cell_p_values(prediction, bundle, calibration=calibration)
    test = load_claim_calibration(bundle, prediction.head)
    blurred = replace(prediction, probs=blur(prediction.probs, prediction.leaves))
    p_values = cell_p_values(blurred, bundle, calibration=test)["p_value"]
    return cell_p_values(prediction, bundle).assign(p_value=p_values)


def _branch(
    claim: ClaimedPoints, cells: pd.DataFrame, bundle: Bundle, calibration: SearchCalibration
) -> pd.DataFrame:
    """Per level the best fitting of the cells that hold a part of the claim."""
    first, last = s2.id_range(s2.from_token(cells["token"]))
    held = ((first <= claim.ids[:, None]) & (claim.ids[:, None] <= last)).any(axis=0)
    leaves = cells[held & (cells["class_index"] != UNASSIGNED)]
    if leaves.empty:
        around = cells[(first <= claim.ids[0]) & (claim.ids[0] <= last)]
        outside = outside_row(bundle, calibration)
        return pd.concat([around[list(P_COLUMNS)], outside], ignore_index=True)
    best = s2.from_token([leaves.loc[leaves["p_value"].idxmax(), "token"]])
    on_branch = (first <= best) & (best <= last)
    return cells.loc[on_branch, list(P_COLUMNS)].reset_index(drop=True)


def _rank(own: pd.Series, prediction: Prediction) -> int:
    """Among all leaves, however coarse the claimed one is."""
    if own["class_index"] == UNASSIGNED:
        return -1
    return 1 + int((prediction.probs > prediction.probs[own["class_index"]]).sum())


def claim_record(
    check: ClaimCheck,
    claim: ClaimedPlace,
    *,
    photo_sha256: str,
    bundle: Mapping[str, str],
    prior: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The check as a case file keeps it: rounded, so that a replay gives the same bytes.

    Args:
        check: of the claim.
        claim: as it was made.
        photo_sha256: of the encoded photo.
        bundle: `geocore.analysis.records.bundle_record` of the bundle that answered.
        prior: the region that was known otherwise, if one was set; the check did not use it.
    """
    return {
        "photo_sha256": photo_sha256,
        "bundle": dict(bundle),
        "head": check.head,
        "claimed": {
            "text": claim.text,
            "label": claim.label,
            "lat": round(claim.lat, DECIMALS) + 0.0,
            "lng": round(claim.lng, DECIMALS) + 0.0,
            "source": claim.source,
            "code": claim.code,
            "region": claim.region,
            "radius_km": round(check.radius_km, 1),
        },
        "p_value": round(check.p_value, 6),
        "rank": check.rank,
        "n_cells": check.n_cells,
        "distance_to_area_km": round(check.distance_to_area_km),
        "verdict": check.verdict,
        "sentence": check.sentence,
        "prior": None if prior is None else dict(prior),
    }


def _distance_km(claim: ClaimedPoints, area: SearchArea) -> float:
    if area.is_everywhere:
        return 0.0
    return float(cell_distances_km(claim.lat, claim.lng, s2.from_token(area.tokens)).min())


def _compatible(cells: pd.DataFrame, prediction: Prediction) -> pd.DataFrame:
    leaves = cells[(cells["class_index"] != UNASSIGNED) & (cells["p_value"] > ALARM + EPSILON)]
    centroids = prediction.leaves.iloc[leaves["class_index"]]
    return leaves.assign(lat=centroids["lat"].to_numpy(), lng=centroids["lng"].to_numpy())


def _nearest(claim: ClaimedPoints, compatible: pd.DataFrame) -> pd.DataFrame:
    """Compatible cells around the claim; those that hold a part of it are none."""
    if compatible.empty:
        return pd.DataFrame(columns=list(NEAREST_COLUMNS))
    km = cell_distances_km(claim.lat, claim.lng, s2.from_token(compatible["token"])).min(axis=0)
    others = compatible.assign(distance_km=km)[km > 0].sort_values("distance_km", kind="stable")
    return others[list(NEAREST_COLUMNS)].head(N_NEAREST).reset_index(drop=True)
