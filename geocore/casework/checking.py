"""A claim held against an answer that a case keeps, as the entry that the case keeps of it.

Stage: casework. It must not know databases or pages. No photo is needed, the answer is checked.

Source: own.
"""

from collections.abc import Mapping
from typing import Any

from geocore.analysis.claimed_place import ClaimedPlace
from geocore.analysis.claims import check_claim, claim_record
from geocore.analysis.event_record import prediction_from_record
from geocore.analysis.records import Record
from geocore.inference.bundle import Bundle


def claim_of_answer(
    alone: Record,
    claim: ClaimedPlace,
    bundle: Bundle,
    *,
    radius_km: float = 0.0,
    prior: Mapping[str, Any] | None = None,
) -> Record:
    """Body of the "claim" entry of a photo that a case holds an answer for.

    Args:
        alone: record of what the photo alone says.
        claim: the place that somebody claims.
        bundle: that answered.
        radius_km: how exact the claim is.
        prior: record of the region in force; the check does not use it.

    Raises:
        ValueError: the answer is of another bundle, or the place is none.
        BundleError: the bundle has no calibration.
    """
    prediction = prediction_from_record(alone, bundle)
    check = check_claim(prediction, bundle, **claim.arguments(), radius_km=radius_km)
    return claim_record(
        check, claim, photo_sha256=alone["photo_sha256"], bundle=alone["bundle"], prior=prior
    )


def claim_again(record: Record, alone: Record, bundle: Bundle) -> Record:
    """The entry that the same claim gives today; arguments and errors as `claim_of_answer`."""
    claimed = dict(record["claimed"])
    radius_km = claimed.pop("radius_km")
    claim = ClaimedPlace(**claimed)
    return claim_of_answer(alone, claim, bundle, radius_km=radius_km, prior=record["prior"])
