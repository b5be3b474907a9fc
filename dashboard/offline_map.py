"""Shows geocore's maps on a page, with Leaflet served by the dashboard itself.

Stage: dashboard. It must not know what a map shows. It is imported, never run as a page: Streamlit
derives the address of the Leaflet folder from this module's name.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
import streamlit.components.v1 as components
import xstatic.pkg.leaflet
from streamlit_folium import st_folium

from geocore.visuals.maps import WORLD_BOUNDS, MapLayer, OfflineMap

LEAFLET_FOLDER = Path(xstatic.pkg.leaflet.BASE_DIR)
components.declare_component("leaflet_assets", path=LEAFLET_FOLDER)
_ASSETS = f"../{__name__}.leaflet_assets"


def is_dark() -> bool:
    """Whether the reader's page is dark."""
    return st.context.theme.type == "dark"


def show_map(
    layer: MapLayer,
    *,
    key: str,
    bounds: Sequence[Sequence[float]] = WORLD_BOUNDS,
    height: int = 480,
    on_click: Callable[[str], None] | None = None,
    on_point: Callable[[float, float], None] | None = None,
) -> None:
    """Show a layer over the offline basemap; moving and zooming never reruns the page.

    The basemap stays in place when only the layer changes, so the reader's zoom survives. Call it
    inside a `fragment` when it has `on_click` or `on_point`.

    Args:
        layer: from `cell_map` or `confidence_map`.
        key: unique on the page.
        bounds: ((south, west), (north, east)) degrees to show first; new bounds draw a new map.
        height: pixels.
        on_click: called with the token of the cell that was clicked, before the rerun.
        on_point: called with latitude and longitude of the point that was clicked, likewise.
    """

    def tell() -> None:
        """Hand on the cell or the point of the last click, its longitude within ±180 degrees."""
        answer = st.session_state.get(key) or {}
        token = (answer.get("last_active_drawing") or {}).get("properties", {}).get("token")
        if token and on_click:
            on_click(token)
        if on_point and (point := answer.get("last_clicked")):
            on_point(point["lat"], (point["lng"] + 180) % 360 - 180)

    returned = ["last_active_drawing", "last_object_clicked_count"] if on_click else []
    returned += ["last_clicked"] if on_point else []

    st_folium(
        OfflineMap(_ASSETS, dark=is_dark(), bounds=bounds),
        key=key,
        height=height,
        use_container_width=True,
        feature_group_to_add=layer,
        returned_objects=returned,
        on_change=tell if returned else None,
    )
