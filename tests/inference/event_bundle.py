"""The made world's bundle with events, written once for all tests that read it."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd

from geocore.inference.bundle import Bundle, load_bundle
from geocore.inference.bundle_files import reworked
from geocore.inference.event_file import EventCalibration, write_events
from geocore.inference.event_fitting import N_VIEWS, PLACE, fit_head
from tests.inference.calibrated_bundle import calibrated_bundle


def views_of_places(bundle: Bundle, n_places: int = 60, seed: int = 3) -> pd.DataFrame:
    """Four views each of held-out photos' places; each knows a little of its leaf."""
    rng = np.random.default_rng(seed)
    photos = bundle.predictions("MC")
    photos = photos.iloc[rng.permutation(len(photos))[:n_places]].reset_index(drop=True)
    rows = photos.loc[np.repeat(photos.index, N_VIEWS)].reset_index(drop=True)
    probs = rng.dirichlet(np.ones(bundle.grid.n_leaves), len(rows))
    leaf = rows["class_index"].to_numpy()
    probs[np.arange(len(rows)), np.maximum(leaf, 0)] += np.where(leaf < 0, 0, 0.15)
    place = rows["photo_id"].to_numpy()
    return rows.assign(
        probs=list(probs / probs.sum(1, keepdims=True)),
        photo_id=[f"{x}/{i % N_VIEWS}" for i, x in enumerate(place)],
        **{PLACE: place},
    ).sort_values([PLACE, "photo_id"], ignore_index=True)


@cache
def event_bundle() -> Bundle:
    """A bundle whose head MC joins photos; do not change its folder."""
    folder = Path(mkdtemp()) / "events"
    shutil.copytree(calibrated_bundle().folder, folder)
    bundle = load_bundle(folder)
    head, scores = fit_head(bundle, "MC", views_of_places(bundle), n_halves=2)
    with reworked(folder) as copy:
        write_events(copy, EventCalibration(heads={"MC": head}, scores=scores))
    return load_bundle(folder)
