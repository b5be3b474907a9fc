"""Data stage: 64-bit hashes of texts, the same on every machine. It knows no photo."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_AT_ONCE = 500_000


def text_hashes(texts: pd.Series) -> NDArray[np.uint64]:
    """Hash of every text, (n_texts,); some at a time, for as Python's own texts they are large.

    Two different texts have the same hash once in 10^19 pairs.

    Source:
        SipHash, by `pandas.util.hash_array`.
    """
    parts = [
        pd.util.hash_array(texts.iloc[i : i + _AT_ONCE].to_numpy(object), categorize=False)
        for i in range(0, len(texts), _AT_ONCE)
    ]
    return np.concatenate([*parts, np.zeros(0, np.uint64)])
