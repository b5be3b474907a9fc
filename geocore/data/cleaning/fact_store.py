"""Data stage: the facts of many photo files, kept on disk while they are gathered.

Every few seconds what was found is written as one more Parquet file, whole or not at all, so that a
killed run goes on where it was, and a second run reads only files that changed. It does not judge.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from geocore.data.cleaning.photo_hashes import (
    FACT_COLUMNS,
    FACTS_VERSION,
    PhotoFacts,
    PhotoFilter,
    fact_table,
    photo_facts,
)
from geocore.data.scheduling import Pool, open_pool, open_processes, photo_results
from geocore.data.whole_files import whole_file
from geocore.errors import PhotoTableError

Filters = tuple[tuple[str, PhotoFilter], ...]
Progress = Callable[[int], object]

WRITE_EVERY_S = 5.0
MANY_PHOTOS = 2000  # as many repay the second that processes take to start
_MANY_FILES = 100
_KEY = ["path", "n_bytes", "mtime_ns"]
_COLUMNS = [*_KEY, *FACT_COLUMNS]


def gather_facts(
    paths: Sequence[str],
    *,
    filters: Filters = (),
    folder: Path | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Facts of every file, from the store where the file has not changed since.

    Args:
        paths: of the files, (n_photos,).
        filters: as in `photo_facts`; facts are kept per set of names, so a filter that is changed
            needs another name.
        folder: of the store, made if it is missing; None keeps nothing.
        scheduler: as in `map_photos`, but None means processes of this machine for many photos
            without filters: small photos are decoded 1.4 times faster there than on threads.
        progress: called with the number of photos just done; at first with those from the store.

    Returns:
        One row per path, in their order: the columns FACT_COLUMNS.

    Raises:
        PhotoTableError: The photos' folder vanished while they were read, or the store cannot be
            written. What was found until then is kept.
    """
    keys = _file_keys(paths)
    store = None if folder is None else _opened(folder, filters)
    known = _known_facts(keys, store)
    missing = np.flatnonzero(known["sha256"].isna())
    if progress is not None and len(missing) < len(keys):
        progress(len(keys) - len(missing))
    function = partial(photo_facts, filters=filters)
    unread = [paths[i] for i in missing.tolist()]
    with _readers(len(unread), filters, scheduler) as pool:
        found = photo_results(function, unread, scheduler=pool)
        fresh = _gathered(found, keys.iloc[missing], store, progress)
    return pd.concat([known.drop(index=missing), fresh]).sort_index()


def _readers(
    n_unread: int, filters: Filters, scheduler: str | None
) -> AbstractContextManager[Pool]:
    if scheduler is None and not filters and n_unread >= MANY_PHOTOS:
        return open_processes(n_unread, _lost())
    return open_pool(scheduler)


def _file_keys(paths: Sequence[str]) -> pd.DataFrame:
    """Path, size and time of change of each file; -1 where there is none."""
    stats = [_stat(path) for path in paths]
    n_bytes, mtime_ns = zip(*stats, strict=True) if stats else ((), ())
    return pd.DataFrame({"path": pd.Series(paths, dtype="str"), "n_bytes": n_bytes}).assign(
        mtime_ns=np.array(mtime_ns, dtype=np.int64), n_bytes=np.array(n_bytes, dtype=np.int64)
    )


def _stat(path: str) -> tuple[int, int]:
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return -1, -1
    return found.st_size, found.st_mtime_ns


def _opened(folder: Path, filters: Filters) -> Path:
    """The part of the store for this version and these filters."""
    store = folder / "-".join([f"v{FACTS_VERSION}", *(name for name, _ in filters)])
    try:
        store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PhotoTableError(_cannot_write(store, error)) from error
    return store


def _known_facts(keys: pd.DataFrame, store: Path | None) -> pd.DataFrame:
    """The stored facts of each file, NaN where there are none for the file as it is now."""
    stored = _read_all(store) if store is not None else pd.DataFrame(columns=_COLUMNS)
    stored = stored.astype({"n_bytes": np.int64, "mtime_ns": np.int64})
    stored = stored.drop_duplicates("path", keep="last")
    return keys.merge(stored, on=_KEY, how="left")[list(FACT_COLUMNS)]


def _read_all(store: Path) -> pd.DataFrame:
    """Everything in the store; a file that a failing disk damaged is removed, its photos re-read.

    Many small files are first made one, so that a store of many runs stays quick.
    """
    files = sorted(store.glob("*.parquet"), key=lambda file: file.stat().st_mtime_ns)
    tables = []
    for file in files:
        try:
            tables.append(pd.read_parquet(file)[_COLUMNS])
        except (OSError, ValueError, KeyError):
            file.unlink(missing_ok=True)
    facts = pd.concat(tables) if tables else pd.DataFrame(columns=_COLUMNS)
    if len(tables) > _MANY_FILES:
        _write(store, facts.drop_duplicates(_KEY, keep="last"))
        for file in files:
            file.unlink(missing_ok=True)
    return facts


def _gathered(
    found: Iterator[tuple[int, list[PhotoFacts]]],
    keys: pd.DataFrame,
    store: Path | None,
    progress: Progress | None,
) -> pd.DataFrame:
    """All facts on the index of the keys, written to the store every few seconds."""
    rows: list[int] = []
    facts: list[PhotoFacts] = []
    tables: list[pd.DataFrame] = []

    def finish() -> None:
        """Make a table of the facts gathered so far; store those that last."""
        table = fact_table(facts).set_index(keys.index[rows])
        tables.append(table)
        if store is not None and table["is_lasting"].any():
            _write(store, keys.iloc[rows].join(table[table["is_lasting"]], how="inner"))
        rows.clear()
        facts.clear()

    written_s = time.monotonic()
    try:
        for start, part in found:
            rows.extend(range(start, start + len(part)))
            facts.extend(part)
            _check_folder_is_there(keys["path"].iloc[start : start + len(part)], part)
            if progress is not None:
                progress(len(part))
            if time.monotonic() - written_s > WRITE_EVERY_S:
                finish()
                written_s = time.monotonic()
    finally:
        finish()
    return pd.concat(tables)


def _check_folder_is_there(paths: pd.Series, facts: Sequence[PhotoFacts]) -> None:
    """A file may be missing; when its folder is gone or empty, the disk was taken away."""
    for path, fact in zip(paths, facts, strict=True):
        if fact.is_lasting or Path(path).exists():
            continue
        folder = Path(path).parent
        try:
            is_there = next(folder.iterdir(), None) is not None
        except OSError:
            is_there = False
        if not is_there:
            raise PhotoTableError(
                f"{folder}: the photos must stay where they are while they are read, but the "
                "folder is gone or empty now. Bring it back (is the disk connected?) and start "
                "again: photos that were read are remembered."
            )


def _write(store: Path, facts: pd.DataFrame) -> None:
    path = store / f"{uuid.uuid4().hex}.parquet"
    try:
        with whole_file(path) as scratch:
            facts.to_parquet(scratch, index=False, compression="zstd")
    except (OSError, pa.ArrowException) as error:
        raise PhotoTableError(_cannot_write(store, error)) from error


def _lost() -> PhotoTableError:
    return PhotoTableError(
        "A process that reads photos was ended from outside, perhaps for want of memory. Start the "
        "same command again: photos that were read are remembered."
    )


def _cannot_write(store: Path, error: Exception) -> str:
    return (
        f"{store}: what is known of the photos must be written here, but that failed ({error}). "
        "Free space or choose another folder, then start again: photos that were read are "
        "remembered."
    )
