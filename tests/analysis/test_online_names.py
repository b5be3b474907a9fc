"""Asking OpenStreetMap: only on request, rounded, at most once for a point."""

import pytest
from geopy.exc import GeocoderUnavailable
from geopy.geocoders import Nominatim

from geocore.analysis import online_names
from geocore.analysis.online_names import online_name
from geocore.errors import OnlineNameError


class Answer:
    address = "Rome, Italy"


@pytest.fixture
def asked(monkeypatch):
    """What the service was asked; it always answers Rome."""
    calls = []

    def reverse(_, point, **settings):
        calls.append((point, settings["language"]))
        return Answer()

    monkeypatch.setattr(Nominatim, "reverse", reverse)
    monkeypatch.setattr(online_names, "SECONDS_BETWEEN_REQUESTS", 0.0)
    online_names._ask.cache_clear()
    online_names._reverse.cache_clear()
    yield calls
    online_names._ask.cache_clear()
    online_names._reverse.cache_clear()


def test_the_point_is_rounded_and_asked_once(asked):
    assert online_name(41.890251, 12.492373) == "Rome, Italy"
    assert online_name(41.890001, 12.489999) == "Rome, Italy"
    assert asked == [((41.89, 12.49), "en")]


def test_no_address_at_sea(asked, monkeypatch):
    monkeypatch.setattr(Nominatim, "reverse", lambda *_, **__: None)
    assert online_name(0, -150) == "no address known"


def test_without_network_a_sentence_and_another_try_later(asked, monkeypatch):
    def unavailable(*_, **__):
        raise GeocoderUnavailable("no route")

    monkeypatch.setattr(Nominatim, "reverse", unavailable)
    with pytest.raises(OnlineNameError, match=r"could not be asked.*Is this computer online"):
        online_name(10, 10)
    monkeypatch.undo()
    monkeypatch.setattr(Nominatim, "reverse", lambda *_, **__: Answer())
    online_names._reverse.cache_clear()
    assert online_name(10, 10) == "Rome, Italy"


def test_a_point_that_is_not_on_earth():
    with pytest.raises(ValueError, match=r"lat must lie in \[-90, 90\].*received 91, 0"):
        online_name(91, 0)
