"""Teaches a bundle to join photos of one event, from several views of places it was trained on.

The bundle's own heads have seen these places, so each place is answered by a head trained by the
same recipe on the same photos less that fold of places, and less every photo within 1 km of them.
Joins the stages as `geocore.pipeline` does; no formula of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from geocore.answering import head_mixing, hear_places, predict_held_out
from geocore.config import config_from_dict
from geocore.data.place_groups import place_groups
from geocore.errors import PhotoTableError
from geocore.inference.bundle import Bundle, load_bundle
from geocore.inference.bundle_files import reworked
from geocore.inference.event_file import EventCalibration, write_events
from geocore.inference.event_fitting import N_VIEWS, PLACE, fit_head
from geocore.inference.search_calibration import load_calibration
from geocore.pipeline import sentence, train_head
from geocore.preparation import (
    LEAK_KM,
    Prepared,
    Say,
    load_features,
    load_photo_sets,
    prepare,
    with_reduction,
    without_leaks,
)
from geocore.training import prepare_tensorflow


def calibrate_events(
    folder: Path,
    source: Path,
    cache: Path,
    *,
    heads: Sequence[str] = (),
    k: int = 5,
    say: Say = print,
) -> EventCalibration:
    """Fit, measure and add `events.json` and `event_scores.parquet` to a bundle in one step.

    Args:
        folder: the bundle's; it must promise search areas (scripts/calibrate.py).
        source: the photo sets that it was trained on; one has views of places, column PLACE_ID.
        cache: of features.
        heads: to fit; none for the bundle's default head.
        k: number of folds of places.
        say: receives how far it is.

    Raises:
        BundleError: no bundle, or one without search areas.
        PhotoTableError: other photo sets, or no place with enough views.
    """
    folder = Path(folder).absolute()
    bundle = load_bundle(folder)
    load_calibration(bundle)
    prepared = _prepared(bundle, source, cache, say)
    fitted, scores = {}, []
    for head in heads or (bundle.default_head,):
        views = complete_places(
            pd.concat(held_out_places(prepared, head, k, say), ignore_index=True)
        )
        fitted[head], rows = fit_head(bundle, head, views)
        scores.append(rows)
    calibration = EventCalibration(heads=fitted, scores=pd.concat(scores, ignore_index=True))
    with reworked(folder) as copy:
        write_events(copy, calibration)
    return calibration


def _prepared(bundle: Bundle, source: Path, cache: Path, say: Say) -> Prepared:
    config = config_from_dict(bundle.config)
    prepare_tensorflow(config.training.seed)
    photos, features = load_features(config, load_photo_sets(config, source, say), cache, say)
    known = bundle.photos.set_index("photo_id")["sha256"].reindex(photos["photo_id"]).to_numpy()
    if (known != photos["sha256"].to_numpy()).any() or PLACE not in photos:
        raise PhotoTableError(
            f"{source}: the photo sets must be those that bundle '{bundle.name}' was made from, "
            f"one of them with views of places (column {PLACE})."
        )
    return prepare(config, without_leaks(photos, say), features, say, bundle.grid)


def held_out_places(prepared: Prepared, head: str, k: int, say: Say) -> Iterator[pd.DataFrame]:
    """Rows of predictions.parquet of the views, each fold answered by a head without it."""
    photos = prepared.photos
    is_view = photos[PLACE].notna()
    group = place_groups(photos["lat"], photos["lng"], distance_km=LEAK_KM)
    groups = np.unique(group[is_view])
    fold = np.full(group.max() + 1, -1)
    fold[np.random.default_rng(prepared.config.split_seed).permutation(groups)] = (
        np.arange(len(groups)) % k
    )
    for i in range(k):
        is_out = fold[group] == i
        split = photos["split"].mask(is_out, "unused")
        part = with_reduction(_with_split(prepared, split))
        witness = hear_places(part)
        weights, run = train_head(part, head)
        mixing = head_mixing(part, head, weights, witness)
        say(f"{head}, fold {i + 1} of {k}: {sentence(run)}")
        asked = split.mask(split == "test", "unused").mask(is_out & is_view, "test")
        answered = predict_held_out(_with_split(part, asked), head, weights, mixing, witness)
        yield answered.assign(**{PLACE: photos.loc[answered.index, PLACE]})


def _with_split(prepared: Prepared, split: pd.Series) -> Prepared:
    return replace(prepared, photos=prepared.photos.assign(split=split))


def complete_places(views: pd.DataFrame) -> pd.DataFrame:
    """The views of the places that have all of them, sorted."""
    n_views = views.groupby(PLACE)["photo_id"].transform("size")
    complete = views[n_views == N_VIEWS].sort_values([PLACE, "photo_id"], ignore_index=True)
    if complete.empty:
        raise PhotoTableError(f"No place has {N_VIEWS} views, at least some must.")
    return complete
