"""Importers: what an unfinished import has done, on disk, so that it goes on after any end.

Beside the photo set to be lies `.import/`: what was asked for, and per finished piece its rows, the
hashes of their ids, examples of what was left out and, written last, a note. A piece without its
note counts as not done.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geocore.data.column_types import column_kind
from geocore.data.importers.pieces import KNOWN, Position
from geocore.data.importers.repeated_ids import save_keys
from geocore.data.photos import UNFINISHED
from geocore.data.whole_files import whole_file
from geocore.errors import PhotoTableError

_NOT_KEPT = ("overlong", "reason", "image")


@dataclass(frozen=True, kw_only=True)
class Note:
    """What is known of one finished piece.

    Attributes:
        position: Where the source is read on after it.
        n_in: Rows of the source.
        n_kept: Rows that can be used.
        reasons: Why the others cannot, and how many.
        kinds: Kind of each further column, see `geocore.data.column_types`.
    """

    position: Position
    n_in: int
    n_kept: int
    reasons: dict[str, int]
    kinds: dict[str, str]


def note_of(kept: pd.DataFrame, reasons: NDArray[np.object_], position: Position) -> Note:
    """The note of a piece.

    Args:
        kept: Its usable rows.
        reasons: Of all its rows, "" for the usable ones.
        position: Where the source is read on.
    """
    n_per_reason = pd.Series(reasons[reasons != ""]).value_counts()
    further = [name for name in kept if name not in KNOWN]
    return Note(
        position=position,
        n_in=len(reasons),
        n_kept=len(kept),
        reasons={str(reason): int(n) for reason, n in n_per_reason.items()},
        kinds={name: column_kind(kept[name]) for name in further},
    )


class ImportState:
    """The folder `.import` of one import.

    Raises:
        PhotoTableError: It belongs to another source or to other settings.
    """

    def __init__(self, out: Path, asked: Mapping[str, Any]) -> None:
        self.folder = out / UNFINISHED
        self.notes: list[Note] = []
        self.asked = dict(asked)
        file = self.folder / "asked.json"
        if not file.exists() or not self._file(0, ".json").exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
            _save_json(asked, file)
            return
        self._check(json.loads(file.read_text("utf-8")))
        while (file := self._file(len(self.notes), ".json")).exists():
            self.notes.append(Note(**json.loads(file.read_text("utf-8"))))

    @property
    def position(self) -> Position:
        """Where the source is to be read on."""
        return self.notes[-1].position if self.notes else []

    def add(self, kept: pd.DataFrame, dropped: pd.DataFrame, note: Note) -> None:
        """Store one piece.

        Args:
            kept: Its usable rows: row, photo_id, lat, lng, then further columns.
            dropped: Examples of the others: row, photo_id, reason, received.
            note: What is known of it.

        Raises:
            OSError: The disk is full, or gone.
        """
        number = len(self.notes)
        kept = kept.drop(columns=[name for name in _NOT_KEPT if name in kept])
        with whole_file(self._file(number, ".parquet")) as scratch:
            kept.to_parquet(scratch, index=False)
        with whole_file(self._file(number, ".dropped.parquet")) as scratch:
            dropped.to_parquet(scratch, index=False)
        with whole_file(self._file(number, ".npy")) as scratch:
            save_keys(kept["photo_id"], scratch)
        _save_json(asdict(note), self._file(number, ".json"))
        self.notes.append(note)

    def key_files(self) -> list[Path]:
        """What `repeated_rows` takes."""
        return [self._file(i, ".npy") for i in range(len(self.notes))]

    def kept(self) -> Iterator[pd.DataFrame]:
        """The usable rows of each piece."""
        return (pd.read_parquet(self._file(i, ".parquet")) for i in range(len(self.notes)))

    def dropped(self) -> Iterator[pd.DataFrame]:
        """Examples of the unusable rows of each piece."""
        return (pd.read_parquet(self._file(i, ".dropped.parquet")) for i in range(len(self.notes)))

    @contextmanager
    def removed_if_nothing_was_done(self) -> Iterator[None]:
        """Leave no folder behind where the source was refused at its first piece."""
        try:
            yield
        except PhotoTableError:
            if not self.notes:
                self.remove()
            raise

    def remove(self) -> None:
        """Delete the folder: the photo set is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, number: int, suffix: str) -> Path:
        return self.folder / f"piece-{number:06d}{suffix}"

    def _check(self, before: Mapping[str, Any]) -> None:
        changed = [name for name in self.asked if before.get(name) != self.asked[name]]
        if changed:
            raise PhotoTableError(
                f"{self.folder.parent}: an unfinished import lies here that was asked for otherwise"
                f" ({changed[0]}: {before.get(changed[0])}, now {self.asked[changed[0]]}). "
                f"Ask for the same, choose another folder, or delete {self.folder}."
            )


def _save_json(content: Mapping[str, Any], path: Path) -> None:
    with whole_file(path) as scratch:
        scratch.write_text(json.dumps(content), "utf-8")
