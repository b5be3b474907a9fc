"""A region known otherwise, set for a case: its answers are cut with it, and the log says so.

Stage: casework. It must not know pages. What the photos alone say stays in the log; the answers
within the region follow it there. They are made of the records, so that a replay makes the same.

Source: own; `geocore.analysis.region_prior`.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from geocore.analysis.case_file import Case
from geocore.analysis.case_state import case_state
from geocore.analysis.event_record import prediction_from_record
from geocore.analysis.records import Record, answer_record
from geocore.analysis.region_prior import (
    RegionPrior,
    condition,
    prior_record,
    region_mask,
    region_units,
    size_in_region,
)
from geocore.analysis.search_area import SearchArea, search_areas
from geocore.casework.answering import bundle_of
from geocore.errors import BundleError
from geocore.evaluation.conformal import LEAST_AREA
from geocore.inference.bundle import Bundle
from geocore.inference.search_calibration import load_calibration


def set_region(case: Case, prior: RegionPrior, bundle: Bundle, *, analyst: str) -> int:
    """Restrict a case to a region; returns how many answers were cut with it.

    Answers of other bundles stay as they are.

    Raises:
        ValueError: no cell of the bundle lies in the region.
        BundleError: the bundle has no calibration, which regions need.
        CaseError: the case cannot be written.
    """
    if not region_mask(prior, bundle).any():
        raise ValueError(
            f"No cell of this model lies in the region {prior.label!r}. Choose a region on land "
            "where people take photos."
        )
    state = case_state(case.entries())
    alone = [photo.from_photo for photo in state.photos.values() if photo.from_photo is not None]
    entries = _answers_within(alone, prior, bundle)
    case.append_many([("prior", prior_record(prior)), *entries], analyst=analyst)
    # A batch that does not know the region yet may have answered meanwhile.
    answers = case.entries(after=state.n_entries, kinds=["answer"])
    late = [entry.body for entry in answers if entry.body["prior"] is None]
    late_entries = _answers_within(late, prior, bundle)
    case.append_many(late_entries, analyst=analyst)
    return len(entries) + len(late_entries)


def remove_region(case: Case, prior: RegionPrior, *, analyst: str) -> None:
    """Take the region back: what the photos alone say counts again.

    Raises:
        CaseError: the case cannot be written.
    """
    case.append("prior", prior_record(prior, removed=True), analyst=analyst)


def answer_within(alone: Record, prior: RegionPrior, bundle: Bundle) -> Record | None:
    """The answer record of a photo that is known to be from a region.

    Args:
        alone: the record of what the photo alone says.
        prior: the region.
        bundle: that answered.

    Returns:
        None where the bundle cannot say: no cell of it lies there, or it has no calibration.

    Raises:
        ValueError: the record is of another bundle.
    """
    prediction = prediction_from_record(alone, bundle)
    try:
        found = condition(prediction, prior, bundle)
    except (ValueError, BundleError):
        return None
    within = units_within(prior, bundle)
    areas = search_areas(prediction, bundle, within=within)
    return answer_record(
        found,
        photo_sha256=alone["photo_sha256"],
        bundle=alone["bundle"],
        areas=[part_within(area, prior, bundle) for area in areas],
        abstention=alone["abstention"],
        prior=prior.record(),
    )


def units_within(prior: RegionPrior, bundle: Bundle) -> np.ndarray:
    """What `search_area` wants as `within`, bool (n_units,)."""
    return region_units(prior, load_calibration(bundle).units(LEAST_AREA)) > 0


def part_within(area: SearchArea, prior: RegionPrior, bundle: Bundle) -> SearchArea:
    """An area whose size and countries are those of its part in the region."""
    if area.cells.empty:
        return area
    km2, land_km2 = size_in_region(area, prior, bundle)
    countries = area.countries
    if prior.polygon is None:
        countries = tuple(x for x in countries if x.code in prior.countries)
    return replace(area, area_km2=km2, land_km2=land_km2, countries=countries)


def _answers_within(
    alone: Iterable[Record], prior: RegionPrior, bundle: Bundle
) -> list[tuple[str, Record]]:
    sha256 = bundle_of(bundle)["sha256"]
    own = (record for record in alone if record["bundle"]["sha256"] == sha256)
    found = (answer_within(record, prior, bundle) for record in own)
    return [("answer", record) for record in found if record is not None]
