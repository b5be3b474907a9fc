"""Many photos, one after the other, in the background: every answer is in the case at once.

Stage: casework. It must not know pages. A thread works through the queue; what was answered is in
the case file before the next photo begins, so that a killed program loses only the photo in flight.
Begun again with the same photos, it goes on with those that the case does not know.

Source: own.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from geocore.analysis.canonical import sha256_hex
from geocore.analysis.case_file import Case
from geocore.analysis.records import Record, failure_record
from geocore.analysis.region_prior import RegionPrior, prior_of_record
from geocore.casework.answering import answer_entries, bundle_of
from geocore.casework.batch_items import (
    ANSWERED,
    CANCELLED,
    DONE,
    FAILED,
    HELD,
    READING,
    WAITING,
    BatchItem,
    BatchProgress,
)
from geocore.casework.caution import Caution, IsHeld
from geocore.casework.photo_cache import PhotoCache
from geocore.casework.restricting import answer_within
from geocore.casework.turns import Turn, Turns
from geocore.data.images import photo_bytes
from geocore.errors import GeocoreError, ImageError

if TYPE_CHECKING:  # the predictor brings TensorFlow, which reading a case does not need
    from geocore.inference.predictor import Predictor


class Batch:
    """A queue of photos and the thread that answers them into a case.

    Args:
        load_predictor: gives the predictor of the bundle that answers, which may serve other
            threads meanwhile; called when the first photo is there.
        open_case: opens the case for the thread; called once per start.
        head: name of a head; None is the bundle's own choice.
        turns: the line in which each photo waits for its turn; None where nobody else waits.
        is_held: which photos wait for a confirmation, beside those of rooms; None lets all pass.
        cache: where answered photos lie that came as bytes; None is a cache of its own.
    """

    def __init__(
        self,
        load_predictor: Callable[[], "Predictor"],
        open_case: Callable[[], Case],
        *,
        head: str | None = None,
        turns: Turns | None = None,
        is_held: IsHeld | None = None,
        cache: PhotoCache | None = None,
    ) -> None:
        self._is_held, self._cache = is_held, cache or PhotoCache()
        self._load_predictor, self._open_case, self._head = load_predictor, open_case, head
        self._turns = turns or Turns(1)
        self._turn: Turn | None = None
        self._items: list[BatchItem] = []
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_working = False
        self._stopped_by: str | None = None

    @property
    def items(self) -> list[BatchItem]:
        """The queue as it is now, in the order of arrival."""
        with self._lock:
            return list(self._items)

    @property
    def progress(self) -> BatchProgress:
        """How far it is."""
        with self._lock:
            statuses = [item.status for item in self._items]
            known = (WAITING, READING, HELD, *DONE)
            return BatchProgress(
                n_photos=len(statuses),
                counts={status: statuses.count(status) for status in known},
                is_running=self._is_working,
                stopped_by=self._stopped_by,
            )

    @property
    def place_in_line(self) -> int:
        """Where its next photo stands in the line of all; 0 while one is being answered."""
        turn = self._turn
        return turn.place if turn else 0

    def add(
        self,
        photos: Iterable[tuple[str, Path | bytes]],
        *,
        analyst: str,
        keeps_photos: bool = False,
    ) -> None:
        """Queue photos by name and source, and see to it that they are worked on.

        Args:
            photos: names as they were given, and paths or encoded photos.
            analyst: who asks, for the log.
            keeps_photos: store them in the case too.
        """
        new = [
            BatchItem(name=name, source=source, analyst=analyst, is_kept=keeps_photos)
            for name, source in photos
        ]
        with self._lock:
            self._items += new
        self.start()

    def start(self) -> None:
        """Go on with what is waiting; nothing happens if that is being done."""
        with self._lock:
            if self._is_working and not self._cancelled.is_set():
                return
            before, self._cancelled = self._thread, threading.Event()
            self._is_working, self._stopped_by = True, None
            work = (before, self._cancelled)
            self._thread = threading.Thread(target=self._work, args=work, name="batch", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Stop after the photo in flight; what waits is marked as cancelled, answers stay."""
        with self._lock:
            self._cancelled.set()
            self._change_all(WAITING, CANCELLED)

    def retry(self) -> None:
        """Ask again for every photo that failed or was cancelled."""
        with self._lock:
            self._change_all(FAILED, WAITING)
            self._change_all(CANCELLED, WAITING)
        self.start()

    def release(self) -> None:
        """Look again at what is held back, once the case says what the answers are for."""
        with self._lock:
            self._change_all(HELD, WAITING)
        self.start()

    def photo(self, sha256: str) -> bytes | None:
        """A photo that came as bytes and was answered, while there is room for it in memory."""
        is_own = any(item.sha256 == sha256 and item.status == ANSWERED for item in self.items)
        return self._cache.get(sha256) if is_own else None

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the thread; True if it has come to its end."""
        thread = self._thread
        if thread is None:
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def _change_all(self, before: str, after: str) -> None:
        self._items = [
            replace(item, status=after, error=None) if item.status == before else item
            for item in self._items
        ]

    def _work(self, before: threading.Thread | None, cancelled: threading.Event) -> None:
        if before is not None:
            before.join()  # a cancelled thread still has its photo in flight
        reason = "The work ended unexpectedly. Try again; the terminal's last lines say more."
        try:
            predictor = self._load_predictor()
            with self._open_case() as case:
                head = self._head or predictor.bundle.default_head
                desk = _Desk(case, predictor, head, Caution(case, self._is_held))
                while (number := self._next(cancelled)) is not None:
                    with self._turns.ask(self) as self._turn:
                        self._turn.wait()
                        self._set(number, desk.done(self._items[number]))
            reason = ""
        except GeocoreError as error:  # the case cannot be written: the queue stays as it is
            reason = str(error)
        finally:
            if reason:
                self._stop(reason)

    def _next(self, cancelled: threading.Event) -> int | None:
        """Number of the next waiting item, which is READING from now on; None ends the thread."""
        with self._lock:
            if cancelled.is_set():
                self._is_working = self._cancelled is not cancelled
                return None
            for number, item in enumerate(self._items):
                if item.status == WAITING:
                    self._items[number] = replace(item, status=READING)
                    return number
            self._is_working = False
            return None

    def _set(self, number: int, item: BatchItem) -> None:
        if item.status == ANSWERED and item.sha256 and isinstance(item.source, bytes):
            self._cache.put(item.sha256, item.source)
            item = replace(item, source=b"")
        with self._lock:
            self._items[number] = item

    def _stop(self, sentence: str) -> None:
        with self._lock:
            self._change_all(READING, WAITING)
            self._is_working, self._stopped_by = False, sentence


class _Desk:
    """Where one thread puts answers into one case."""

    def __init__(self, case: Case, predictor: "Predictor", head: str, caution: Caution) -> None:
        self._case, self._predictor, self._head, self._caution = case, predictor, head, caution
        bundle = bundle_of(predictor.bundle)["sha256"]
        self._known = {
            entry.body["photo_sha256"]
            for entry in case.entries(kinds=["answer"])
            if (entry.body["bundle"]["sha256"], entry.body["head"]) == (bundle, head)
        }
        self._prior: RegionPrior | None = None
        self._n_seen = 0

    def done(self, item: BatchItem) -> BatchItem:
        """Answer one photo into the case."""
        try:
            content = photo_bytes(item.source, name=item.name)
        except ImageError as error:
            record = failure_record(item.name, str(error))
            self._case.append("failure", record, analyst=item.analyst)
            return replace(item, status=FAILED, error=str(error))
        sha256 = sha256_hex(content)
        if sha256 in self._known:
            if item.is_kept:
                self._case.store_photo(content)
            return replace(item, status=ANSWERED, sha256=sha256, was_known=True)
        if self._caution.must_wait(content, sha256, item.analyst):
            return replace(item, status=HELD, sha256=sha256)
        entries = answer_entries(
            self._predictor,
            content,
            item.name,
            head=self._head,
            may_answer=lambda look: not self._caution.must_wait_inside(look, sha256, item.analyst),
        )
        if not entries:
            return replace(item, status=HELD, sha256=sha256)
        kind, body = entries[-1]
        if kind == "answer" and item.is_kept:
            self._case.store_photo(content)
        written = self._case.append_many(entries, analyst=item.analyst)
        if kind == "failure":
            return replace(item, status=FAILED, sha256=sha256, error=body["error"])
        self._restrict(body, written[-1].seq, item.analyst)
        self._known.add(sha256)
        return replace(item, status=ANSWERED, sha256=sha256)

    def _restrict(self, alone: Record, seq: int, analyst: str) -> None:
        """Add the answer within the case's region, which may have been set a moment ago."""
        for entry in self._case.entries(after=self._n_seen, kinds=["prior"]):
            self._prior = None if entry.body["removed"] else prior_of_record(entry.body)
        self._n_seen = seq
        if self._prior is None:
            return
        within = answer_within(alone, self._prior, self._predictor.bundle)
        if within is not None:
            self._case.append("answer", within, analyst=analyst)
