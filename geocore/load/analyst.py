"""What a simulated analyst does, and what must hold while they do it.

Stage: load. Upload a photo, read the answer, look at another head, take the answer along, now and
then put two photos on the case desk and export the case. Nobody may ever be sent another analyst's
file name, nor an answer that is not that of their own photo.
"""

import json
import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from geocore.load.photos import OwnPhoto, named_photos
from geocore.load.session import Session, SessionError

PREDICT, DESK = "Predict_and_explain", "Case_desk"
ANSWER, OTHER_HEAD, EXPORT, DESK_PHOTOS, REPORT, PAGE = (
    "answer", "another head", "download", "two photos at the desk", "case exported", "page opened",
)  # fmt: skip
_ROUNDS_PER_DESK = 4
_N_DESK = 2
_EVERY_S = 1.0
_NAME = re.compile(rb"visitor(\d\d)photo")
_PLACE = re.compile(rb"You are number (\d+) in line")
_NO_ANSWER = "**No usable answer.**"  # said in red, and right
_TOLERANCE = 1e-3
_LEAVES_AFTER_S = 1.0


@dataclass
class Diary:
    """What all analysts have noted; shared between their threads.

    Attributes:
        seconds: per kind of step how long each took, waiting in line included.
        problems: sentences; empty if all went well.
        places: every place in line that was shown.
        n_left: visitors who closed the page while it worked.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    n_left: int = 0

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long a step took, if it came to its end."""
        started = time.monotonic()
        yield
        self.seconds.setdefault(step, []).append(time.monotonic() - started)


@dataclass(kw_only=True)
class Analyst:
    """One analyst in one session.

    Attributes:
        url: of the dashboard.
        number: 0 … 99, part of the names of their photos.
        photos: their own.
        diary: where it is noted.
        pause_s: mean of the pauses in which they read.
        first_drop: photos that they put on the desk before all else, and do not wait for.
        leaves: whether they also close a page in the middle of its work, again and again.
    """

    url: str
    number: int
    photos: list[OwnPhoto]
    diary: Diary
    pause_s: float
    first_drop: int = 0
    leaves: bool = False

    def __post_init__(self) -> None:
        self._files = named_photos(self.number, self.photos)
        self._random = random.Random(self.number)
        self._has_case = False

    def work(self, until: float, stop: threading.Event, n_rounds: int | None = None) -> None:
        """Work until a time (of `time.monotonic`), or for so many rounds, whatever fails."""
        n_done = 0
        while time.monotonic() < until and not stop.is_set() and n_done != n_rounds:
            try:
                with Session(self.url, self._listen) as session:
                    with self.diary.timed(PAGE):
                        session.open(PREDICT)
                    if self.first_drop and not self._has_case:
                        self._drop_many(session)
                    while time.monotonic() < until and not stop.is_set() and n_done != n_rounds:
                        n_done += 1
                        self._round(session, n_done)
            except (SessionError, OSError) as error:
                self._complain(f"{type(error).__name__}: {error}")
                time.sleep(_EVERY_S)

    def _round(self, session: Session, n_done: int) -> None:
        name, content, photo = next(self._files)
        with self.diary.timed(ANSWER):
            session.drop({name: content})
        self._check_page(session, name)
        self._rest()
        with self.diary.timed(OTHER_HEAD):
            heads = session.find("selectbox", "Second head").element.options
            session.select("Second head", heads[n_done % len(heads)])
        self._check_page(session, name)
        with self.diary.timed(EXPORT):
            answers = session.download("JSON")
        self._check_answer(answers, name, photo)
        with self.diary.timed(EXPORT):
            session.download("PNG")
        if self.leaves:
            self._come_and_go()
        self._rest()
        if n_done % _ROUNDS_PER_DESK == 0 and not self.first_drop:
            self._visit_desk(session)

    def _visit_desk(self, session: Session) -> None:
        self._open_case(session)
        with self.diary.timed(DESK_PHOTOS):
            self._drop_at_desk(session, _N_DESK)
            while session.look_again():
                time.sleep(_EVERY_S)
        self._check_page(session, "photos looked at")
        with self.diary.timed(REPORT):
            session.select("Part of the case", "Export")
            session.click("Make the file")
            session.download("Download ")
        self._check_page(session, "SHA-256")
        session.select("Part of the case", "Photos")
        with self.diary.timed(PAGE):
            session.open(PREDICT)
        self._check_page(session, "Predict and explain")

    def _open_case(self, session: Session) -> None:
        with self.diary.timed(PAGE):
            session.open(DESK)
        if "Begin the case" in session.buttons:
            session.write("Title", f"Load {self.number}")
            session.select("What are the answers for?", "Training and exercise")
            session.click("Begin the case")
        self._has_case = True
        self._check_page(session, "Purpose")

    def _drop_many(self, session: Session) -> None:
        self._open_case(session)
        self._drop_at_desk(session, self.first_drop)
        session.open(PREDICT)

    def _drop_at_desk(self, session: Session, n_photos: int) -> None:
        files = [next(self._files) for _ in range(n_photos)]
        session.drop({name: content for name, content, _ in files})

    def _come_and_go(self) -> None:
        """Another page of this analyst, closed while its photo is worked on or waits."""
        name, content, _ = next(self._files)
        with Session(self.url, self._listen) as hasty:
            hasty.open(PREDICT)
            hasty.patience_s = _LEAVES_AFTER_S
            try:
                hasty.drop({name: content})
            except SessionError:
                self.diary.n_left += 1

    def _rest(self) -> None:
        time.sleep(self._random.uniform(0.5, 1.5) * self.pause_s)

    def _complain(self, sentence: str) -> None:
        self.diary.problems.append(f"analyst {self.number:02d}: {sentence}")

    def _listen(self, message: bytes) -> None:
        if foreign := {int(n) for n in _NAME.findall(message)} - {self.number}:
            self._complain(f"was sent file names of {sorted(foreign)}")
        self.diary.places.extend(int(n) for n in _PLACE.findall(message))

    def _check_page(self, session: Session, expected: str) -> None:
        for error in session.errors:
            if not error.startswith(_NO_ANSWER):
                self._complain(f"saw an error: {error}")
        if not any(expected in text for text in session.texts):
            self._complain(f"'{expected}' is not on the page")

    def _check_answer(self, answers: bytes, name: str, photo: OwnPhoto) -> None:
        first = json.loads(answers)[0]
        got = (first["lat"], first["lng"], first["cells"][0]["prob"])
        expected = (photo.lat, photo.lng, photo.confidence)
        is_equal = all(abs(a - b) < _TOLERANCE for a, b in zip(got, expected, strict=True))
        if first["photo"] != name or not is_equal:
            self._complain(f"asked about {name}, expected {expected}, received {got}")
