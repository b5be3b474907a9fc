"""Faults: a server on this computer that answers as Flickr documents it, its failures included.

flickr.photos.search with tags, bounding box, time of posting, licence and paging; of each search
only the first 4,000 results, then repeats. What it is told to do wrong is in `faults`.
"""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import numpy as np

from geocore.faults.corpus import noise_jpeg

KEY = "0123456789abcdef0123456789abcdef"
CAP = 4000
POSTED = 1_300_000_000  # of the first photo
JPEG = noise_jpeg(64, 48)


@dataclass
class MadePhotos:
    """Photos of the made Flickr: number, position, one tag each, licence, time of posting."""

    ids: np.ndarray
    lat: np.ndarray
    lng: np.ndarray
    tags: np.ndarray
    licenses: np.ndarray
    posted: np.ndarray

    @classmethod
    def random(
        cls, n: int, *, n_crowd: int = 0, tags: tuple[str, ...] = ("flood",), seed: int = 0
    ) -> "MadePhotos":
        """Photos all over the world, some of them crowded within one box of a kilometre."""
        rng = np.random.default_rng(seed)
        is_crowd = np.arange(n) < n_crowd
        lat = np.where(is_crowd, rng.uniform(45.4001, 45.405, n), rng.uniform(-80, 80, n))
        lng = np.where(is_crowd, rng.uniform(9.1001, 9.105, n), rng.uniform(-179, 179, n))
        return cls(
            ids=np.arange(5_000_000_000, 5_000_000_000 + n),
            lat=lat.round(6),
            lng=lng.round(6),
            tags=np.array(tags, dtype=object)[rng.integers(0, len(tags), n)],
            licenses=rng.choice([4, 5, 9], n),
            posted=POSTED + np.arange(n) * 60,
        )


@dataclass
class Log:
    """What the server was asked: each query without the key, whether it was answered."""

    queries: list[dict[str, str]] = field(default_factory=list)
    answered: list[dict[str, str]] = field(default_factory=list)
    images: list[str] = field(default_factory=list)


Fault = Callable[["Handler", dict], bool]


class FlickrDouble(ThreadingHTTPServer):
    """The server; `with FlickrDouble(photos) as flickr:` runs it in a thread.

    Attributes:
        faults: Number of the query, counted from 0 -> what to do instead of answering.
        always: What to do with every query, before `faults`; returns whether it did it.
        image_faults: Number of the photo -> what to do instead of sending its image.
        edit: Changes each page of results before it is sent.
    """

    daemon_threads = True

    def __init__(self, photos: MadePhotos) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.photos, self.log, self.lock = photos, Log(), threading.Lock()
        self.ending = threading.Event()
        self.faults: dict[int, Fault] = {}
        self.always: Fault | None = None
        self.image_faults: dict[str, Fault] = {}
        self.edit: Callable[[dict, dict], None] = lambda page, asked: None

    @property
    def address(self) -> str:
        """Where searches are sent."""
        return f"http://127.0.0.1:{self.server_port}/services/rest/"

    def __enter__(self) -> "FlickrDouble":
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.ending.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: FlickrDouble

    def log_message(self, *args: object) -> None:
        """Be silent."""

    def do_POST(self) -> None:
        """A search."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        key = form.pop("api_key", "")
        with self.server.lock:
            number = len(self.server.log.queries)
            self.server.log.queries.append(form)
        if self.server.always and self.server.always(self, form):
            return
        fault = self.server.faults.get(number)
        if fault and fault(self, form):
            return
        if key != KEY:
            self.fail(100, f"Invalid API Key (Key has invalid format: {key})")
            return
        self.send_json({"photos": self.page(form), "stat": "ok"})
        with self.server.lock:
            self.server.log.answered.append(form)

    def do_GET(self) -> None:
        """An image."""
        photo_id = self.path.rpartition("/")[2].partition("_")[0]
        with self.server.lock:
            self.server.log.images.append(photo_id)
        fault = self.server.image_faults.get(photo_id)
        if not (fault and fault(self, {})):
            self.send_bytes(JPEG, "image/jpeg")

    def page(self, asked: dict[str, str]) -> dict:
        """The documented answer to a search."""
        photos = self.server.photos
        west, south, east, north = (float(side) for side in asked["bbox"].split(","))
        is_found = (photos.lng >= west) & (photos.lng <= east)
        is_found &= (photos.lat >= south) & (photos.lat <= north)
        is_found &= np.isin(photos.tags, asked["tags"].split(","))
        is_found &= np.isin(photos.licenses, [int(n) for n in asked["license"].split(",")])
        is_found &= photos.posted >= int(asked["min_upload_date"])
        is_found &= photos.posted <= int(asked["max_upload_date"])
        found = np.flatnonzero(is_found)
        per_page, number = min(int(asked["per_page"]), 250), int(asked["page"])
        last = max(0, (min(len(found), CAP) - 1) // per_page)
        first = min(number - 1, last) * per_page if len(found) > CAP else (number - 1) * per_page
        rows = [self.row(int(i)) for i in found[:CAP][first : first + per_page]]
        page = {
            "page": number,
            "pages": -(-len(found) // per_page),
            "perpage": per_page,
            "total": len(found),
            "photo": rows,
        }
        self.server.edit(page, asked)
        return page

    def row(self, i: int) -> dict:
        """One photo with the extras that are asked for."""
        photos, photo_id = self.server.photos, str(self.server.photos.ids[i])
        return {
            "id": photo_id,
            "owner": f"{i % 50}@N01",
            "secret": "a123456",
            "server": "65535",
            "farm": 66,
            "title": "not kept",
            "ispublic": 1,
            "isfriend": 0,
            "isfamily": 0,
            "license": str(photos.licenses[i]),
            "dateupload": str(photos.posted[i]),
            "datetaken": "2011-03-11 14:46:00",
            "datetakengranularity": 0,
            "datetakenunknown": "0",
            "ownername": f"Photographer {i % 50}",
            "tags": f"{photos.tags[i]} outdoor",
            "latitude": str(photos.lat[i]),
            "longitude": str(photos.lng[i]),
            "accuracy": "16",
            "context": 0,
            "url_z": f"http://127.0.0.1:{self.server.server_port}/65535/{photo_id}_a123456_z.jpg",
            "height_z": 480,
            "width_z": 640,
        }

    def fail(self, code: int, message: str) -> bool:
        """Flickr's refusal."""
        return self.send_json({"stat": "fail", "code": code, "message": message})

    def send_json(self, content: object) -> bool:
        """Send an answer."""
        return self.send_bytes(json.dumps(content).encode(), "application/json")

    def send_bytes(
        self,
        content: bytes,
        kind: str,
        status: int = 200,
        *,
        n_claimed: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bool:
        """Send any answer; `n_claimed` lies about its length."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content) if n_claimed is None else n_claimed))
        for name, value in (headers or {}).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)
        return True


def failing(code: int, message: str = "made failure") -> Fault:
    """`stat: fail` with a documented code."""
    return lambda handler, form: handler.fail(code, message)


def status(number: int, **headers: str) -> Fault:
    """An HTTP status without a usable body."""
    html = b"<html><body><h1>429 Too Many Requests</h1></body></html>"
    return lambda handler, form: handler.send_bytes(html, "text/html", number, headers=headers)


def sending(content: bytes, kind: str = "application/json", n_claimed: int | None = None) -> Fault:
    """Any bytes; where more are claimed than sent, the connection is closed early."""

    def send(handler: Handler, form: dict) -> bool:
        handler.send_bytes(content, kind, n_claimed=n_claimed)
        handler.close_connection = True
        return True

    return send


def hanging(handler: Handler, form: dict) -> bool:
    """Never answer, as long as the server runs."""
    handler.server.ending.wait()
    return True


def dripping(handler: Handler, form: dict) -> bool:
    """A byte now and then, so that no silence is long and the answer never ends."""
    handler.send_bytes(b"", "application/json", n_claimed=10**6)
    with suppress(OSError):
        while not handler.server.ending.wait(0.01):
            handler.wfile.write(b" ")
    return True


class Gate:
    """A fault that holds a request until it is opened, and says that it has come."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, handler: Handler, form: dict) -> bool:
        """Hold the request, then answer nothing."""
        self.reached.set()
        self.opened.wait()
        return cutting(handler, form)


def cutting(handler: Handler, form: dict) -> bool:
    """Close the connection without a word."""
    handler.close_connection = True
    with suppress(OSError):
        handler.connection.shutdown(socket.SHUT_RDWR)
    return True
