"""A page of another site is refused without a request to find out this machine's address."""

import importlib.util

import pytest
from streamlit import net_util
from streamlit.web.server import server_util

from dashboard.no_lookup import never_ask_outside

ELSEWHERE = "http://evil.example"


@pytest.fixture
def asked(monkeypatch):
    """What Streamlit, as it is installed, would have asked outside."""
    found: list[str] = []
    spec = importlib.util.find_spec("streamlit.net_util")
    shipped = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(shipped)
    shipped._make_blocking_http_get = lambda url, **_: found.append(url)
    monkeypatch.setattr(net_util, "get_internal_ip", lambda: None)
    monkeypatch.setattr(net_util, "get_external_ip", shipped.get_external_ip)
    return found


def test_streamlit_alone_would_ask(asked):
    assert server_util.is_url_from_allowed_origins(ELSEWHERE) is False
    assert len(asked) == 2 and "checkip" in asked[0]


def test_once_a_page_was_opened_nobody_is_asked(asked):
    never_ask_outside()
    assert server_util.is_url_from_allowed_origins(ELSEWHERE) is False
    assert asked == []
