"""What a bundle's heads answered for the photos they had never seen, without their probs.

Stage: inference. It must not know TensorFlow, nor what the figures are for. `answers.parquet`
holds `answer_table` of predictions.parquet, row by row: a page reads megabytes where the probs
would be gigabytes. A bundle made before there was such a file is read the long way.

Source: own.
"""

import pandas as pd

from geocore.cells.geodesy import distance_km
from geocore.errors import BundleError
from geocore.evaluation.answers import check_answers
from geocore.inference.answers_file import ANSWERS_FILE, answers_of
from geocore.inference.bundle import PREDICTION_COLUMNS, Bundle

PHOTO_COLUMNS = [name for name in PREDICTION_COLUMNS if name != "probs"]


def held_out_answers(bundle: Bundle, head: str) -> pd.DataFrame:
    """One row per held-out photo of a head: `PREDICTION_COLUMNS` but the probs, and what they say.

    Returns:
        Further columns: those of `answer_table`, and error_km (from the best single point to the
        truth).

    Raises:
        ValueError: the bundle has no such head.
        BundleError: the predictions cannot be judged; the sentence says why.
    """
    temperature = bundle.temperature(head)
    path = bundle.folder / ANSWERS_FILE
    try:
        if path.exists():
            only = [("head", "==", head)]
            predictions = bundle.folder / "predictions.parquet"
            photos = pd.read_parquet(predictions, columns=PHOTO_COLUMNS, filters=only)
            figures = pd.read_parquet(path, filters=only).drop(columns="head")
        else:
            rows = bundle.predictions(head)
            photos, figures = rows[PHOTO_COLUMNS], answers_of(rows, bundle.hierarchy, temperature)
        if len(photos) != len(figures):
            raise ValueError(f"{len(photos)} predictions have {len(figures)} rows of answers.")
        answers = pd.concat([photos, figures], axis=1)
        places = (answers[name] for name in ("lat", "lng", "point_lat", "point_lng"))
        return check_answers(answers.assign(error_km=distance_km(*places)))
    except ValueError as error:
        raise BundleError(
            f"{bundle.folder}: the predictions of {head} cannot be used. {error} "
            "Choose another head or bundle, or make this one anew with scripts/train.py."
        ) from error
