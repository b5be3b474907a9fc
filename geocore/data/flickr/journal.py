"""Data stage: what a collection has asked and found so far, in one SQLite file beside the photos.

Why SQLite: an answer's photos, the mark that its query is done and the queries that follow from it
are one transaction. A process killed at any moment leaves all of them or none; nothing has to be
compared or repaired, and nothing answered is asked again. It knows no network and no key.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from geocore.data.flickr.answer import Answer, FoundPhoto
from geocore.data.flickr.search import PER_PAGE, Query, n_expected
from geocore.errors import CrawlError

FILE = "flickr.sqlite"
_PHOTO_COLUMNS = [field.name for field in fields(FoundPhoto)]
_PHOTO_VALUES = attrgetter(*_PHOTO_COLUMNS)
_INSERT_PHOTO = (
    f"INSERT OR IGNORE INTO photos ({', '.join(_PHOTO_COLUMNS)}) "
    f"VALUES ({', '.join('?' * len(_PHOTO_COLUMNS))})"
)
_TABLES = (
    "settings (text TEXT NOT NULL, until INTEGER NOT NULL)",
    "queries (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, term TEXT NOT NULL, "
    "page INTEGER NOT NULL, n_expected INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'open', "
    "reason TEXT NOT NULL DEFAULT '', is_cut_off INTEGER NOT NULL DEFAULT 0)",
    "refused (query INTEGER NOT NULL, reason TEXT NOT NULL, n INTEGER NOT NULL)",
    f"photos ({', '.join(_PHOTO_COLUMNS)}, file TEXT NOT NULL DEFAULT '', "
    "sha256 TEXT NOT NULL DEFAULT '', state TEXT NOT NULL DEFAULT 'open', "
    "reason TEXT NOT NULL DEFAULT '', PRIMARY KEY (photo_id))",
    "found (photo_id TEXT NOT NULL, term TEXT NOT NULL, PRIMARY KEY (photo_id, term)) "
    "WITHOUT ROWID",
)


@dataclass(frozen=True, kw_only=True)
class ImageResult:
    """What became of one photo's image.

    Attributes:
        photo_id: Whose.
        state: "here", "refused" (for good) or "failed" (the next run tries again).
        file: Relative to the folder of images, "" where there is none.
        sha256: Of the file, 64 hexadecimal digits.
        reason: Why it is not here.
    """

    photo_id: str
    state: str
    file: str = ""
    sha256: str = ""
    reason: str = ""


class Journal:
    """The state of one collection; made by `open_journal`. Each method is one transaction.

    Attributes:
        until: Last second of posting, Unix time; fixed when the collection began, so that photos
            posted meanwhile shift no results.
    """

    def __init__(self, db: sqlite3.Connection, until: int) -> None:
        self._db = db
        self.until = until

    def add_queries(self, queries: Iterable[Query]) -> None:
        """Put queries on the list of what is to be asked, unless they are there already."""
        with _writing(self._db):
            self._add(queries, 0)

    def next_query(self, but_not: Sequence[str] = ()) -> tuple[int, Query] | None:
        """The query to ask next with its number, None when no open one is left.

        Later pages go before new searches, because results shift while they wait; else first come,
        first served, so that all terms grow alike.

        Args:
            but_not: Terms whose queries wait, because they have photos enough.
        """
        marks = ", ".join("?" * len(but_not))
        for pages in ("page > 1", "page = 1"):
            where = f"state = 'open' AND {pages} AND term NOT IN ({marks})"
            sql = f"SELECT id, text FROM queries WHERE {where} ORDER BY id LIMIT 1"
            for number, text in self._rows(sql, but_not):
                return number, Query.from_text(text)
        return None

    def record_answer(
        self, number: int, query: Query, answer: Answer, following: list[Query], is_cut_off: bool
    ) -> None:
        """Keep an answer: its photos, what was refused, and the queries that follow from it."""
        found = [(photo.photo_id, query.term) for photo in answer.photos]
        refused = [(number, reason, n) for reason, n in answer.refused.items()]
        with _writing(self._db):
            self._db.executemany(_INSERT_PHOTO, map(_PHOTO_VALUES, answer.photos))
            self._db.executemany("INSERT OR IGNORE INTO found VALUES (?, ?)", found)
            self._db.executemany("INSERT INTO refused VALUES (?, ?, ?)", refused)
            self._add(following, n_expected(query, answer, following))
            self._settle(number, "answered", "", is_cut_off)

    def replace_query(self, number: int, by: list[Query]) -> None:
        """Ask other queries instead of one."""
        with _writing(self._db):
            self._add(by, 0)
            self._settle(number, "replaced", "", False)

    def query_failed(self, number: int, reason: str) -> None:
        """Leave a query for the next run."""
        with _writing(self._db):
            self._settle(number, "failed", reason, False)

    def reopen(self, without_file: Iterable[str] = ()) -> None:
        """Try again what failed in an earlier run, and fetch again the images that vanished.

        Args:
            without_file: Numbers of the photos whose image was here and is not any more.
        """
        gone = [(photo_id,) for photo_id in without_file]
        with _writing(self._db):
            self._db.execute("UPDATE queries SET state = 'open' WHERE state = 'failed'")
            self._db.execute("UPDATE photos SET state = 'open' WHERE state = 'failed'")
            self._db.executemany("UPDATE photos SET state = 'open' WHERE photo_id = ?", gone)

    def open_images(self, n: int) -> list[tuple[str, str]]:
        """Number and address of at most n photos whose image is still to be fetched."""
        sql = "SELECT photo_id, url FROM photos WHERE state = 'open' ORDER BY rowid LIMIT ?"
        return [(photo_id, url) for photo_id, url in self._rows(sql, (n,))]

    def record_images(self, results: Iterable[ImageResult]) -> None:
        """Keep what became of some images."""
        sql = (
            "UPDATE photos SET state = :state, file = :file, sha256 = :sha256, reason = :reason "
            "WHERE photo_id = :photo_id"
        )
        with _writing(self._db):
            self._db.executemany(sql, map(asdict, results))

    def files(self) -> list[tuple[str, str]]:
        """Number and file, relative to the folder of images, of every image that is here."""
        return self._rows("SELECT photo_id, file FROM photos WHERE state = 'here'")

    def n_photos_by_term(self) -> dict[str, int]:
        """How many photos each term has found; one photo may count for several."""
        return dict(self._rows("SELECT term, count(*) FROM found GROUP BY term"))

    def photos(self, *, with_image: bool) -> Iterator[dict[str, Any]]:
        """The photos in the order of their numbers, one row at a time, with the terms they met."""
        terms = "SELECT group_concat(term, ', ') FROM found WHERE found.photo_id = photos.photo_id"
        where = "WHERE state = 'here' " if with_image else ""
        order = "ORDER BY length(photo_id), photo_id"
        cursor = self._db.execute(f"SELECT *, ({terms}) AS terms FROM photos {where}{order}")
        names = [column[0] for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in cursor)

    def count(self, what: str) -> dict[str, int]:
        """How many of something there are, by state or reason."""
        sql = {
            "queries": "SELECT state, count(*) FROM queries GROUP BY state",
            "photos": "SELECT state, count(*) FROM photos GROUP BY state",
            "refused": "SELECT reason, sum(n) FROM refused GROUP BY reason ORDER BY 2 DESC, 1",
            "without image": "SELECT reason, count(*) FROM photos WHERE reason != '' "
            "GROUP BY reason ORDER BY 2 DESC, 1",
            "failed": "SELECT reason, count(*) FROM queries WHERE state = 'failed' "
            "GROUP BY reason ORDER BY 2 DESC, 1",
            "cut off": "SELECT 'queries', count(*) FROM queries WHERE is_cut_off",
        }[what]
        return dict(self._rows(sql))

    def n_queries_expected(self) -> int:
        """About how many queries the open ones will take, by the totals that were claimed."""
        pages = f"max(1, (n_expected + {PER_PAGE - 1}) / {PER_PAGE})"
        rows = self._rows(f"SELECT coalesce(sum({pages}), 0) FROM queries WHERE state = 'open'")
        return rows[0][0]

    def _add(self, queries: Iterable[Query], n_expected: int) -> None:
        rows = [(query.to_text(), query.term, query.page, n_expected) for query in queries]
        sql = "INSERT OR IGNORE INTO queries (text, term, page, n_expected) VALUES (?, ?, ?, ?)"
        self._db.executemany(sql, rows)

    def _settle(self, number: int, state: str, reason: str, is_cut_off: bool) -> None:
        sql = "UPDATE queries SET state = ?, reason = ?, is_cut_off = ? WHERE id = ?"
        self._db.execute(sql, (state, reason, is_cut_off, number))

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        with _readable_errors():
            return self._db.execute(sql, values).fetchall()


@contextmanager
def open_journal(folder: Path, settings: Mapping[str, Any], until: int) -> Iterator[Journal]:
    """Open the journal of a folder, or begin one; no other process can until it is closed.

    Args:
        folder: Where the collection lies.
        settings: What is collected; must be the same every time. Plain values, no key.
        until: Last second of posting, Unix time; only the value of the first time counts.

    Raises:
        CrawlError: Another process has it open, it was begun with other settings, or it is damaged.
    """
    db = sqlite3.connect(folder / FILE, timeout=0, isolation_level=None)
    try:
        with _readable_errors():
            # The lock lasts until the connection is closed. After a power cut the last answers may
            # be missing as a whole, and are asked again; a killed process loses nothing.
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("BEGIN EXCLUSIVE")
            begun, text = _begun(db), json.dumps(settings, sort_keys=True)
            if begun is None:
                for table in _TABLES:
                    db.execute(f"CREATE TABLE {table}")
                db.execute("CREATE INDEX open_queries ON queries (state, page, id)")
                db.execute("CREATE INDEX photo_states ON photos (state)")
                db.execute("INSERT INTO settings VALUES (?, ?)", (text, until))
            db.execute("COMMIT")
        if begun is not None:
            _check_same(json.loads(begun[0]), json.loads(text), folder)
        yield Journal(db, until if begun is None else begun[1])
    finally:
        db.close()


def _begun(db: sqlite3.Connection) -> tuple[str, int] | None:
    """Settings and end of the collection in an opened file, None if it is empty."""
    if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
        return None
    return db.execute("SELECT text, until FROM settings").fetchone()


def _check_same(old: dict[str, Any], new: dict[str, Any], folder: Path) -> None:
    differing = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    if differing:
        raise CrawlError(
            f"{folder}: this collection was begun with other settings ({', '.join(differing)}). "
            "Repeat them, or choose another folder."
        )


@contextmanager
def _writing(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing of what is written inside."""
    with _readable_errors():
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")


@contextmanager
def _readable_errors() -> Iterator[None]:
    """SQLite's errors as sentences."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise CrawlError(
                f"{FILE}: another process collects into this folder. Wait until it has ended."
            ) from error
        raise CrawlError(
            f"{FILE}: the state cannot be written ({error}). Is the disk full or the folder "
            "read-only? What was kept before is safe; run the same command again."
        ) from error
    except sqlite3.DatabaseError as error:
        raise CrawlError(
            f"{FILE}: the state is damaged ({error}). Restore it from a copy, or start in "
            "another folder."
        ) from error
