"""Ask the same bundle about the same photos again, and say what differs from the log.

Answers are asked for again with the photo; claims and events follow from answers of the log, so
they are worked out again without it.

Stage: casework. It must not know pages.

Source: own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geocore.analysis.canonical import canonical_json, sha256_hex
from geocore.analysis.case_file import Case, Entry
from geocore.analysis.records import Record
from geocore.analysis.region_prior import prior_of_record
from geocore.casework.answering import answer_entries, bundle_of
from geocore.casework.checking import claim_again
from geocore.casework.joining import event_of_answers
from geocore.casework.restricting import answer_within
from geocore.data.images import photo_bytes
from geocore.errors import GeocoreError, ImageError
from geocore.inference.bundle import Bundle
from geocore.inference.photo_folders import list_photos
from geocore.inference.predictor import Predictor

SAME, DIFFERENT, NO_PHOTO, NO_ANSWER, OTHER_BUNDLE = (
    "same", "different", "no photo", "no answer", "other bundle",
)  # fmt: skip
KINDS = {
    "answer": ("answer", "answers"),
    "claim": ("claim", "claims"),
    "event": ("event", "events"),
}
"""Kinds of entries that are replayed, and what one and many of them are called."""
_WORDS = {
    SAME: "the same byte for byte",
    DIFFERENT: "different",
    NO_PHOTO: "not asked, for want of the photo",
    NO_ANSWER: "not made again, for want of the answers they rest on",
    OTHER_BUNDLE: "not asked, given by another bundle",
}


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """One answer, claim or event, made again.

    Attributes:
        entry: of the log.
        outcome: SAME (byte for byte), DIFFERENT, NO_PHOTO (the photo is neither stored in the case
            nor in the folder), NO_ANSWER (the log holds no answer that it could rest on),
            OTHER_BUNDLE (it was given by a bundle with another hash).
        differences: what differs, "path: then -> now"; only where DIFFERENT.
    """

    entry: Entry
    outcome: str
    differences: tuple[str, ...] = ()


def replay(
    case: Case, predictor: Predictor, photos: Callable[[str], bytes | None]
) -> Iterator[Replayed]:
    """Replay every answer, claim and event of a case in the order of the log.

    Args:
        case: an open case.
        predictor: of the bundle that gave the answers.
        photos: from a SHA-256 to the encoded photo, or None where it is not at hand.
    """
    bundle = predictor.bundle
    sha256 = bundle_of(bundle)["sha256"]
    alone: dict[tuple[str, str], Record] = {}  # by photo and head, what the photo alone said
    for entry in case.entries(kinds=list(KINDS)):
        then = entry.body
        if then["bundle"]["sha256"] != sha256:
            yield Replayed(entry=entry, outcome=OTHER_BUNDLE)
        elif entry.kind != "answer":
            yield _derived(entry, alone, bundle)
        else:
            if then["prior"] is None:
                alone[then["photo_sha256"], then["head"]] = then
            content = photos(then["photo_sha256"])
            if content is None:
                yield Replayed(entry=entry, outcome=NO_PHOTO)
            else:
                yield _compared(entry, _again(predictor, content, then))


def _derived(entry: Entry, alone: Mapping[tuple[str, str], Record], bundle: Bundle) -> Replayed:
    """A claim or an event, from the answers that it rests on."""
    then = entry.body
    photos = [then["photo_sha256"]] if entry.kind == "claim" else then["photo_sha256s"]
    answers = [alone[x, then["head"]] for x in photos if (x, then["head"]) in alone]
    if len(answers) < len(photos):
        return Replayed(entry=entry, outcome=NO_ANSWER)
    try:
        if entry.kind == "claim":
            return _compared(entry, claim_again(then, answers[0], bundle))
        prior = None if then["prior"] is None else prior_of_record(then["prior"])
        event_id, name = then["event_id"], then["name"]
        now = event_of_answers(answers, bundle, event_id=event_id, name=name, prior=prior)
        return _compared(entry, now)
    except (ValueError, GeocoreError) as error:
        differences = (f"it cannot be made again: {error}",)
        return Replayed(entry=entry, outcome=DIFFERENT, differences=differences)


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


def summary_of(outcomes: Mapping[tuple[str, str], int]) -> str:
    """A sentence per kind: how many entries there were, and what became of them.

    Args:
        outcomes: numbers by kind of entry and outcome.
    """
    sentences = []
    for kind, (one, many) in KINDS.items():
        counts = {word: outcomes.get((kind, outcome), 0) for outcome, word in _WORDS.items()}
        n = sum(counts.values())
        if n or kind == "answer":
            said = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
            sentences.append(f"{n:,} {one if n == 1 else many}: {said or 'nothing to ask'}.")
    return " ".join(sentences)


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
