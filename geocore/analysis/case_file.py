"""A case file: what was asked, answered and decided, as a log that is only ever added to.

Stage: analysis. It must not know models or pages. Every entry carries the hash of the one before
it: whoever alters, removes or inserts one changes every hash after it. Only the removal of the last
entries leaves a sound chain; the head hash in an exported report shows that.

Source: own.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from geocore.analysis.canonical import canonical_json, sha256_hex
from geocore.analysis.case_tables import (
    ENTRIES,
    FORMAT,
    FORMAT_VERSION,
    METADATA,
    STORED_PHOTOS,
    connect,
    foreign_parts,
    name_of,
    to_write,
)
from geocore.errors import CaseError

FIRST_HASH = "0" * 64
KINDS = (
    "opened", "photo", "answer", "failure", "claim", "decision", "note", "event", "prior",
    "export", "online", "caution",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the log.

    Attributes:
        seq: 1, 2, 3 … without a gap.
        time_utc: when it was written by the clock of the writer's machine, ISO 8601. The order of
            the log is `seq`, whatever the clocks said.
        kind: one of KINDS.
        analyst: who wrote it, as they call themselves.
        body: what it says, plain JSON (`geocore.analysis.records`).
        previous_hash, hash: SHA-256, hexadecimal.
    """

    seq: int
    time_utc: str
    kind: str
    analyst: str
    body: dict[str, Any]
    previous_hash: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Whether a log is as it was written.

    Attributes:
        problems: sentences, one per fault, the first ones; empty if the log is sound.
        n_entries: number of entries read.
        head_hash: hash of the last entry.
    """

    problems: tuple[str, ...]
    n_entries: int
    head_hash: str

    @property
    def ok(self) -> bool:
        """True if nothing was found."""
        return not self.problems

    @property
    def sentence(self) -> str:
        """What was found, in words, with the hash that stands for the whole log."""
        if self.ok:
            return (
                f"All {self.n_entries:,} entries are as they were written. "
                f"Hash of the last one: {self.head_hash}"
            )
        return "The case was altered or damaged. " + " ".join(self.problems)


class Case:
    """An open case file; use it in a ``with``, or `close` it."""

    def __init__(self, engine: sa.Engine, name: str, *, read_only: bool) -> None:
        self._engine = engine
        self.name = name
        self.read_only = read_only

    def __enter__(self) -> "Case":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._engine.dispose()

    def append(self, kind: str, body: dict[str, Any], *, analyst: str) -> Entry:
        """Write one entry; once this returns it survives a crash.

        Raises:
            ValueError: an unknown kind, or a body that JSON cannot hold.
            CaseError: the file cannot be written.
        """
        return self.append_many([(kind, body)], analyst=analyst)[0]

    def append_many(
        self, records: Sequence[tuple[str, dict[str, Any]]], *, analyst: str
    ) -> list[Entry]:
        """Write several entries, all or none (see `append`)."""
        for kind, _ in records:
            if kind not in KINDS:
                raise ValueError(
                    f"Unknown kind of entry {kind!r}. Known kinds: {', '.join(KINDS)}."
                )
        self._check_may_write()
        bodies = [canonical_json(body).decode() for _, body in records]
        with self._faults(), to_write(self._engine).begin() as connection:
            last = connection.execute(
                sa.select(ENTRIES.c.seq, ENTRIES.c.hash).order_by(ENTRIES.c.seq.desc()).limit(1)
            ).first()
            seq, previous = (last.seq, last.hash) if last else (0, FIRST_HASH)
            rows = []
            for (kind, _), body in zip(records, bodies, strict=True):
                seq += 1
                row = _row(seq, kind, analyst, body, previous)
                rows.append(row)
                previous = row["hash"]
            if rows:
                connection.execute(sa.insert(ENTRIES), rows)
        return [_entry(row) for row in rows]

    def entries(self, *, after: int = 0, kinds: Sequence[str] | None = None) -> list[Entry]:
        """The log in its order, from the entry after number `after`; of some kinds if named."""
        query = sa.select(ENTRIES).where(ENTRIES.c.seq > after).order_by(ENTRIES.c.seq)
        if kinds is not None:
            query = query.where(ENTRIES.c.kind.in_(list(kinds)))
        with self._faults(), self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]

    def verify(self, max_problems: int = 20) -> Verification:
        """Recompute the whole chain, and the hash of every stored photo."""
        problems: list[str] = []
        previous, seq = FIRST_HASH, 0
        with self._faults(), self._engine.connect() as connection:
            for row in connection.execute(sa.select(ENTRIES).order_by(ENTRIES.c.seq)).mappings():
                seq += 1
                fault = _fault(dict(row), seq, previous)
                if fault and len(problems) < max_problems:
                    problems.append(fault)
                seq, previous = row["seq"], row["hash"]
            n_entries = connection.scalar(sa.select(sa.func.count()).select_from(ENTRIES)) or 0
            for sha256, content in connection.execute(sa.select(STORED_PHOTOS)):
                if sha256_hex(content) != sha256:
                    problems.append(
                        f"The stored photo {sha256[:12]} is not the one its hash names."
                    )
        return Verification(problems=tuple(problems), n_entries=n_entries, head_hash=previous)

    def store_photo(self, content: bytes) -> str:
        """Keep a photo's bytes in the case; returns their SHA-256. Only when the analyst asks."""
        self._check_may_write()
        sha256 = sha256_hex(content)
        with self._faults(), to_write(self._engine).begin() as connection:
            known = sa.select(STORED_PHOTOS.c.sha256).where(STORED_PHOTOS.c.sha256 == sha256)
            if connection.execute(known).first() is None:
                values = {"sha256": sha256, "content": content}
                connection.execute(sa.insert(STORED_PHOTOS).values(values))
        return sha256

    def photo(self, sha256: str) -> bytes | None:
        """The bytes of a stored photo, or None if it was not stored."""
        query = sa.select(STORED_PHOTOS.c.content).where(STORED_PHOTOS.c.sha256 == sha256)
        with self._faults(), self._engine.connect() as connection:
            return connection.scalar(query)

    def _check_may_write(self) -> None:
        if self.read_only:
            raise CaseError(f"{self.name}: the case was opened for reading only.")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Say what is wrong with the file in a sentence."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise CaseError(f"{self.name}: {_explained(error)}") from error


def open_case(path_or_url: str | Path, *, create: bool = False, read_only: bool = False) -> Case:
    """Open a case file, or a case in a server database.

    Args:
        path_or_url: a file, or a database URL as SQLAlchemy writes them.
        create: make the case if there is none.
        read_only: nothing can be appended.

    Raises:
        CaseError: there is no such case, it is of a newer version, or no case file.
    """
    name = name_of(path_or_url)
    if "://" not in str(path_or_url) and not create and not Path(path_or_url).is_file():
        raise CaseError(f"{name}: there is no such case file. Choose another, or begin a new case.")
    case = Case(connect(path_or_url, read_only=read_only), name, read_only=read_only)
    try:
        with case._faults():
            if create and not read_only:
                _create(case._engine)
            _check_version(case._engine, name)
    except CaseError:
        case.close()
        raise
    return case


def _create(engine: sa.Engine) -> None:
    with to_write(engine).begin() as connection:
        METADATA.create_all(connection)
        if connection.scalar(sa.select(FORMAT.c.version)) is None:
            connection.execute(sa.insert(FORMAT).values(version=FORMAT_VERSION))


def _check_version(engine: sa.Engine, name: str) -> None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(FORMAT.name):
            raise CaseError(f"{name}: this is no case file. Choose another, or begin a new case.")
        if foreign := foreign_parts(connection):
            raise CaseError(
                f"{name}: a case file must hold nothing but a case, this one also holds "
                f"{foreign[0]!r}, which could change entries. Ask for the original file."
            )
        version = connection.scalar(sa.select(FORMAT.c.version))
    if version != FORMAT_VERSION:
        raise CaseError(
            f"{name}: the case is of format {version}, this program reads format {FORMAT_VERSION}. "
            "Open it with the program that wrote it."
        )


def _explained(error: sa.exc.DBAPIError) -> str:
    text = str(error.orig)
    known = {
        "locked": "another program has held the case for too long. Close it there, then try again.",
        "readonly": "the case cannot be written here. Copy it to a folder that can, or open it for "
        "reading.",
        "unable to open": "the case cannot be opened. Its folder must exist and be readable.",
        "not a database": "this is no case file, or its beginning is damaged. Use a copy.",
        "malformed": "the file is damaged. Use a copy of it.",
        "full": "the disk is full. Nothing was lost but this entry; free space, then try again.",
        "disk I/O": "the disk is full, or failing. Free space, or work on a copy elsewhere.",
        "only ever added to": "entries of a case are never changed or removed.",
    }
    return next((say for word, say in known.items() if word in text), f"the database says: {text}.")


def _row(seq: int, kind: str, analyst: str, body: str, previous: str) -> dict[str, Any]:
    time_utc = datetime.now(UTC).isoformat(timespec="microseconds")
    row = {"seq": seq, "time_utc": time_utc, "kind": kind, "analyst": analyst, "body": body}
    return row | {"previous_hash": previous, "hash": _hash(row, previous)}


def _hash(row: dict[str, Any], previous: str) -> str:
    head = canonical_json([row["seq"], row["time_utc"], row["kind"], row["analyst"], previous])
    return sha256_hex(head + b"\n" + row["body"].encode())


def _fault(row: dict[str, Any], seq: int, previous: str) -> str | None:
    if row["seq"] != seq:
        return f"Entry {seq} is missing: entry {row['seq']} stands in its place."
    if row["previous_hash"] != previous:
        return f"Entry {seq} does not follow the entry before it."
    if row["hash"] != _hash(row, previous):
        return f"Entry {seq} ({row['kind']}) is not what was written: its hash differs."
    return None


def _entry(row: Any) -> Entry:
    try:
        return Entry(**{**row, "body": json.loads(row["body"])})
    except (ValueError, TypeError, RecursionError) as error:
        raise CaseError(
            f"Entry {row['seq']} of the case cannot be read ({type(error).__name__}). The file was "
            "altered or damaged: use a copy of it."
        ) from error
