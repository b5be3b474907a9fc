"""A photo's bytes in, the entries that a case keeps of it out.

Stage: casework, where predictor and analysis meet. It must not know databases, threads or pages.

Source: own.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geocore.analysis.abstention import AbstentionRule, abstention_rule
from geocore.analysis.canonical import sha256_hex
from geocore.analysis.records import (
    Record,
    answer_record,
    bundle_record,
    failure_record,
    photo_record,
)
from geocore.analysis.search_area import search_areas
from geocore.data.exif import exif_position
from geocore.data.images import open_photo, photo_bytes
from geocore.errors import ImageError
from geocore.evaluation.conformal import LEVELS
from geocore.inference.bundle import Bundle, load_bundle
from geocore.inference.bundle_files import MANIFEST, file_sha256
from geocore.inference.photo_look import PhotoLook
from geocore.inference.prediction import Prediction

if TYPE_CHECKING:  # the predictor brings TensorFlow, which reading a case does not need
    from geocore.inference.predictor import Predictor

Entries = list[tuple[str, Record]]


def bundle_of(bundle: Bundle) -> dict[str, str]:
    """Which bundle it is, for a record."""
    return bundle_record(bundle.name, file_sha256(bundle.folder / MANIFEST))


def answer_entries(
    predictor: "Predictor",
    content: bytes,
    name: str,
    *,
    head: str | None = None,
    may_answer: Callable[[PhotoLook], bool] | None = None,
) -> Entries:
    """What one photo adds to a case: itself and its answer, or why there is none.

    Args:
        predictor: of the bundle that answers.
        content: the encoded photo.
        name: as it was given.
        head: name of a head; None is the bundle's own choice.
        may_answer: whether a photo that looks so may be answered; of another there are no entries.

    Raises:
        ValueError: the bundle has no such head.
    """
    sha256 = sha256_hex(content)
    try:
        photo = read_photo(content, name)
        reading = predictor.read(photo_bytes(content, name=name), name=name)
    except ImageError as error:
        return [("failure", failure_record(name, str(error), sha256))]
    look = predictor.look(reading)
    if may_answer and not may_answer(look):
        return []
    bundle = predictor.bundle
    prediction = predictor.answer(reading, head)
    entry = bundle_of(bundle)
    rule = _rule(bundle.folder, entry["sha256"], prediction.head)
    found = rule.judge(look, prediction.probs)
    withheld = None if found is None else {"reason": found.reason, "sentence": found.sentence}
    answer = answer_of(prediction, bundle, sha256, entry, abstention=withheld)
    return [("photo", photo), ("answer", answer)]


def read_photo(content: bytes, name: str) -> Record:
    """The record of a photo whose header can be read.

    Raises:
        ImageError: it cannot.
    """
    with open_photo(content, name=name, header_only=True) as image:
        size_px = image.size
    position = exif_position(content, name=name)
    return photo_record(
        name, sha256_hex(content), n_bytes=len(content), size_px=size_px, exif_position=position
    )


def answer_of(
    prediction: Prediction,
    bundle: Bundle,
    photo_sha256: str,
    bundle_entry: dict[str, str],
    *,
    levels: Iterable[float] = LEVELS,
    within: np.ndarray | None = None,
    prior: Record | None = None,
    abstention: Mapping[str, str] | None = None,
) -> Record:
    """The answer record of a prediction, with its search areas where the bundle promises any.

    Args:
        prediction: of one head for the photo.
        bundle: that it comes from.
        photo_sha256: of the encoded photo.
        bundle_entry: `bundle_of` the bundle.
        levels: promised coverages of the areas.
        within: region known otherwise, bool per leaf (see `search_area`).
        prior: the record of that region.
        abstention: reason and sentence, where there is no usable answer.
    """
    areas = search_areas(prediction, bundle, levels=levels, within=within)
    return answer_record(
        prediction,
        photo_sha256=photo_sha256,
        bundle=bundle_entry,
        areas=areas,
        abstention=abstention,
        prior=prior,
    )


@lru_cache(maxsize=16)
def _rule(folder: Path, sha256: str, head: str) -> AbstentionRule:
    """The rule of a bundle; by its hash, so that a changed bundle gets another."""
    return abstention_rule(load_bundle(folder), head)
