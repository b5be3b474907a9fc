"""Nothing is asked of the network before the button is clicked."""

import pytest
from streamlit.testing.v1 import AppTest

from geocore.analysis import online_names


def page():
    from dashboard.online_name import offer_online_name

    offer_online_name(41.8902, 12.4922)


@pytest.fixture
def asked(monkeypatch):
    calls = []
    monkeypatch.setattr(
        online_names, "_ask", lambda *point: calls.append(point) or "Rome, <b>Italy"
    )
    return calls


def test_only_a_click_asks(asked):
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception and asked == []
    assert "The photo is not sent" in at.markdown[0].value
    at.button(key="online_name").click().run()
    assert asked == [(41.89, 12.49)]
    assert "Rome" in at.markdown[1].value and "<b>" not in at.markdown[1].value
    assert at.caption[0].value == "© OpenStreetMap contributors"
