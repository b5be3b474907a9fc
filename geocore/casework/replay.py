"""Ask the same bundle about the same photos again, and say what differs from the log.

Stage: casework. It must not know pages.

Source: own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geocore.analysis.canonical import canonical_json, sha256_hex
from geocore.analysis.case_file import Case, Entry
from geocore.analysis.region_prior import prior_of_record
from geocore.casework.answering import answer_entries, bundle_of
from geocore.casework.restricting import answer_within
from geocore.data.images import photo_bytes
from geocore.errors import ImageError
from geocore.inference.photo_folders import list_photos
from geocore.inference.predictor import Predictor

SAME, DIFFERENT, NO_PHOTO, OTHER_BUNDLE = "same", "different", "no photo", "other bundle"


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One answer, asked for again.

    Attributes:
        entry: the answer's entry in the log.
        outcome: SAME (byte for byte), DIFFERENT, NO_PHOTO (the photo is neither stored in the case
            nor in the folder), OTHER_BUNDLE (it was given by a bundle with another hash).
        differences: what differs, "path: then -> now"; only where DIFFERENT.
    """

    entry: Entry
    outcome: str
    differences: tuple[str, ...] = ()


def replay(
    case: Case, predictor: Predictor, photos: Callable[[str], bytes | None]
) -> Iterator[Replayed]:
    """Replay every answer of a case in the order of the log.

    Args:
        case: an open case.
        predictor: of the bundle that gave the answers.
        photos: from a SHA-256 to the encoded photo, or None where it is not at hand.
    """
    bundle = bundle_of(predictor.bundle)
    for entry in case.entries(kinds=["answer"]):
        then = entry.body
        content = photos(then["photo_sha256"])
        if then["bundle"]["sha256"] != bundle["sha256"]:
            yield Replayed(entry=entry, outcome=OTHER_BUNDLE)
        elif content is None:
            yield Replayed(entry=entry, outcome=NO_PHOTO)
        else:
            yield _compared(entry, _again(predictor, content, then))


def photo_source(case: Case, folders: Iterable[Path] = ()) -> Callable[[str], bytes | None]:
    """Photos by hash: those stored in the case, then the files of folders (read once each)."""
    paths = {}
    for path in list_photos(folders)[0]:
        try:
            paths[sha256_hex(photo_bytes(path))] = path
        except ImageError:
            continue

    def photo(sha256: str) -> bytes | None:
        stored = case.photo(sha256)
        if stored is not None or sha256 not in paths:
            return stored
        return photo_bytes(paths[sha256])

    return photo


def summary_of(outcomes: Mapping[str, int]) -> str:
    """One sentence: how many answers there were, and what became of them."""
    words = {
        SAME: "the same byte for byte",
        DIFFERENT: "different",
        NO_PHOTO: "not asked, for want of the photo",
        OTHER_BUNDLE: "not asked, given by another bundle",
    }
    counts = [f"{n:,} {words[outcome]}" for outcome, n in outcomes.items() if n]
    return f"{sum(outcomes.values()):,} answers: {', '.join(counts) or 'nothing to ask'}."


def _again(predictor: Predictor, content: bytes, then: dict[str, Any]) -> dict[str, Any]:
    entries = answer_entries(predictor, content, then["photo"], head=then["head"])
    kind, now = entries[-1]
    if kind != "answer" or then["prior"] is None:
        return now
    return answer_within(now, prior_of_record(then["prior"]), predictor.bundle) or now


def _compared(entry: Entry, now: dict[str, Any]) -> Replayed:
    if canonical_json(entry.body) == canonical_json(now):
        return Replayed(entry=entry, outcome=SAME)
    found = tuple(differences(entry.body, now))
    return Replayed(entry=entry, outcome=DIFFERENT, differences=found)


def differences(then: Any, now: Any, path: str = "") -> Iterator[str]:
    """Where two records differ: "path: then -> now"."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted({*then, *now}):
            yield from differences(then.get(key), now.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for number, (before, after) in enumerate(zip(then, now, strict=True)):
            yield from differences(before, after, f"{path}[{number}]")
    elif then != now:
        yield f"{path}: {_short(then)} -> {_short(now)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
