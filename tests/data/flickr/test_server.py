"""What Flickr is sent, what each of its failures leads to, and that the key shows up nowhere."""

import email.utils
import gzip
import json
import logging
import time
import traceback
from types import SimpleNamespace

import pytest

from geocore.data.flickr import connection as flickr_connection
from geocore.data.flickr import server as flickr_server
from geocore.data.flickr.answer import Wanted
from geocore.data.flickr.connection import ATTEMPTS, TemporaryFailure, even_pace
from geocore.data.flickr.licenses import OPEN
from geocore.data.flickr.search import WORLD, Query
from geocore.data.flickr.server import (
    ENDPOINT,
    FlickrServer,
    ImageRefused,
    QueryRefused,
    key_from_environment,
)
from geocore.errors import CrawlError
from geocore.faults.flickr_double import (
    JPEG,
    KEY,
    FlickrDouble,
    Handler,
    MadePhotos,
    cutting,
    dripping,
    failing,
    hanging,
    sending,
    status,
)

WANTED = Wanted(licenses=frozenset(OPEN), min_accuracy=6, side_px=640)
QUERY = Query(term="flood", tags=("flood", "crue"), box=WORLD, since=0, until=2_000_000_000)


@pytest.fixture
def flickr():
    with FlickrDouble(MadePhotos.random(30)) as server:
        yield server


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def server(flickr, pauses):
    return FlickrServer(KEY, WANTED, endpoint=flickr.address, timeout_s=5, sleep=pauses.append)


def all_fail(flickr, fault):
    flickr.faults = dict.fromkeys(range(100), fault)


def test_the_documented_search_is_sent(flickr, server):
    answer = server.search(QUERY)
    assert (answer.total, len(answer.photos)) == (30, 30)
    assert flickr.log.queries == [
        {
            "method": "flickr.photos.search",
            "format": "json",
            "nojsoncallback": "1",
            "has_geo": "1",
            "media": "photos",
            "content_type": "1",
            "safe_search": "1",
            "sort": "date-posted-asc",
            "per_page": "250",
            "license": "4,5,7,8,9,10,11,12",
            "extras": "geo,tags,owner_name,license,date_taken,date_upload,url_z,url_m,url_n",
            "tags": "flood,crue",
            "tag_mode": "any",
            "bbox": "-180.000000,-90.000000,180.000000,90.000000",
            "min_upload_date": "0",
            "max_upload_date": "2000000000",
            "page": "1",
        }
    ]


def test_nobody_is_searched_for(flickr, server):
    server.search(QUERY)
    sent = set(flickr.log.queries[0])
    assert not sent & {"user_id", "contacts", "group_id", "username", "find_email", "text"}


PASSING = {
    "service unavailable": (failing(105), "code 105"),
    "search unavailable": (failing(10), "code 10"),
    "no code": (sending(b'{"stat": "fail"}'), "code 0"),
    "over the limit": (status(429), "HTTP 429"),
    "server error": (status(500), "HTTP 500"),
    "bad gateway": (status(502), "HTTP 502"),
    "empty": (sending(b""), "no JSON"),
    "malformed": (sending(b'{"photos": {"photo": [{"id'), "no JSON"),
    "a web page": (sending(b"<html>Please log in</html>", "text/html"), "no JSON"),
    "no photos": (sending(b'{"stat": "ok"}'), "neither photos nor a refusal"),
    "cut off": (sending(b'{"stat": "ok"', n_claimed=1000), "connection to 127.0.0.1 failed"),
    "no word": (cutting, "connection to 127.0.0.1 failed"),
}


@pytest.mark.parametrize(("fault", "message"), PASSING.values(), ids=PASSING)
def test_what_may_pass_is_asked_again_with_growing_pauses(flickr, server, pauses, fault, message):
    flickr.faults = {0: fault, 1: fault}
    assert len(server.search(QUERY).photos) == 30
    assert len(flickr.log.queries) == 3
    assert 2 <= pauses[0] <= 4 <= pauses[1] <= 6
    all_fail(flickr, fault)
    with pytest.raises(TemporaryFailure, match=message):
        server.search(QUERY)
    assert len(flickr.log.queries) == 3 + ATTEMPTS


@pytest.mark.parametrize("fault", [hanging, dripping])
def test_a_server_that_does_not_come_to_an_end_is_left(flickr, monkeypatch, fault):
    monkeypatch.setattr(flickr_connection, "ATTEMPTS", 2)
    server = FlickrServer(
        KEY, WANTED, endpoint=flickr.address, timeout_s=0.05, sleep=lambda s: None
    )
    all_fail(flickr, fault)
    with pytest.raises(TemporaryFailure, match=r"connection to 127\.0\.0\.1 failed \(.*Time"):
        server.search(QUERY)


def test_a_packed_answer_is_unpacked(flickr, server):
    content = gzip.compress(json.dumps({"stat": "ok", "photos": flickr_page(flickr)}).encode())

    def send(handler, form):
        return handler.send_bytes(content, "application/json", headers={"Content-Encoding": "gzip"})

    flickr.faults = {0: send}
    assert len(server.search(QUERY).photos) == 30
    flickr.faults = {
        1: lambda handler, form: handler.send_bytes(
            content[:200], "application/json", headers={"Content-Encoding": "gzip"}
        )
    }
    assert len(server.search(QUERY).photos) == 30
    assert len(flickr.log.queries) == 3


def test_a_small_answer_that_unpacks_without_end_is_left(flickr, server):
    content = gzip.compress(bytes(flickr_server.MAX_ANSWER_BYTES * 4))
    assert len(content) < 100_000
    all_fail(
        flickr,
        lambda handler, form: handler.send_bytes(
            content, "application/json", headers={"Content-Encoding": "gzip"}
        ),
    )
    with pytest.raises(TemporaryFailure, match="more than 8 MB"):
        server.search(QUERY)


def flickr_page(flickr):
    rows = [Handler.row(SimpleNamespace(server=flickr), i) for i in range(30)]
    return {"total": 30, "photo": rows}


def test_an_endless_answer_is_left(flickr, server, monkeypatch):
    monkeypatch.setattr(flickr_server, "MAX_ANSWER_BYTES", 1024 * 1024)
    all_fail(flickr, sending(b" " * (1024 * 1024 + 1)))
    with pytest.raises(TemporaryFailure, match="more than 1 MB"):
        server.search(QUERY)


@pytest.mark.parametrize("as_date", [False, True])
def test_the_pause_that_the_server_asks_for_is_kept(flickr, server, pauses, as_date):
    until = email.utils.formatdate(time.time() + 300, usegmt=True) if as_date else "300"
    flickr.faults = {0: status(429, Retry_After=until)}
    server.search(QUERY)
    assert pauses[0] == pytest.approx(300, abs=30)


def test_a_long_pause_ends_the_run_instead(flickr, server):
    flickr.faults = {0: status(429, Retry_After="3600")}
    with pytest.raises(CrawlError, match=r"pause of 60 minutes \(HTTP 429\).*nothing is lost"):
        server.search(QUERY)
    assert len(flickr.log.queries) == 1


@pytest.mark.parametrize("value", ["soon", "", "-5"])
def test_an_unreadable_pause_is_no_pause(flickr, server, value):
    flickr.faults = {0: status(429, Retry_After=value)}
    assert server.search(QUERY).total == 30


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (failing(100), CrawlError, "refuses the key in FLICKR_API_KEY .*code 100: made failure"),
        (status(403), CrawlError, r"turns this computer away \(HTTP 403\).*Nothing is lost"),
        (failing(116), QueryRefused, "refuses a query .code 116"),
        (failing(77), QueryRefused, "code 77"),
        (status(404), CrawlError, "HTTP 404"),
        (status(302, Location="http://127.0.0.1:9/login"), CrawlError, "HTTP 302"),
    ],
)
def test_what_will_not_pass_is_not_asked_again(flickr, server, fault, kind, message):
    flickr.faults = {0: fault}
    with pytest.raises(kind, match=message):
        server.search(QUERY)
    assert len(flickr.log.queries) == 1


def test_the_key_shows_up_nowhere(flickr, caplog, capfd):
    """Not in messages, tracebacks or logs of any layer, whatever the failure."""
    caplog.set_level(logging.DEBUG)
    wrong = "f" * 31 + "0"
    server = FlickrServer(wrong, WANTED, endpoint=flickr.address, sleep=lambda s: None)
    shown = [repr(server)]
    echo = sending(f'{{"stat": "fail", "code": 105, "message": "{wrong}"}}'.encode())
    for fault in (None, echo, cutting, status(500), sending(b"no"), status(404)):
        flickr.faults = {} if fault is None else dict.fromkeys(range(100), fault)
        with pytest.raises(CrawlError) as failure:
            server.search(QUERY)
        shown += [str(failure.value), "".join(traceback.format_exception(failure.value))]
    streams = capfd.readouterr()
    everything = "\n".join([*shown, caplog.text, streams.out, streams.err])
    assert "Invalid API Key (Key has invalid format: (key))" in everything
    assert wrong not in everything


@pytest.mark.parametrize("key", ["", "two words", "key\n", "schlüssel", "a&method=b"])
def test_a_key_that_cannot_be_one_is_not_sent_and_not_repeated(key):
    with pytest.raises(CrawlError, match="FLICKR_API_KEY must hold") as failure:
        FlickrServer(key, WANTED)
    assert not key or key not in str(failure.value)


def test_the_key_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("FLICKR_API_KEY", f" {KEY}\n")
    assert key_from_environment() == KEY
    monkeypatch.delenv("FLICKR_API_KEY")
    assert key_from_environment() == ""


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://api.flickr.com.example.org/services/rest/",
        "http://api.flickr.com/services/rest/",
        "https://example.org/",
        "http://127.0.0.1.example.org/",
        "nonsense",
    ],
)
def test_the_key_is_sent_to_nobody_else(endpoint):
    with pytest.raises(ValueError, match="Your key is sent nowhere else"):
        FlickrServer(KEY, WANTED, endpoint=endpoint)


def test_never_faster_than_permitted():
    """The pace is the library's: one goes through, the next waits for its share of the hour."""
    pace = even_pace(1)
    assert pace.try_acquire("query", blocking=False)
    assert not pace.try_acquire("query", blocking=False)
    assert flickr_server.QUERIES_PER_HOUR < 3600
    with pytest.raises(ValueError, match="must be positive, received 0"):
        even_pace(0)


def test_every_attempt_waits_its_turn(flickr, server, monkeypatch):
    turns = []
    monkeypatch.setattr(server._query_turn, "try_acquire", turns.append)
    flickr.faults = {0: failing(105), 1: status(429)}
    server.search(QUERY)
    assert len(turns) == len(flickr.log.queries) == 3


def test_an_image_is_fetched(flickr, server):
    assert server.image(flickr.address.replace("services/rest/", "1/5_a_z.jpg")) == JPEG


IMAGE_FAULTS = {
    "gone": (status(404), ImageRefused, r"not offered any more \(HTTP 404\)"),
    "replaced": (status(302, Location="/photo_unavailable.png"), ImageRefused, "HTTP 302"),
    "forbidden": (status(403), ImageRefused, "HTTP 403"),
    "hasty": (status(429), TemporaryFailure, "HTTP 429"),
    "cut off": (sending(JPEG[:100], "image/jpeg", len(JPEG)), TemporaryFailure, "failed"),
    "no word": (cutting, TemporaryFailure, "failed"),
    "endless": (sending(b"0" * 1025), ImageRefused, "more than 0 MB"),
}


@pytest.mark.parametrize(("fault", "kind", "message"), IMAGE_FAULTS.values(), ids=IMAGE_FAULTS)
def test_an_image_that_cannot_be_had(flickr, server, monkeypatch, fault, kind, message):
    monkeypatch.setattr(flickr_server, "MAX_IMAGE_BYTES", 1024)
    flickr.image_faults = {"5": fault}
    with pytest.raises(kind, match=message):
        server.image(flickr.address.replace("services/rest/", "1/5_a_z.jpg"))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/1_a_z.jpg",
        "https://live.staticflickr.com.example.org/1_a_z.jpg",
        "https://staticflickr.com@example.org/1_a_z.jpg",
        "file:///etc/passwd",
        "ftp://live.staticflickr.com/1.jpg",
        "http://127.0.0.1:1/1_a_z.jpg",
        "http://169.254.169.254/latest/meta-data",
        "https://[bad/1.jpg",
        "//1.jpg",
        "",
    ],
)
def test_images_come_from_flickrs_hosts_only(server, url):
    with pytest.raises(ImageRefused, match="address"):
        server.image(url)


@pytest.mark.parametrize(
    ("url", "fetched"),
    [
        (
            "http://farm9.staticflickr.com/8/1_a.jpg",
            "https://farm9.staticflickr.com/8/1_a.jpg",
        ),
        ("https://live.staticflickr.com:22/1.jpg", "https://live.staticflickr.com/1.jpg"),
        ("https://user@farm1.static.flickr.com/1.jpg", "https://farm1.static.flickr.com/1.jpg"),
    ],
)
def test_images_are_fetched_over_https(url, fetched):
    assert FlickrServer(KEY, WANTED, endpoint=ENDPOINT)._image_address(url) == fetched
