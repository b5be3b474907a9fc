"""Other divisions of the world, live: which coordinates, which settings.

Stage: dashboard. It must not divide anything itself: `geocore.cells` does.
"""

from pathlib import Path

import numpy as np
import pandas as pd

import geocore
from dashboard.common import keep
from geocore.data.photos import load_coordinates
from geocore.inference.bundle import Bundle

OWN, FLICKR = "This bundle's photos", "100,000 Flickr photos"
SOURCES = (OWN, FLICKR)
POLICIES = {"drop": "leave them out", "preserve": "keep them, cover the world"}
PHOTO_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
_FLICKR_CSV = Path(geocore.__file__).parent / "assets" / "flickr_100k.csv.gz"


def coordinates(source: str, bundle: Bundle) -> tuple[np.ndarray, np.ndarray]:
    """Latitudes and longitudes of all photos of a source, degrees (n_photos,) each."""
    photos = bundle.photos if source == OWN else _flickr_photos()
    return photos["lat"].to_numpy(), photos["lng"].to_numpy()


@keep("Reading 100,000 coordinates …", max_entries=1)
def _flickr_photos() -> pd.DataFrame:
    return load_coordinates(_FLICKR_CSV).photos[["lat", "lng"]]
