"""Maps of where the photos of a set lie, and of what it lacks.

Stage: visuals. Counts per cell in, a folium layer or a picture without any request out. It must not
know Streamlit, nor where the counts come from. Text from outside is escaped here.

Source: own.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import folium
import numpy as np
import pandas as pd

from geocore.cells.polygons import cells_geojson
from geocore.visuals.colours import NO_VALUE, ColourScale, ramp
from geocore.visuals.maps import MAX_CELLS, MapLayer
from geocore.visuals.offline_map import DARK, LIGHT, SMOOTH_FACTOR, basemap

_MOST_STEPS = 6
_DUE = (0.0, 0.1, 0.5, 1.0)
KIND_COLOURS = ("#8c1d1d", "#d9480f", "#f08c00", "#d4c81f", "#2b8a6e")
_DUE_LABELS = ("none", "under 10 %", "10 to 50 %", "50 to 100 %", "all it is due or more")


def density_scale(
    per_100000_km2: Sequence[float] | np.ndarray, *, dark: bool = False
) -> ColourScale:
    """Colours of densities in steps of ten, the densest steps told apart.

    Args:
        per_100000_km2: (n_cells,) photos per 100,000 km2, above 0.
        dark: whether the page is dark.
    """
    decades = np.floor(np.log10(np.asarray(per_100000_km2, float))).astype(int)
    high = int(decades.max(initial=0))
    low = max(int(decades.min(initial=high)), high - _MOST_STEPS + 1)
    steps = ramp(high - low + 1, dark)
    colours = tuple(steps[max(decade, low) - low] for decade in decades)
    names = [f"{10.0**k:,.10g} to {10.0 ** (k + 1):,.10g}" for k in range(low, high + 1)]
    if len(decades) and decades.min() < low:
        names[0] = f"under {10.0 ** (low + 1):,.10g}"
    return ColourScale("Photos per 100,000 km²", colours, tuple(zip(steps, names, strict=True)))


def due_scale(share_of_due: Sequence[float] | np.ndarray, *, dark: bool = False) -> ColourScale:
    """Colours of what places have of the photos that they are due, the poorest standing out.

    Args:
        share_of_due: (n_places,) photos present / photos due, 0 or more.
        dark: whether the page is dark.
    """
    steps = ramp(len(_DUE_LABELS), dark)[::-1]
    number = np.searchsorted(_DUE, np.asarray(share_of_due, float), side="right") - 1
    number += np.asarray(share_of_due, float) > 0
    number = np.clip(number, 0, len(steps) - 1)
    colours = tuple(steps[k] for k in number)
    return ColourScale(
        "Photos, as a share of what is due", colours, tuple(zip(steps, _DUE_LABELS, strict=True))
    )


def named_scale(title: str, kinds: Sequence[str], names: Mapping[str, str]) -> ColourScale:
    """Colours of what is known about places, from worst to best; the last kind is drawn grey.

    Args:
        title: what the colours show.
        kinds: (n_places,) keys of `names`.
        names: at most `len(KIND_COLOURS)` + 1 kinds, worst first, with their words.

    Raises:
        ValueError: more kinds than there are colours, or a kind without a name.
    """
    if len(names) > len(KIND_COLOURS) + 1 or not set(kinds) <= set(names):
        raise ValueError(
            f"At most {len(KIND_COLOURS) + 1} named kinds can be told apart, received "
            f"{', '.join(sorted(set(kinds) | set(names)))}."
        )
    colours = dict(zip(names, [*KIND_COLOURS[: len(names) - 1], NO_VALUE], strict=True))
    entries = tuple((colours[kind], words) for kind, words in names.items())
    return ColourScale(title, tuple(colours[kind] for kind in kinds), entries)


def value_map(cells: pd.DataFrame, scale: ColourScale, fields: Mapping[str, str]) -> MapLayer:
    """Cells coloured by a scale, with a tooltip.

    Args:
        cells: token, and the columns that `fields` names.
        scale: colours in the order of `cells`.
        fields: column -> its name in the tooltip.

    Raises:
        ValueError: more than `MAX_CELLS` cells, or a scale of another length.
    """
    _check(cells, scale)
    group = folium.FeatureGroup(name="Cells")
    if cells.empty:
        return group
    colour = dict(zip(cells["token"], scale.colours, strict=True))
    properties = cells[[*fields]].map(lambda value: escape(str(value)))
    folium.GeoJson(
        cells_geojson(cells["token"], properties),
        style_function=lambda feature: {
            "fillColor": colour[feature["properties"]["token"]],
            "color": colour[feature["properties"]["token"]],
            "weight": 0.5,
            "fillOpacity": 0.75,
        },
        highlight_function=lambda _: {"weight": 3},
        smooth_factor=SMOOTH_FACTOR,
        tooltip=folium.GeoJsonTooltip(list(fields), aliases=list(fields.values())),
    ).add_to(group)
    return group


def value_svg(cells: pd.DataFrame, scale: ColourScale, title: str, *, dark: bool = False) -> str:
    """The same cells as a picture of the whole world that any browser opens, without requests.

    Longitude runs across and latitude upwards, both in equal steps; cells near the poles look wider
    than they are.

    Args:
        cells: with column token.
        scale: colours in the order of `cells`.
        title: what the map shows; read out by screen readers too.
        dark: colours for a dark page.

    Raises:
        ValueError: as `value_map`.
    """
    _check(cells, scale)
    look = DARK if dark else LIGHT
    land = "".join(_outline(feature["geometry"]) for feature in basemap()["features"])
    drawn = cells_geojson(cells["token"])["features"]
    shapes = "".join(
        f'<path d="{_outline(feature["geometry"])}" fill="{colour}"/>'
        for feature, colour in zip(drawn, scale.colours, strict=True)
    )
    legend = "".join(
        f'<rect x="{x}" y="96" width="5" height="5" fill="{colour}"/>'
        f'<text x="{x + 6.5}" y="100.3">{escape(label)}</text>'
        for x, (colour, label) in zip(range(-178, 180, 58), scale.entries, strict=False)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-181 -103 362 210" role="img" '
        f'font-family="system-ui,sans-serif" font-size="5" fill="{look.text}">'
        f"<title>{escape(title)}</title>"
        f'<rect x="-181" y="-103" width="362" height="210" fill="{look.panel}"/>'
        f'<text x="-178" y="-95" font-weight="600">{escape(title)}</text>'
        f'<rect x="-180" y="-90" width="360" height="180" fill="{look.sea}"/>'
        f'<path d="{land}" fill="{look.land}"/><g fill-opacity="0.75">{shapes}</g>'
        f'<path d="{land}" fill="none" stroke="{look.border}" stroke-width="0.2"/>{legend}</svg>\n'
    )


def world_pictures(name: str, density: pd.DataFrame, places: pd.DataFrame) -> dict[str, str]:
    """Two pictures of a photo set by the name of their file: how densely it lies, what it lacks.

    Args:
        name: of the set.
        density: as from `density_cells`.
        places: as from `places_to_collect` over cells.
    """
    scale = density_scale(density["per_100000_km2"])
    places = places[places["expected"] >= 1]
    due = due_scale(places["n_photos"] / places["expected"])
    n_photos = int(density["n_photos"].sum())
    title = f"{name}, {n_photos:,} photos"
    return {
        "density": value_svg(density, scale, f"{title}: {scale.title.lower()}"),
        "lack": value_svg(places, due, f"{title}: {due.title.lower()}"),
    }


def _check(cells: pd.DataFrame, scale: ColourScale) -> None:
    if len(scale.colours) != len(cells):
        raise ValueError(
            f"The colour scale must have one colour per cell: received {len(scale.colours)} "
            f"colours for {len(cells)} cells."
        )
    if len(cells) > MAX_CELLS:
        raise ValueError(f"A map shows at most {MAX_CELLS} cells, received {len(cells)}.")


def _outline(geometry: dict[str, Any]) -> str:
    """A Polygon or MultiPolygon of GeoJSON as an SVG path; latitude is turned upwards."""
    parts = geometry["coordinates"]
    polygons = parts if geometry["type"] == "MultiPolygon" else [parts]
    return "".join(
        "M" + "L".join(f"{lng:.2f},{-lat:.2f}" for lng, lat, *_ in ring) + "Z"
        for polygon in polygons
        for ring in polygon
    )
