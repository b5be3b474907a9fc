"""Maps on a page: Leaflet comes from the dashboard itself, a click names its cell."""

import folium
import pytest
import streamlit as st
from streamlit_folium import generate_leaflet_string

from dashboard import offline_map


@pytest.fixture
def shown(monkeypatch):
    """What `show_map` hands to the browser."""
    calls = []
    monkeypatch.setattr(
        offline_map, "st_folium", lambda *args, **kwargs: calls.append(kwargs | {"map": args[0]})
    )
    return calls


def test_leaflet_is_served_by_the_dashboard_itself(shown):
    offline_map.show_map(folium.FeatureGroup(), key="m")
    addresses = [url for _, url in [*shown[0]["map"].default_js, *shown[0]["map"].default_css]]
    folder = "../dashboard.offline_map.leaflet_assets/"
    assert addresses == [f"{folder}leaflet.js", f"{folder}leaflet.css"]
    for name in ("leaflet.js", "leaflet.css"):
        assert (offline_map.LEAFLET_FOLDER / name).is_file()


def test_a_map_without_clicks_never_reruns_the_page(shown):
    offline_map.show_map(folium.FeatureGroup(), key="m")
    assert shown[0]["returned_objects"] == [] and shown[0]["on_change"] is None


@pytest.mark.parametrize(
    ("state", "tokens"),
    [
        ({"m": {"last_active_drawing": {"properties": {"token": "47c1"}}}}, ["47c1"]),
        ({"m": {"last_active_drawing": {"properties": {}}}}, []),
        ({"m": {"last_active_drawing": None}}, []),
        ({"m": None}, []),
        ({}, []),
    ],
)
def test_a_click_names_its_cell(shown, monkeypatch, state, tokens):
    clicked = []
    offline_map.show_map(folium.FeatureGroup(), key="m", on_click=clicked.append)
    monkeypatch.setattr(st, "session_state", state)
    shown[0]["on_change"]()
    assert clicked == tokens


def test_only_new_bounds_or_colours_draw_a_new_map(shown, monkeypatch):
    def script() -> str:
        return generate_leaflet_string(shown[-1]["map"])

    offline_map.show_map(folium.FeatureGroup(), key="m")
    first = script()
    offline_map.show_map(folium.FeatureGroup(), key="m")
    assert script() == first
    offline_map.show_map(folium.FeatureGroup(), key="m", bounds=((0, 0), (1, 1)))
    assert script() != first
    monkeypatch.setattr(offline_map, "is_dark", lambda: True)
    offline_map.show_map(folium.FeatureGroup(), key="m")
    assert script() != first
