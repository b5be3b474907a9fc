"""Models stage: where frozen features are kept on disk. It knows no photos and no network.

One folder per backbone, input size and view; in it shards of some hundred photos each, found again
by the photos' SHA-256 whatever the photos are called and whichever set they belong to. A shard is
there whole or not at all: work that was killed goes on after the last one.
"""

import hashlib
import zipfile
from pathlib import Path

import numpy as np

from geocore.data.whole_files import whole_file

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

    def load(self, sha256: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What is on disk of the photos with these hashes.

        Args:
            sha256: str (n_photos,); "" is known nowhere.

        Returns:
            Features float32 (n_photos, n_features), NaN where unknown; n_features is 0 where
            nothing is on disk. Whether known, bool (n_photos,).
        """
        rows = _rows_by_hash(sha256)
        table, is_known = np.zeros((len(sha256), 0), np.float32), np.zeros(len(sha256), bool)
        for path in sorted(self.folder.glob("*.npz")):
            hashes, values = _read(path)
            found = [i for i, name in enumerate(hashes) if name in rows]
            if found and not table.size:
                table = np.full((len(sha256), values.shape[1]), np.nan, np.float32)
            for i in found:
                table[rows[hashes[i]]] = values[i]
                is_known[rows[hashes[i]]] = True
        return table, is_known

    def add(self, sha256: str, features: np.ndarray) -> None:
        """Keep the features (n_features,) of one photo; on disk once the shard is full."""
        self._new[sha256] = features
        if len(self._new) >= SHARD_PHOTOS:
            self.flush()

    def flush(self) -> None:
        """Write what was added since the last shard.

        Raises:
            OSError: The disk is full; what was written before stays.
        """
        if not self._new:
            return
        hashes = np.array(list(self._new), "S64")
        name = hashlib.sha256(hashes.tobytes()).hexdigest()[:16]
        with whole_file(self.folder / f"{name}.npz") as path, path.open("wb") as stream:
            np.savez(stream, sha256=hashes, values=np.stack(list(self._new.values())))
        self._new = {}


def _rows_by_hash(sha256: np.ndarray) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for i, name in enumerate(sha256):
        if name:
            rows.setdefault(str(name), []).append(i)
    return rows


def _read(path: Path) -> tuple[list[str], np.ndarray]:
    """Hashes and features of a shard; a damaged one is as good as absent."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as shard:
            return list(shard["sha256"].astype(str)), shard["values"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return [], np.zeros((0, 0), np.float32)
