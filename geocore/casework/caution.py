"""Photos that show a person or a home wait until somebody has said what their answers are for.

Stage: casework. It must not know pages. What was said is an entry of the case: it holds for the
photos that waited then, and for whatever its analyst adds to the case later.

Source: own.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from geocore.analysis.canonical import sha256_hex
from geocore.analysis.case_file import Case
from geocore.analysis.records import caution_record
from geocore.data.faces import face_share
from geocore.data.samples import load_samples
from geocore.errors import ImageError
from geocore.inference.photo_look import PhotoLook

ROOM_LIMIT = 0.1
"""Of 6,547 photos from outdoors 16 exceed it, of 88 from restaurants, shops and hotels 45; of
homes there was one to try, whose four views all do."""
SENTENCE = "I am not looking for where a private person lives or is."
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
    """Whether a photo looks like the inside of a home."""
    return look is not None and look.room_prob > ROOM_LIMIT


@cache
def _samples() -> frozenset[str]:
    """SHA-256 of the sample photos: one shows faces, of presidents carved in a rock."""
    paths = load_samples().photos["path"]
    return frozenset(sha256_hex(Path(path).read_bytes()) for path in paths)


class Caution:
    """Which photos of one case wait.

    Args:
        case: that says what was confirmed.
        is_held: whether a photo is of the kind that waits, beside those from inside a home; None
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
        """The same for what the network saw: photos from inside a home, samples left out."""
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
