"""The made world's bundle with search areas, written once for all tests that read it."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd

from geocore.cells.place_names import load_place_namer
from geocore.inference.bundle import Bundle, load_bundle
from geocore.inference.calibrating import calibrate_bundle
from geocore.inference.prediction import Prediction
from tests.inference.tiny_bundle import bundle_parts, save_tiny_bundle


def predictions_that_know_something() -> pd.DataFrame:
    """The made world's predictions, the true leaf's prob raised."""
    predictions = bundle_parts()["predictions"]
    return predictions.assign(
        probs=[
            _raised(probs, leaf)
            for probs, leaf in zip(predictions["probs"], predictions["class_index"], strict=True)
        ]
    )


def _raised(probs: np.ndarray, leaf: int) -> np.ndarray:
    raised = probs.copy()
    if leaf >= 0:
        raised[leaf] += 0.3
    return (raised / raised.sum()).astype(np.float32)


@cache
def calibrated_bundle() -> Bundle:
    """A bundle of two heads over some twenty leaves; do not change its folder."""
    folder = Path(mkdtemp()) / "calibrated"
    save_tiny_bundle(folder, predictions=predictions_that_know_something())
    calibrate_bundle(folder, load_place_namer())
    return load_bundle(folder)


def held_out_prediction(bundle: Bundle, row: int, head: str = "MC") -> tuple[Prediction, pd.Series]:
    """The answer for one held-out photo, and its row."""
    photo = bundle.predictions(head).iloc[row]
    return prediction_of(bundle, photo["probs"], head), photo


def prediction_of(bundle: Bundle, probs: np.ndarray, head: str = "MC") -> Prediction:
    """An answer with the given probs."""
    probs = np.asarray(probs, np.float32)
    return Prediction(
        photo="a.jpg", head=head, lat=0.0, lng=0.0, probs=probs, leaves=bundle.grid.leaves
    )
