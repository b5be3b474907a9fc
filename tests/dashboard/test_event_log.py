"""The server's log: JSON lines that say nothing about photos or visitors."""

import json
import logging

import pytest

from dashboard import event_log

SECRET = "nina-at-home.jpg 52.5200, 13.4050"


@pytest.fixture
def log(tmp_path, monkeypatch):
    """The lines written while a test runs, in a file of its own."""
    path = tmp_path / "events.jsonl"
    logger = logging.getLogger("dashboard")
    monkeypatch.setenv("GEOCORE_LOG", str(path))
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "propagate", True)
    event_log.start_event_log()
    event_log.start_event_log()
    assert len(logger.handlers) == 1
    yield lambda: [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    logger.handlers[0].close()


def test_an_event_is_one_line_with_its_facts(log):
    event_log.log_event("page shown", page="Home", seconds=0.2)
    (line,) = log()
    assert line["event"] == "page shown" and line["page"] == "Home" and line["seconds"] == 0.2
    assert line["level"] == "info" and line["time"].endswith("+00:00")


@pytest.mark.parametrize("fact", ["name", "lat", "photo", "place"])
def test_what_says_something_about_a_photo_is_refused(fact):
    with pytest.raises(ValueError, match=f"may hold page, .*received {fact}"):
        event_log.log_event("answered", **{fact: "x"})


def test_an_error_is_noted_by_its_kind_and_place_not_by_its_words(log):
    try:
        raise KeyError(SECRET)
    except KeyError:
        logging.getLogger("dashboard.common").exception("unexpected failure on a page")
    (line,) = log()
    assert line["error"] == "KeyError" and "tests/dashboard/test_event_log.py" in line["at"][0]
    assert "nina" not in json.dumps(line) and "52.5" not in json.dumps(line)


def test_arguments_of_a_message_are_not_filled_in(log):
    logging.getLogger("dashboard.any").warning("could not read %s", SECRET)
    (line,) = log()
    assert line["event"] == "could not read %s" and "nina" not in json.dumps(line)
