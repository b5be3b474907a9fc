"""How many of some held-out photos a head expects in each cell.

Stage: inference. It must not know TensorFlow, nor what the sums are for. Read in parts: with
thousands of leaves all probs together fill gigabytes.

Source: own.
"""

from collections.abc import Collection

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from geocore.inference.bundle import Bundle

_BATCH_PHOTOS = 4096


def probs_per_cell(bundle: Bundle, name: str, photo_ids: Collection[str]) -> np.ndarray:
    """Sum of one head's or baseline's probs over held-out photos, float64 (n_leaves,).

    Args:
        bundle: that holds the predictions.
        name: one of its answers.
        photo_ids: which photos.
    """
    sums = np.zeros(bundle.grid.n_leaves)
    wanted = set(photo_ids)
    with pq.ParquetFile(bundle.folder / "predictions.parquet") as file:
        columns = ["head", "photo_id", "probs"]
        for batch in file.iter_batches(batch_size=_BATCH_PHOTOS, columns=columns):
            rows = batch.filter(pc.equal(batch["head"], name))
            is_wanted = np.array([x in wanted for x in rows["photo_id"].to_pylist()], bool)
            if is_wanted.any():
                probs = rows["probs"].flatten().to_numpy(zero_copy_only=False)
                sums += probs.reshape(len(rows), -1)[is_wanted].sum(axis=0, dtype=np.float64)
    return sums
