"""The case desk for programs: photos, places and regions are named by texts.

Stage: casework. It must not know pages or commands. Each step writes to the log what a click on the
page writes, and gives a sentence that says what was done.

Source: own.
"""

from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from uuid import uuid4

import geocore
from geocore.analysis.case_file import Case, open_case
from geocore.analysis.case_state import CasePhoto, CaseState, case_state, undo_of
from geocore.analysis.claimed_place import exif_place, read_claim
from geocore.analysis.records import Record, decision_record, note_record, opened_record
from geocore.analysis.region_prior import RegionPrior, country_prior, prior_of_record
from geocore.analysis.region_text import read_region
from geocore.analysis.triage_table import triage_table
from geocore.casework.batch import Batch
from geocore.casework.batch_items import FAILED, HELD
from geocore.casework.caution import HELD_BACK, confirm, shows_person
from geocore.casework.checking import claim_of_answer
from geocore.casework.joining import event_of_answers
from geocore.casework.restricting import remove_region, set_region
from geocore.cells.continents import load_countries
from geocore.errors import CaseError
from geocore.inference.bundle import DEFAULT_BUNDLE, Bundle, load_bundle


class Desk:
    """One analyst at one case. Every step raises ValueError for what it cannot make sense of.

    Args:
        path: the case's file, or the URL of its database.
        analyst: who works, for the log.
        bundle: folder of the model that answers, loaded when it is needed.
    """

    def __init__(
        self, path: str | Path, *, analyst: str, bundle: str | Path = DEFAULT_BUNDLE
    ) -> None:
        self._path, self._analyst, self._folder = path, analyst, bundle

    def begin(self, title: str, purpose: str) -> str:
        """Make a new case; the purpose says what its answers are for.

        Raises:
            CaseError: the case was begun already.
        """
        if not title.strip() or not purpose.strip():
            raise ValueError("A new case needs a title and a purpose: what are its answers for?")
        with open_case(self._path, create=True) as case:
            if case.entries(kinds=["opened"]):
                raise CaseError(f"{case.name}: the case was begun already. Go on with it.")
            record = opened_record(title.strip(), purpose.strip(), geocore.__version__)
            case.append("opened", record, analyst=self._analyst)
        return f"Begun: {title.strip()}."

    def answer(
        self,
        photos: Sequence[str | Path],
        *,
        keep_photos: bool = False,
        no_private_person: bool = False,
    ) -> str:
        """Answer photos, or all photos of folders, one after the other.

        Those that the case knows are not asked again; one that cannot be read stops no other.
        Photos of people or homes are held back until it is said, by `no_private_person`, that
        nobody looks for where a private person lives or is.
        """
        from geocore.inference.photo_folders import list_photos  # TensorFlow takes seconds
        from geocore.inference.predictor import Predictor

        self._open().close()  # a case that is none is told of before the model is loaded
        paths, missing = list_photos([Path(photo) for photo in photos])
        predictor = cache(lambda: Predictor.load(self._folder))
        batch = Batch(predictor, self._open, is_held=shows_person)
        named = [(path.name, path) for path in paths]
        batch.add(named, analyst=self._analyst, keeps_photos=keep_photos)
        batch.wait()
        held = [str(item.sha256) for item in batch.items if item.status == HELD]
        if held and no_private_person:
            with self._open() as case:
                purpose = case_state(case.entries()).purpose
                confirm(case, held, purpose, analyst=self._analyst)
            batch.release()
            batch.wait()
        if reason := batch.progress.stopped_by:
            raise CaseError(reason)
        failed = [str(x.error) for x in batch.items if x.status == FAILED]
        failed += [failure.error for failure in missing]
        failed += [
            f"{x.name}: {HELD_BACK} It is written into the case."
            for x in batch.items
            if x.status == HELD
        ]
        n_known = sum(item.was_known for item in batch.items)
        n_answered = len(paths) + len(missing) - len(failed)
        lines = [f"{n_answered:,} photos have an answer, {n_known:,} had it before."]
        return "\n".join([*lines, *(f"Without an answer: {error}" for error in failed)])

    def restrict(self, region: str) -> str:
        """Set the region that is known otherwise; "" takes it back.

        Args:
            region: countries by ISO 3166 code or English name, separated by commas; or an outline
                as GeoJSON or WKT.
        """
        with self._open() as case:
            prior = _prior(case_state(case.entries()))
            if region.strip():
                wanted = region_of_text(region)
                n = set_region(case, wanted, self._bundle, analyst=self._analyst)
                return f"Restricted to {wanted.label}: {n:,} answers were cut with it."
            if prior is None:
                raise ValueError(f"{case.name}: no region is in force. Name one.")
            remove_region(case, prior, analyst=self._analyst)
        return "The region was taken back: what the photos alone say counts again."

    def check(self, photo: str, place: str = "", *, radius_km: float = 0.0) -> str:
        """Hold a photo against a place, or with "" against the position that its file states."""
        with self._open() as case:
            state = case_state(case.entries())
            found = find_photo(state, photo)
            claim = read_claim(place)[0] if place.strip() else exif_place(*_exif_position(found))
            record = claim_of_answer(_answer(found), claim, self._bundle, radius_km=radius_km)
            case.append("claim", record, analyst=self._analyst)
        return record["sentence"]

    def join(self, name: str, photos: Sequence[str]) -> str:
        """Join two or more photos of one event into one answer."""
        with self._open() as case:
            state = case_state(case.entries())
            answers = [_answer(find_photo(state, photo)) for photo in dict.fromkeys(photos)]
            record = event_of_answers(
                answers, self._bundle, event_id=uuid4().hex[:12], name=name, prior=_prior(state)
            )
            case.append("event", record, analyst=self._analyst)
        outliers = [state.photos[sha256].name for sha256 in record["outliers"]]
        doubt = f" Does not fit the others: {', '.join(outliers)}." if outliers else ""
        place = record["top"][0]["place"]
        return f"{name}: {place}, best point {record['lat']:.2f}, {record['lng']:.2f}.{doubt}"

    def decide(self, photo: str, decision: str) -> str:
        """Accept or reject a photo's answer, or leave it open again."""
        with self._open() as case:
            found = find_photo(case_state(case.entries()), photo)
            record = decision_record(found.sha256, decision)
            case.append("decision", record, analyst=self._analyst)
        return f"{found.name}: {decision}."

    def undo(self) -> str:
        """Take back the analyst's last decision."""
        with self._open() as case:
            record = undo_of(case_state(case.entries()), self._analyst)
            if record is None:
                raise ValueError(f"{case.name}: {self._analyst} has no decision to take back.")
            case.append("decision", record, analyst=self._analyst)
        return f"Taken back: {record['decision']} again."

    def note(self, text: str, photo: str = "") -> str:
        """Note something about a photo, or with "" about the case."""
        if not text.strip():
            raise ValueError("The note is empty. Write what should be kept.")
        with self._open() as case:
            state = case_state(case.entries())
            sha256 = find_photo(state, photo).sha256 if photo else None
            case.append("note", note_record(text.strip(), sha256), analyst=self._analyst)
        return "Noted."

    def show(self) -> str:
        """All photos of the case, a line each."""
        with open_case(self._path, read_only=True) as case:
            state = case_state(case.entries())
        table = triage_table(state)
        columns = ["name", "decision", "place", "confidence", "area_km2", "claim", "no_answer"]
        rows = table[columns].to_string(index=False, float_format="{:,.2f}".format)
        n = len(table)
        return f"{state.title}: {n:,} photo{'s' * (n != 1)}.\n{rows if n else ''}".rstrip()

    @cached_property
    def _bundle(self) -> Bundle:
        return load_bundle(self._folder)

    def _open(self) -> Case:
        return open_case(self._path)


def find_photo(state: CaseState, text: str) -> CasePhoto:
    """The photo with this name, or whose SHA-256 begins so.

    Raises:
        ValueError: there is none, or there are several.
    """
    found = [photo for photo in state.photos.values() if photo.name == text]
    if not found and len(text) >= 4:
        found = [x for sha256, x in state.photos.items() if sha256.startswith(text.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(
            f"{len(found)} photos are called {text!r}. Give the beginning of a SHA-256 instead: "
            f"{', '.join(photo.sha256[:12] for photo in found[:5])}."
        )
    raise ValueError(f"The case holds no photo {text!r}. Give its name or SHA-256.")


def region_of_text(text: str) -> RegionPrior:
    """Countries by code or English name, or an outline as GeoJSON or WKT.

    Raises:
        ValueError: it is neither.
    """
    if "(" in text or "{" in text:
        return read_region(text)
    names = load_countries()["name"]
    codes = {name.casefold(): code for code, name in names.items()}
    codes |= {code.casefold(): code for code in names.index}
    wanted = [part.strip() for part in text.split(",")]
    unknown = [part for part in wanted if part.casefold() not in codes]
    if unknown:
        raise ValueError(
            f"No country is called {unknown[0][:60]!r}. Give codes or English names, such as PH, "
            "Vietnam, or an outline as GeoJSON or WKT."
        )
    return country_prior(tuple(codes[part.casefold()] for part in wanted))


def _prior(state: CaseState) -> RegionPrior | None:
    return None if state.prior is None else prior_of_record(state.prior)


def _answer(photo: CasePhoto) -> Record:
    if photo.from_photo is None:
        raise ValueError(f"{photo.name}: the case holds no answer for this photo.")
    return photo.from_photo


def _exif_position(photo: CasePhoto) -> tuple[float, float]:
    position = None if photo.photo is None else photo.photo["exif_position"]
    if position is None:
        raise ValueError(f"{photo.name}: its file states no position. Name a place.")
    return tuple(position)
