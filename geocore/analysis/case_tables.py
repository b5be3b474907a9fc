"""The tables of a case file, opened so that many may write and none may alter what is written.

Stage: analysis. It must not know what the entries say.
"""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

FORMAT_VERSION = 1
BUSY_TIMEOUT_S = 30
_WRITES = "writes_a_case"
_REFUSAL = "BEGIN SELECT RAISE(ABORT, 'a case file is only ever added to'); END"

METADATA = sa.MetaData()
FORMAT = sa.Table("case_format", METADATA, sa.Column("version", sa.Integer, nullable=False))
ENTRIES = sa.Table(
    "entries",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("time_utc", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("analyst", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),  # canonical JSON
    sa.Column("previous_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("hash", sa.String(64), nullable=False),
)
STORED_PHOTOS = sa.Table(
    "stored_photos",
    METADATA,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)


def _refuse(table: sa.Table, verb: str) -> None:
    """Let the database itself refuse to change what was written."""
    name = f"{table.name}_no_{verb.lower()}"
    trigger = sa.DDL(f"CREATE TRIGGER {name} BEFORE {verb} ON {table.name} {_REFUSAL}")
    sa.event.listen(table, "after_create", trigger.execute_if(dialect="sqlite"))


for _table in (FORMAT, ENTRIES, STORED_PHOTOS):
    for _verb in ("UPDATE", "DELETE"):
        _refuse(_table, _verb)


def connect(path_or_url: str | Path, *, read_only: bool = False) -> sa.Engine:
    """An engine for a SQLite file, or for the server database of a URL.

    Two analysts who append at once do so one after the other (`to_write`); readers never wait.
    """
    text = str(path_or_url)
    if "://" in text:
        return sa.create_engine(text)
    path = Path(text).absolute()
    engine = sa.create_engine(
        f"sqlite:///{path.as_uri()}?{_mode(path, read_only)}&uri=true",
        connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
    )
    sa.event.listen(engine, "connect", _no_own_transactions if read_only else _configure)
    sa.event.listen(engine, "begin", _begin)
    return engine


def to_write(engine: sa.Engine) -> sa.Engine:
    """The engine for transactions that write: on SQLite they take the write lock as they begin."""
    return engine.execution_options(**{_WRITES: True})


def _mode(path: Path, read_only: bool) -> str:
    """SQLite's way to open a file: on a disk that cannot be written, no lock is tried either."""
    if not read_only:
        return "mode=rwc"
    return "mode=ro" if os.access(path.parent, os.W_OK) else "mode=ro&immutable=1"


def foreign_parts(connection: sa.Connection) -> list[str]:
    """Names of views, triggers and altered tables that a case file does not have.

    A trigger of a stranger would run with every entry, a view could stand for a table.
    """
    if connection.dialect.name != "sqlite":
        return []
    rows = connection.exec_driver_sql("SELECT type, name, sql FROM sqlite_master").all()
    own = {f"{x.name}_no_{verb}" for x in METADATA.sorted_tables for verb in ("update", "delete")}
    found = []
    for kind, name, sql in rows:
        is_own = kind in ("table", "index") or (kind == "trigger" and name in own)
        is_virtual = "virtual table" in " ".join(str(sql).lower().split())
        if not is_own or is_virtual or (kind == "trigger" and _REFUSAL not in str(sql)):
            found.append(str(name))
    return found


def _no_own_transactions(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA trusted_schema=OFF")  # the file's own text calls no function
    connection.isolation_level = None  # SQLAlchemy begins and ends every transaction itself


def _configure(connection: Any, record: Any) -> None:
    _no_own_transactions(connection, record)
    _log_ahead(connection)
    connection.execute("PRAGMA synchronous=FULL")  # an entry that was confirmed survives a crash


def _log_ahead(connection: Any) -> None:
    """Write-ahead logging, which the first program to open a new case turns on for all.

    While another one does so, SQLite refuses at once instead of waiting for its timeout.
    """
    give_up = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
        time.sleep(0.02)


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def name_of(path_or_url: str | Path) -> str:
    """What errors call the case: never a password."""
    text = str(path_or_url)
    if "://" not in text:
        return Path(text).name
    return sa.make_url(text).render_as_string(hide_password=True)
