"""Who is next: heavy work of many readers in one process, a few pieces at a time, in fair order.

Stage: casework. It must not know what the work is, nor pages.

Readers take turns: each who waits is served once before anybody is served twice, however much one
of them asks for. A batch of a thousand photos asks anew for each, and so gives way after each.

    turns = Turns(n_at_once=2)
    with turns.ask("Ada") as turn:      # in line from here on
        while not turn.wait(0.5):
            print(f"number {turn.place} in line")
        ...                             # the work; the end of the block lets the next one begin

Source: own; round robin (Nagle, On packet switches with infinite storage, RFC 970, 1985).
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Hashable
from types import TracebackType


class Turn:
    """One piece of work that waits or is being done; a context manager that ends it."""

    def __init__(self, turns: "Turns", owner: Hashable) -> None:
        self.owner = owner
        self._turns = turns
        self._begun = threading.Event()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the turn; True once the work may begin."""
        return self._begun.wait(timeout_s)

    @property
    def place(self) -> int:
        """How many pieces of work begin up to and with this one; 0 once it may begin."""
        return self._turns.place_of(self)

    def end(self) -> None:
        """The work is done, or no longer wanted; to be called from any thread, more often too."""
        self._turns.end(self)

    def __enter__(self) -> "Turn":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()


class Turns:
    """The line of one process.

    Args:
        n_at_once: pieces of work that are done at the same time, at least 1; with 2, one slow photo
            does not hold up the others.

    Raises:
        ValueError: `n_at_once` is smaller.
    """

    def __init__(self, n_at_once: int) -> None:
        if n_at_once < 1:
            raise ValueError(f"n_at_once must be at least 1, received {n_at_once}.")
        self._n_at_once = n_at_once
        self._lock = threading.Lock()
        self._begun: set[Turn] = set()
        # Owners in the order in which they are served next, each with what they wait for.
        self._waiting: OrderedDict[Hashable, deque[Turn]] = OrderedDict()

    def ask(self, owner: Hashable) -> Turn:
        """Join the line.

        Args:
            owner: who asks; work of the same owner is done in the order of asking.
        """
        turn = Turn(self, owner)
        with self._lock:
            self._waiting.setdefault(owner, deque()).append(turn)
            self._begin_next()
        return turn

    def place_of(self, turn: Turn) -> int:
        """See `Turn.place`."""
        with self._lock:
            own = self._waiting.get(turn.owner, deque())
            if turn not in own:
                return 0
            n_before = own.index(turn)
            place, is_passed = 0, False
            for owner, turns in self._waiting.items():
                is_passed = is_passed or owner == turn.owner
                place += min(len(turns), n_before + (not is_passed or owner == turn.owner))
            return place

    def end(self, turn: Turn) -> None:
        """See `Turn.end`."""
        with self._lock:
            self._begun.discard(turn)
            own = self._waiting.get(turn.owner)
            if own is not None and turn in own:
                own.remove(turn)
                if not own:
                    del self._waiting[turn.owner]
            self._begin_next()

    def _begin_next(self) -> None:
        while self._waiting and len(self._begun) < self._n_at_once:
            owner, turns = self._waiting.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._waiting[owner] = turns  # behind all others
            self._begun.add(turn)
            turn._begun.set()
