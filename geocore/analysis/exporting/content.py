"""What is exported: always a case state, whether a whole case, some photos, an event or answers.

Stage: analysis. It must not know file formats.

Text comes from outside. Here, at the door, it loses what no file format can hold or what deceives
the eye: control characters and marks that turn the direction of writing.

Source: own.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, replace

from geocore.analysis.case_state import CasePhoto, CaseState
from geocore.analysis.records import Record
from geocore.analysis.safe_text import clean


def as_case(source: CaseState | Iterable[Record]) -> CaseState:
    """What is to be exported, as a case whose texts are safe to write.

    Args:
        source: a case, or answer records without one.

    Raises:
        TypeError: something else.
    """
    if not isinstance(source, CaseState):
        source = _case_of_answers(source)
    values = {field.name: clean(getattr(source, field.name)) for field in fields(CaseState)}
    values["photos"] = {sha256: _clean_photo(photo) for sha256, photo in source.photos.items()}
    return CaseState(**values)


def some_photos(state: CaseState, sha256s: Collection[str]) -> CaseState:
    """A case cut down to some photos, and to the events that they alone make up.

    Raises:
        ValueError: one of them is not in the case.
    """
    if unknown := set(sha256s) - set(state.photos):
        raise ValueError(
            f"Only photos of the case can be exported, but {len(unknown)} of {len(set(sha256s))} "
            f"are not in it, e.g. {min(unknown)!r}."
        )
    photos = {sha256: photo for sha256, photo in state.photos.items() if sha256 in set(sha256s)}
    events = {
        event_id: event
        for event_id, event in state.events.items()
        if set(event["photo_sha256s"]) <= set(photos)
    }
    return replace(state, photos=photos, events=events, failures=[])


def one_event(state: CaseState, event_id: str) -> CaseState:
    """A case cut down to one event and its photos.

    Raises:
        ValueError: the case has no such event.
    """
    if event_id not in state.events:
        raise ValueError(
            f"The case has no event {event_id!r}. Its events: {', '.join(state.events) or 'none'}."
        )
    members = [s for s in state.events[event_id]["photo_sha256s"] if s in state.photos]
    part = some_photos(state, members)
    return replace(part, events={event_id: state.events[event_id]})


def part_of(state: CaseState, event_id: str | None) -> CaseState:
    """One event of a case (see `one_event`), or for None the whole."""
    return state if event_id is None else one_event(state, event_id)


def _clean_photo(photo: CasePhoto) -> CasePhoto:
    """Without the answer that a region has replaced: it is exported by nobody."""
    names = [field.name for field in fields(CasePhoto) if field.name != "from_photo"]
    return CasePhoto(**{name: clean(getattr(photo, name)) for name in names})


def _case_of_answers(answers: Iterable[Record]) -> CaseState:
    state = CaseState(title="Answers", purpose="")
    for answer in answers:
        if not isinstance(answer, Mapping) or "photo_sha256" not in answer:
            raise TypeError(
                "An export takes a case or answer records (geocore.analysis.records), received "
                f"{type(answer).__name__}."
            )
        sha256 = answer["photo_sha256"]
        photo = CasePhoto(sha256=sha256, name=answer["photo"], answer=dict(answer))
        state.photos[sha256] = photo
    return state
