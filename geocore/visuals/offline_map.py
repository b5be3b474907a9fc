"""The empty world map whose every byte comes from the page's own server.

Stage: visuals. Leaflet is served from an installed package, the basemap lies in `geocore/assets`.
It must not know cells, nor Streamlit.

Source: own; basemap by Natural Earth (public domain).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import folium
from branca.element import Element, Figure, MacroElement
from folium.map import CustomPane
from folium.template import Template

WORLD_BOUNDS = ((-56.0, -170.0), (76.0, 178.0))
_BASEMAP = Path(__file__).resolve().parents[1] / "assets" / "basemap.geojson"
SMOOTH_FACTOR = 0.2


@dataclass(frozen=True)
class Palette:
    """Colours of the empty map."""

    sea: str
    land: str
    border: str
    text: str
    panel: str


LIGHT = Palette("#dce6ec", "#f6f4ee", "#98a2ab", "#1d2733", "#ffffff")
DARK = Palette("#10171f", "#27313c", "#5d6b78", "#e6ebf0", "#1b242e")


class _Borders(MacroElement):
    """Country borders above the cells, drawn from the basemap that the map already holds."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        L.geoJson({{ this.land.get_name() }}.toGeoJSON(), {
            pane: "borders", interactive: false, smoothFactor: {{ this.smooth }},
            style: {fill: false, color: {{ this.colour|tojson }}, weight: 0.7, opacity: 0.8}
        }).addTo({{ this._parent.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self, land: folium.GeoJson, colour: str) -> None:
        super().__init__()
        self._name = "Borders"
        self.land, self.colour, self.smooth = land, colour, SMOOTH_FACTOR


class OfflineMap(folium.Map):
    """A world map whose every byte comes from the page's own server.

    Args:
        assets: URL of the folder that serves leaflet.js and leaflet.css, relative to the map's
            frame, without a scheme and without a slash at its end.
        dark: colours for a dark page.
        bounds: ((south, west), (north, east)) in degrees to show first.

    Raises:
        ValueError: `assets` names another server.

    Source: own.
    """

    def __init__(
        self,
        assets: str,
        *,
        dark: bool = False,
        bounds: Sequence[Sequence[float]] = WORLD_BOUNDS,
    ) -> None:
        if "://" in assets or assets.startswith("//"):
            raise ValueError(f"Map assets must come from the page's own server, received {assets}.")
        super().__init__(
            tiles=None,
            prefer_canvas=True,
            min_zoom=0,
            max_zoom=12,
            zoom_snap=0.1,
            attribution_control=False,
            max_bounds=True,
            min_lat=-85,
            max_lat=85,
            min_lon=-181,
            max_lon=181,
        )
        self.default_js = [("leaflet", f"{assets}/leaflet.js")]
        self.default_css = [("leaflet_css", f"{assets}/leaflet.css")]
        palette = DARK if dark else LIGHT
        root = self.get_root()
        if isinstance(root, Figure):
            root.header.add_child(Element(_style(palette)), name="offline_map_style")
        CustomPane("basemap", z_index=150).add_to(self)
        CustomPane("borders", z_index=450).add_to(self)
        land = _basemap_layer(palette)
        land.add_to(self)
        _Borders(land, palette.border).add_to(self)
        self.fit_bounds([list(corner) for corner in bounds])


def _style(palette: Palette) -> str:
    return (
        f"<style>body{{margin:0}}.leaflet-container{{background:{palette.sea};"
        "font-family:system-ui,sans-serif}"
        f".leaflet-tooltip,.leaflet-bar a,.leaflet-bar a:hover{{background:{palette.panel};"
        f"color:{palette.text};border-color:{palette.border}}}"
        ".leaflet-tooltip table{margin:0}.leaflet-tooltip th{text-align:left;padding-right:.8em;"
        "font-weight:600}"
        f".mark-label{{position:absolute;white-space:nowrap;padding:0 5px;border-radius:4px;"
        f"font:600 12px/18px system-ui,sans-serif;background:{palette.panel};"
        f"color:{palette.text};box-shadow:0 0 2px #0008}}</style>"
    )


@cache
def basemap() -> dict[str, Any]:
    """The countries of the world as GeoJSON."""
    return json.loads(_BASEMAP.read_text("utf-8"))


def _basemap_layer(palette: Palette) -> folium.GeoJson:
    style = {"fillColor": palette.land, "fillOpacity": 1, "color": palette.border, "weight": 0.7}
    return folium.GeoJson(
        basemap(),
        style_function=lambda _: style,
        smooth_factor=SMOOTH_FACTOR,
        control=False,
        pane="basemap",
        interactive=False,
    )
