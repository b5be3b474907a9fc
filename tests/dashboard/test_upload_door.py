"""Files are taken from whom the login let in, and refused unread from everybody else."""

from pathlib import Path

import pytest
from streamlit.runtime import Runtime

from dashboard import upload_door
from geocore.load.session import Session
from tests.browser import harness

PAGE = Path(__file__).with_name("door_page.py")


def sent(tmp_path, monkeypatch, **environment: str) -> tuple[int, list[str]]:
    """The server's reply to a file that is sent without a drop zone, and what its page shows."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(harness, "can_cut_off", lambda: False)  # the visitor sits out here
    with harness.serve(PAGE, tmp_path) as server, Session(server.url) as session:
        session.open()
        (urls,) = session._ask_urls(["a.jpg"])
        address = f"{server.url}{urls.upload_url}"
        files = {"file": ("a.jpg", b"x" * 1000)}
        reply = session._web.put(address, files=files, headers=session._header, timeout=60)
        return reply.status_code, session.texts


def test_before_the_login_nothing_is_taken(tmp_path, monkeypatch):
    status, shown = sent(tmp_path, monkeypatch, GEOCORE_LOGIN="1")
    assert status == 400 and not any("received" in text for text in shown)


@pytest.mark.parametrize("environment", [{}, {"GEOCORE_LOGIN": "1", "DOOR_OPEN": "1"}])
def test_after_it_and_without_one_files_are_taken(tmp_path, monkeypatch, environment):
    status, shown = sent(tmp_path, monkeypatch, **environment)
    assert status == 204 and "received: []" in shown


def test_connections_that_ended_are_forgotten(monkeypatch):
    class Known:
        def is_active_session(self, session_id):
            return session_id == "b"

    class Running:
        _session_mgr = Known()

    monkeypatch.setattr(Runtime, upload_door._KEPT_IN, {"a", "b"}, raising=False)
    monkeypatch.setattr(upload_door, "_MANY", 1)
    monkeypatch.setattr(Runtime, "exists", classmethod(lambda cls: True))
    monkeypatch.setattr(Runtime, "instance", classmethod(lambda cls: Running()))
    context = type("Context", (), {"session_id": "c"})()
    monkeypatch.setattr(upload_door, "get_script_run_ctx", lambda: context)
    upload_door.admit()
    assert getattr(Runtime, upload_door._KEPT_IN) == {"b", "c"}
