"""Other divisions of the world, live: which coordinates, which settings.

Stage: dashboard. It must not divide anything itself: `geocore.cells` does.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

import geocore
from dashboard.common import keep
from geocore.data.photos import load_coordinates
from geocore.inference.bundle import Bundle

OWN, FLICKR = "This bundle's photos", "100,000 Flickr photos"
_POLICIES = {"drop": "leave them out", "preserve": "keep them, cover the world"}
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
_DEEPEST = 20
_FLICKR_CSV = Path(geocore.__file__).parent / "assets" / "flickr_100k.csv.gz"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Coordinates and settings of Algorithm 1 that a reader chose.

    Attributes:
        lat: degrees (n_photos,).
        lng: degrees (n_photos,).
        settings: arguments of `generate_cells`.
    """

    lat: np.ndarray
    lng: np.ndarray
    settings: dict[str, int | str]


def choose(bundle: Bundle) -> Choice:
    """The controls; with the bundle's photos they start at the settings of its own cells."""
    columns = st.columns([3, 4, 2, 3], gap="medium")
    source = columns[0].radio("Photos", [OWN, FLICKR], key="what_if_source")
    lat, lng = coordinates(source, bundle)
    own = bundle.config.get("grid", {}) if source == OWN else {}
    t_min, t_max = own.get("t_min", 50), own.get("t_max", 1000)
    low, high = columns[1].select_slider(
        "Fewest and most photos per cell",
        sorted({*_STEPS, t_min, t_max}),
        value=(t_min, t_max),
        key=f"what_if_photos_{source}_{bundle.name}",
    )
    level_end = columns[2].slider(
        "Deepest level", 0, _DEEPEST, min(own.get("level_end", 12), _DEEPEST), key="what_if_level"
    )
    policy = columns[3].radio(
        "Cells with too few photos",
        list(_POLICIES),
        format_func=_POLICIES.get,
        key="what_if_policy",
    )
    settings = {"t_min": low, "t_max": high, "level_end": level_end, "policy": policy}
    return Choice(lat=lat, lng=lng, settings=settings)


def coordinates(source: str, bundle: Bundle) -> tuple[np.ndarray, np.ndarray]:
    """Latitudes and longitudes of a source's photos, degrees (n_photos,) each.

    Of the bundle's photos those that shaped its cells: all but the held-out ones, of the photo
    sets that are also tested.
    """
    photos = _flickr_photos() if source == FLICKR else bundle.photos
    if source == OWN and (photos["split"] == "test").any():
        is_test = photos["split"] == "test"
        photos = photos[~is_test & photos["photo_set"].isin(photos["photo_set"][is_test])]
    return photos["lat"].to_numpy(), photos["lng"].to_numpy()


@keep("Reading 100,000 coordinates …", max_entries=1)
def _flickr_photos() -> pd.DataFrame:
    return load_coordinates(_FLICKR_CSV).photos[["lat", "lng"]]
