"""Several photos said to be of one event: one answer, what each photo adds, which do not fit.

Stage: analysis. It joins the predictions of one head; it must not know pages or TensorFlow.

That the photos belong together is the analyst's claim, not a finding: a photo of elsewhere pulls
the joint answer away. Photos that fit the others worse than nearly all true members did are named,
never left out silently.

Source: own; `geocore.evaluation.pooling`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geocore.analysis.search_area import SearchArea, search_areas
from geocore.cells.geodesy import distance_km
from geocore.errors import BundleError
from geocore.evaluation.conformal import LEAST_AREA, LEVELS
from geocore.evaluation.points import joint_points
from geocore.evaluation.pooling import (
    Pooled,
    PoolSettings,
    fit_to_others,
    pool,
    usual_log_probs,
)
from geocore.inference.bundle import Bundle
from geocore.inference.event_file import EventHead, load_events, usual_shares
from geocore.inference.prediction import Prediction
from geocore.inference.training_places import point_sharpness, training_point_table

MIN_PHOTOS = 2
PHOTO_COLUMNS = (
    "photo", "confidence", "weight", "moved_share", "moved_km", "fit", "is_outlier",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class EventAnswer:
    """The joint answer of the photos of an event.

    Attributes:
        prediction: joint probs and best single point; its `photo` is the event's name.
        photos: one row per photo in the given order, columns PHOTO_COLUMNS. weight: how much of a
            photo of its own it is, 0-1 (two copies have 0.5 each); moved_share: share of the
            probability that lies elsewhere without it, 0-1; moved_km: how far the best single point
            lies from where it would be without it; fit: `fit_to_others`; is_outlier: fits the
            others worse than 98 of 100 photos that do belong to their event.
        n_effective: how many photos of their own they amount to.
        settings: that joined them.
        is_fitted: whether the settings were fitted for this head; else they are usual ones, and
            there are no outliers and no areas.
    """

    prediction: Prediction
    photos: pd.DataFrame
    n_effective: float
    settings: PoolSettings
    is_fitted: bool

    @property
    def n_photos(self) -> int:
        """How many photos were joined."""
        return len(self.photos)

    @property
    def outliers(self) -> tuple[str, ...]:
        """Names of the photos that do not fit the others."""
        return tuple(self.photos.loc[self.photos["is_outlier"], "photo"])


def combine(
    predictions: Sequence[Prediction],
    bundle: Bundle,
    *,
    name: str = "event",
    settings: PoolSettings | None = None,
) -> EventAnswer:
    """One answer from the answers for several photos.

    Args:
        predictions: two or more, of one head of the bundle, not conditioned on a region.
        bundle: that they come from.
        name: what the event is called.
        settings: other than those fitted for the head.

    Raises:
        ValueError: fewer than two photos, several heads, or answers of another bundle.
        BundleError: the bundle's event files cannot be used.
    """
    head = _checked(predictions, bundle)
    fitted = _event_head(bundle, head)
    settings = settings or (fitted.settings if fitted else PoolSettings())
    probs = np.stack([x.probs for x in predictions]).astype(np.float64)
    own_points = np.array([[x.lat, x.lng] for x in predictions])
    usual = usual_log_probs(bundle.probs(head))
    joint = pool(probs, usual, settings)
    without = [pool(np.delete(probs, i, axis=0), usual, settings) for i in range(len(probs))]
    members = [own_points, *(np.delete(own_points, i, axis=0) for i in range(len(probs)))]
    points = _points([joint, *without], members, bundle)
    others = np.stack([x.probs for x in without])
    fit = fit_to_others(probs, others, usual_shares(bundle))
    rows = {
        "photo": [x.photo for x in predictions],
        "confidence": [x.confidence for x in predictions],
        "weight": joint.weights,
        "moved_share": np.abs(others - joint.probs).sum(axis=1) / 2,
        "moved_km": distance_km(points[1:, 0], points[1:, 1], *points[0]),
        "fit": fit,
        "is_outlier": fit < (fitted.limit(len(probs)) if fitted else -np.inf),
    }
    prediction = Prediction(
        photo=name, head=head, lat=float(points[0, 0]), lng=float(points[0, 1]),
        probs=joint.probs.astype(np.float32), leaves=bundle.grid.leaves,
    )  # fmt: skip
    return EventAnswer(
        prediction=prediction,
        photos=pd.DataFrame(rows, columns=list(PHOTO_COLUMNS)),
        n_effective=float(joint.n_effective),
        settings=settings,
        is_fitted=fitted is not None,
    )


def event_areas(
    answer: EventAnswer,
    bundle: Bundle,
    *,
    levels: Iterable[float] = LEVELS,
    method: str = LEAST_AREA,
    by_continent: bool = False,
    within: np.ndarray | None = None,
) -> list[SearchArea]:
    """The event's own search areas, promised for events of (nearly) that many photos.

    Args:
        answer: of `combine`.
        bundle: as there.
        levels: promised coverages.
        method: as in `geocore.analysis.search_area.search_areas`.
        by_continent: likewise. Without it the promise is one on average: of the shipped bundle's
            places in Oceania only two thirds lie in their 90 % area.
        within: a region known otherwise, as there.

    Raises:
        BundleError: the bundle has nothing fitted for events of this head.
    """
    events, head = load_events(bundle), answer.prediction.head
    if events is None or head not in events.heads:
        raise BundleError(
            f"{bundle.folder}: the bundle promises no search areas for events of {head}. "
            f"Add them: python scripts/calibrate_events.py --bundle {bundle.folder} --photos DIR"
        )
    calibration = events.search_calibration(bundle, head, answer.n_photos)
    return search_areas(
        answer.prediction, bundle, levels=levels, method=method, by_continent=by_continent,
        within=within, calibration=calibration,
    )  # fmt: skip


def _points(joint: list[Pooled], own_points: list[np.ndarray], bundle: Bundle) -> np.ndarray:
    """Best single points (n_events, 2), of events with own_points (n_photos, 2) of their photos."""
    table, sharpness = training_point_table(bundle.grid, bundle.photos), point_sharpness(bundle)
    found = [
        joint_points(x.probs[None], table, own[None], x.weights[None], sharpness=sharpness)
        for x, own in zip(joint, own_points, strict=True)
    ]
    return np.array(found)[..., 0]


def _event_head(bundle: Bundle, head: str) -> EventHead | None:
    events = load_events(bundle)
    return None if events is None else events.heads.get(head)


def _checked(predictions: Sequence[Prediction], bundle: Bundle) -> str:
    """The head of predictions that can be joined."""
    if len(predictions) < MIN_PHOTOS:
        raise ValueError(
            f"An event needs at least {MIN_PHOTOS} photos with an answer, received "
            f"{len(predictions)}."
        )
    heads = sorted({x.head for x in predictions})
    if len(heads) > 1:
        raise ValueError(
            f"All photos of an event must be answered by one head, received answers of "
            f"{', '.join(heads)}. Answer them again with one of them."
        )
    for x in predictions:
        if x.probs.shape != (bundle.grid.n_leaves,):
            raise ValueError(
                f"{x.photo}: the answer has {x.probs.size} cells, bundle '{bundle.name}' has "
                f"{bundle.grid.n_leaves}. Answer the photo again with this bundle."
            )
    return heads[0]
