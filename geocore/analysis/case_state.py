"""What a case comes to: its log, folded into photos with their latest answers and decisions.

Stage: analysis. It must not know databases. Nothing is kept but what the log says, so every browser
that reads the same log shows the same.

Source: own.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from geocore.analysis.case_file import Entry
from geocore.analysis.records import Record, decision_record


@dataclass(kw_only=True)
class CasePhoto:
    """One photo of a case.

    Attributes:
        sha256: of the encoded file.
        name: as it was first given; text from outside.
        photo: its "photo" record, or None while only a failure is known.
        answer: its latest answer record, within the region in force where there is one; or None.
        from_photo: its latest answer record without a region, or None.
        failure: sentence why it could not be read, or None.
        claims: its claim records, oldest first.
        decision: "open", "accepted" or "rejected".
        notes: (analyst, text), oldest first.
        event_ids: events that it is part of.
    """

    sha256: str
    name: str
    photo: Record | None = None
    answer: Record | None = None
    from_photo: Record | None = None
    failure: str | None = None
    claims: list[Record] = field(default_factory=list)
    decision: str = "open"
    notes: list[tuple[str, str]] = field(default_factory=list)
    event_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A decision that may be taken back: number of its entry, by whom, and what stood before."""

    seq: int
    analyst: str
    photo_sha256: str
    before: str


@dataclass(kw_only=True)
class CaseState:
    """A case as its log leaves it.

    Attributes:
        title, purpose: as given when the case was opened.
        photos: by SHA-256, in the order of their arrival.
        failures: (name, sentence) of files without a hash.
        events: latest record per event id.
        prior: region record in force, or None.
        notes: (analyst, text) about the case as a whole.
        cautions: (analyst, "caution" record), oldest first.
        decided: decisions that were not taken back, oldest first.
        n_entries, head_hash: of the log that was read.
    """

    title: str = ""
    purpose: str = ""
    photos: dict[str, CasePhoto] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)
    events: dict[str, Record] = field(default_factory=dict)
    prior: Record | None = None
    notes: list[tuple[str, str]] = field(default_factory=list)
    cautions: list[tuple[str, Record]] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    n_entries: int = 0
    head_hash: str = ""


def case_state(entries: Iterable[Entry]) -> CaseState:
    """Fold a log; kinds that change nothing (exports, online requests) are passed over."""
    state = CaseState()
    for entry in entries:
        fold = _FOLDS.get(entry.kind)
        if fold is not None:
            fold(state, entry)
        state.n_entries, state.head_hash = entry.seq, entry.hash
    return state


def undo_of(state: CaseState, analyst: str) -> Record | None:
    """Body of the entry that takes back an analyst's last decision; None if there is none left."""
    own = [decided for decided in state.decided if decided.analyst == analyst]
    if not own:
        return None
    return decision_record(own[-1].photo_sha256, own[-1].before, undoes=own[-1].seq)


def _of(state: CaseState, sha256: str, name: str = "") -> CasePhoto:
    return state.photos.setdefault(sha256, CasePhoto(sha256=sha256, name=name))


def _opened(state: CaseState, entry: Entry) -> None:
    state.title, state.purpose = entry.body["title"], entry.body["purpose"]


def _photo(state: CaseState, entry: Entry) -> None:
    photo = _of(state, entry.body["sha256"], entry.body["name"])
    photo.photo = entry.body


def _failure(state: CaseState, entry: Entry) -> None:
    sha256, name, error = (entry.body[key] for key in ("sha256", "name", "error"))
    if sha256 is None:
        state.failures.append((name, error))
    else:
        _of(state, sha256, name).failure = error


def _answer(state: CaseState, entry: Entry) -> None:
    photo = _of(state, entry.body["photo_sha256"], entry.body["photo"])
    photo.answer, photo.failure = entry.body, None
    if entry.body.get("prior") is None:
        photo.from_photo = entry.body


def _claim(state: CaseState, entry: Entry) -> None:
    _of(state, entry.body["photo_sha256"]).claims.append(entry.body)


def _decision(state: CaseState, entry: Entry) -> None:
    photo, undoes = _of(state, entry.body["photo_sha256"]), entry.body.get("undoes")
    if undoes is None:
        before = Decided(
            seq=entry.seq, analyst=entry.analyst, photo_sha256=photo.sha256, before=photo.decision
        )
        state.decided.append(before)
    else:
        state.decided = [decided for decided in state.decided if decided.seq != undoes]
    photo.decision = entry.body["decision"]


def _note(state: CaseState, entry: Entry) -> None:
    sha256, note = entry.body["photo_sha256"], (entry.analyst, entry.body["text"])
    (state.notes if sha256 is None else _of(state, sha256).notes).append(note)


def _caution(state: CaseState, entry: Entry) -> None:
    state.cautions.append((entry.analyst, entry.body))


def _event(state: CaseState, entry: Entry) -> None:
    event_id = entry.body["event_id"]
    state.events[event_id] = entry.body
    for photo in state.photos.values():
        is_part = photo.sha256 in entry.body["photo_sha256s"]
        if is_part and event_id not in photo.event_ids:
            photo.event_ids.append(event_id)
        elif not is_part and event_id in photo.event_ids:
            photo.event_ids.remove(event_id)


def _prior(state: CaseState, entry: Entry) -> None:
    """What was answered within another region no longer stands."""
    state.prior = None if entry.body["removed"] else entry.body
    for photo in state.photos.values():
        photo.answer = photo.from_photo or photo.answer


_FOLDS: dict[str, Callable[[CaseState, Entry], None]] = {
    "opened": _opened,
    "photo": _photo,
    "failure": _failure,
    "answer": _answer,
    "claim": _claim,
    "decision": _decision,
    "note": _note,
    "caution": _caution,
    "event": _event,
    "prior": _prior,
}
