"""How well photos of one kind are answered: by continent, near cities or away from them, by light.

Stage: inference. It must not know TensorFlow, nor how a figure is shown.

What is known of a photo is its place and how bright it is, so both of the latter are stand-ins:
being near a city for an urban scene, a dim picture for dusk and bad light.

Source: own.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geocore.cells.geodesy import EARTH_RADIUS_KM, unit_vectors
from geocore.cells.place_names import PlaceNamer
from geocore.evaluation.evaluator import evaluate_probs
from geocore.evaluation.measures import MEASURES, figure_of
from geocore.inference.search_units import continents_at

CITY_INHABITANTS, CITY_KM = 100_000, 10.0
DIM = 0.4
"""Mean brightness, 0 black to 1 white, below which a photo counts as dim."""
CONTINENT, CITIES, LIGHT = "Continent", "Cities", "Light"
KIND_MEASURES = ("top_1", "loss", "median_km", "within_2500", "geoscore")
NEAR, AWAY, BRIGHT, DARK = "near a city", "away from cities", "bright", "dim"
DEFINITIONS = {
    CONTINENT: "that of the country in which the photo was taken",
    CITIES: f"near: a town of {CITY_INHABITANTS:,} or more inhabitants within {CITY_KM:g} km (list "
    "of places that ships with geocore), a stand-in for urban and rural scenes",
    LIGHT: f"dim: mean brightness of the picture below {DIM:g} of 1, a stand-in for dusk and bad "
    "light; a dark wood at noon counts as dim as well, a lit street at dusk may not",
}


def kinds_of(
    lat: np.ndarray, lng: np.ndarray, namer: PlaceNamer, brightness: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Per division of DEFINITIONS the group of each photo, (n_photos,).

    Args:
        lat: degrees (n_photos,), where the photos were taken.
        lng: degrees (n_photos,).
        namer: of places and countries.
        brightness: mean of each picture, 0 to 1; None leaves LIGHT out.
    """
    towns = namer.places[namer.places["population"] >= CITY_INHABITANTS]
    chord, _ = cKDTree(unit_vectors(towns["lat"], towns["lng"])).query(unit_vectors(lat, lng))
    is_near = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(chord / 2, 1)) <= CITY_KM
    kinds = {
        CONTINENT: continents_at(namer, pd.Series(lat), pd.Series(lng)),
        CITIES: np.where(is_near, NEAR, AWAY),
    }
    if brightness is not None:
        kinds[LIGHT] = np.where(np.asarray(brightness) < DIM, DARK, BRIGHT)
    return kinds


def kind_figures(
    predictions: pd.DataFrame, kinds: Mapping[str, np.ndarray]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Figures of one head on each group of photos, for report.json.

    Args:
        predictions: its rows of predictions.parquet.
        kinds: from `kinds_of`, of the same photos in the same order.

    Returns:
        Per division and group n_photos and the figures of KIND_MEASURES.
    """
    return {
        division: {
            str(group): _figures(predictions[groups == group]) for group in np.unique(groups)
        }
        for division, groups in kinds.items()
    }


def _figures(rows: pd.DataFrame) -> dict[str, Any]:
    entry = evaluate_probs(
        np.stack(list(rows["probs"])),
        rows["class_index"].to_numpy(),
        *(rows[name].to_numpy() for name in ("lat", "lng", "point_lat", "point_lng")),
    )
    return {"n_photos": len(rows)} | {x: dict(figure_of(entry, x)) for x in KIND_MEASURES}


def kind_table(kinds: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> pd.DataFrame:
    """The figures of one head as text, one row per group.

    Args:
        kinds: from `kind_figures`.
    """
    rows = [
        {"Photos": f"{division}: {group}", "Number": f"{entry['n_photos']:,}"}
        | {MEASURES[x].name: MEASURES[x].text(entry[x]) for x in KIND_MEASURES}
        for division, groups in kinds.items()
        for group, entry in groups.items()
    ]
    return pd.DataFrame(rows)
