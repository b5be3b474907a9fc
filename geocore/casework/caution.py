"""Photos that show a person or a home wait until somebody has said what their answers are for.

Stage: casework. It must not know pages. What was said is an entry of the case: it holds for the
photos that waited then, and for whatever its analyst adds to the case later.

Source: own.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from geocore.analysis.canonical import sha256_hex
from geocore.analysis.case_file import Case
from geocore.analysis.records import caution_record
from geocore.analysis.terminal_text import printable
from geocore.data.faces import face_share
from geocore.data.images import photo_bytes
from geocore.data.samples import load_samples
from geocore.errors import CautionError, ImageError
from geocore.inference.photo_look import PhotoLook
from geocore.inference.prediction import PhotoFailure, Prediction

INDOOR_LIMIT = 0.5
"""The middle between what is wanted inside and outdoors. Of 6,524 photos from outdoors 26 exceed it
(places left out), of photos that the probe was not fitted on 36 of 38 of homes, 63 of 76 of other
rooms, 4 of 175 from outdoors, with the shipped bundle's first backbone."""
SENTENCE = "I am not looking for where a private person lives or is."
NO_PRIVATE_PERSON = "--no-private-person"
HELD_BACK = (
    f"it seems to show a person or the inside of a room. Ask again with {NO_PRIVATE_PERSON}, which "
    f'says: "{SENTENCE}"'
)
IsHeld = Callable[[bytes], bool]


def shows_person(content: bytes) -> bool:
    """Whether a photo shows a face so large that it is about a person, and is no sample photo.

    Of a photo that cannot be read nothing is known; whoever answers it says why.
    """
    if sha256_hex(content) in _samples():
        return False
    try:
        return face_share(content) > 0
    except ImageError:
        return False


def shows_room(look: PhotoLook | None) -> bool:
    """Whether a photo looks like the inside of a room."""
    return look is not None and look.indoor_score > INDOOR_LIMIT


def check_private(photo: Path, answer: Prediction, is_confirmed: bool = False) -> None:
    """See that a photo needs no confirmation before its answer is shown, or that there is one.

    Raises:
        CautionError: it seems to show a person or the inside of a room.
        ImageError: it is gone since it was answered.
    """
    if is_confirmed:
        return
    content = photo_bytes(photo)
    is_room = answer.indoor_score > INDOOR_LIMIT and sha256_hex(content) not in _samples()
    if is_room or shows_person(content):
        raise CautionError(f"{printable(photo.name)}: {HELD_BACK}")


def hold_back(
    answers: Iterable[Prediction | PhotoFailure], photos: Sequence[Path], is_confirmed: bool = False
) -> Iterator[Prediction | PhotoFailure]:
    """The answers, with a failure in place of each that needs a confirmation (`check_private`).

    Args:
        answers: one per photo.
        photos: the files, in the order of the answers.
        is_confirmed: nothing is held back.
    """
    for answer, photo in zip(answers, photos, strict=True):
        try:
            if isinstance(answer, Prediction):
                check_private(photo, answer, is_confirmed)
            yield answer
        except (CautionError, ImageError) as error:
            yield PhotoFailure(photo=answer.photo, error=str(error))


@cache
def _samples() -> frozenset[str]:
    """SHA-256 of the sample photos: one shows faces, of presidents carved in a rock."""
    paths = load_samples().photos["path"]
    return frozenset(sha256_hex(Path(path).read_bytes()) for path in paths)


class Caution:
    """Which photos of one case wait.

    Args:
        case: that says what was confirmed.
        is_held: whether a photo is of the kind that waits, beside those from inside a room; None
            lets all pass.
    """

    def __init__(self, case: Case, is_held: IsHeld | None) -> None:
        self._case, self._is_held = case, is_held
        self._analysts: set[str] = set()
        self._photos: set[str] = set()
        self._n_seen = 0

    def must_wait(self, content: bytes, sha256: str, analyst: str) -> bool:
        """Whether a photo may not be answered yet; what was confirmed a moment ago counts."""
        if self._is_held is None or analyst in self._analysts or not self._is_held(content):
            return False
        return not self._is_confirmed(sha256, analyst)

    def must_wait_inside(self, look: PhotoLook | None, sha256: str, analyst: str) -> bool:
        """The same for what the network saw: photos from inside a room, samples left out."""
        if self._is_held is None or not shows_room(look) or sha256 in _samples():
            return False
        return not self._is_confirmed(sha256, analyst)

    def _is_confirmed(self, sha256: str, analyst: str) -> bool:
        for entry in self._case.entries(after=self._n_seen, kinds=["caution"]):
            self._analysts.add(entry.analyst)
            self._photos.update(entry.body["photo_sha256s"])
            self._n_seen = entry.seq
        return analyst in self._analysts or sha256 in self._photos


def confirm(case: Case, photo_sha256s: list[str], purpose: str, *, analyst: str) -> None:
    """Write down what the answers about photos of persons or homes are for, and who said so.

    Raises:
        ValueError: no purpose.
        CaseError: the case cannot be written.
    """
    if not purpose.strip():
        raise ValueError("Photos of people or homes need a purpose: what are the answers for?")
    record = caution_record(purpose.strip(), SENTENCE, photo_sha256s)
    case.append("caution", record, analyst=analyst)
