"""Models stage: where frozen features are kept on disk. It knows no photos and no network.

One folder per backbone, input size and view; in it shards of some hundred photos each, found again
by the photos' SHA-256 whatever the photos are called and whichever set they belong to. A shard is
there whole or not at all: work that was killed goes on after the last one.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from geocore.data.whole_files import whole_file
from geocore.errors import FeatureError

SHARD_PHOTOS = 512  # some seconds of work on two cores


class FeatureStore:
    """The features of one view.

    Args:
        folder: is made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._new: dict[str, np.ndarray] = {}

    @property
    def n_features(self) -> int:
        """Features per photo; 0 where there is nothing on disk."""
        return next((values.shape[1] for _, values in self._shards()), 0)

    def known(self) -> set[str]:
        """SHA-256 of every photo whose features are on disk."""
        return {name for hashes, _ in self._shards() for name in hashes}

    def load_into(self, table: np.ndarray, sha256: np.ndarray) -> None:
        """Fill in what is on disk of the photos with these hashes, one shard at a time.

        Args:
            table: float32 (n_photos, n_features); rows of unknown photos stay as they are.
            sha256: str (n_photos,); "" is known nowhere.
        """
        rows = _rows_by_hash(sha256)
        for hashes, values in self._shards():
            for i, name in enumerate(hashes):
                if name in rows:
                    table[rows[name]] = values[i]

    def _shards(self) -> Iterator[tuple[list[str], np.ndarray]]:
        """Hashes and features of each shard; a damaged one is as good as absent."""
        for path in sorted(self.folder.glob("*.npz")):
            try:
                with path.open("rb") as stream, np.load(stream, allow_pickle=False) as shard:
                    hashes, values = list(shard["sha256"].astype(str)), shard["values"]
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                continue
            yield hashes, values

    def add(self, sha256: str, features: np.ndarray) -> None:
        """Keep the features (n_features,) of one photo; on disk once the shard is full."""
        self._new[sha256] = features
        if len(self._new) >= SHARD_PHOTOS:
            self.flush()

    def flush(self) -> None:
        """Write what was added since the last shard.

        Raises:
            FeatureError: They cannot be written; what was written before stays.
        """
        if not self._new:
            return
        hashes = np.array(list(self._new), "S64")
        name = hashlib.sha256(hashes.tobytes()).hexdigest()[:16]
        try:
            with whole_file(self.folder / f"{name}.npz") as path, path.open("wb") as stream:
                np.savez(stream, sha256=hashes, values=np.stack(list(self._new.values())))
        except OSError as error:
            raise FeatureError(
                f"{self.folder}: what the backbone saw must be kept here, but that failed "
                f"({error.strerror}). Free space or give another --cache folder, then start again: "
                "what was kept before is found."
            ) from error
        self._new = {}


def _rows_by_hash(sha256: np.ndarray) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for i, name in enumerate(sha256):
        if name:
            rows.setdefault(str(name), []).append(i)
    return rows
