"""The load test: one analyst alone, many at once, one alone again, on one server.

Stage: load.
"""

import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geocore.inference.bundle import DEFAULT_BUNDLE, list_bundles
from geocore.load.analyst import Analyst, Diary
from geocore.load.photos import OwnPhoto, own_photos
from geocore.load.report import LoadReport, Phase
from geocore.load.server import Server, served

_N_WARM_UP, _N_AFTERWARDS = 2, 5
_DAY_S = 86_400.0
_PATIENCE_S = 600.0
_N_TOLD = 3


@dataclass(frozen=True, kw_only=True)
class LoadPlan:
    """How much load.

    Attributes:
        n_analysts: at once, 1 … 100.
        minutes: for how long.
        alone_minutes: for how long one of them works alone beforehand.
        pause_s: mean of the pauses in which an analyst reads; they make two to three per photo.
        n_first_drop: photos that the first analyst puts on the case desk at the beginning.

    Raises:
        ValueError: a number is out of range.
    """

    n_analysts: int = 20
    minutes: float = 10.0
    alone_minutes: float = 1.5
    pause_s: float = 5.0
    n_first_drop: int = 100

    def __post_init__(self) -> None:
        if not 1 <= self.n_analysts <= 100:
            raise ValueError(f"n_analysts must be 1 to 100, received {self.n_analysts}.")
        if min(self.minutes, self.alone_minutes, self.pause_s, self.n_first_drop) < 0:
            raise ValueError("minutes, alone_minutes, pause_s and n_first_drop must not be below 0")


def load_test(plan: LoadPlan, tell: Callable[[str], None]) -> LoadReport:
    """Carry out a plan on the shipped bundle.

    Args:
        plan: how much load.
        tell: called with a sentence at each stage.
    """
    tell("answers that must come out are computed without a server")
    photos = own_photos(plan.n_analysts, list_bundles(DEFAULT_BUNDLE)[0])
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as server:
        first = _alone(server, photos[0], plan, n_rounds=1)
        first_answer_s = server.age_s
        tell(f"first answer {first_answer_s:.0f} s after the start of the dashboard")
        warm = _alone(server, photos[0], plan, n_rounds=_N_WARM_UP)
        alone = _alone(server, photos[0], plan, minutes=plan.alone_minutes)
        tell(f"one analyst alone: {alone.words}")
        crowd = _crowd(server, photos, plan, tell)
        tell(f"{plan.n_analysts} analysts: {crowd.words}")
        afterwards = _alone(server, photos[0], plan, n_rounds=_N_AFTERWARDS)
        problems = [p for x in (first, warm, alone, crowd, afterwards) for p in x.problems]
        return LoadReport(
            n_analysts=plan.n_analysts, minutes=plan.minutes, pause_s=plan.pause_s,
            n_first_drop=plan.n_first_drop, n_cores=os.cpu_count() or 0,
            first_answer_s=first_answer_s, alone=alone, crowd=crowd, afterwards=afterwards,
            problems=problems, memory=list(server.memory),
        )  # fmt: skip


def _alone(
    server: Server,
    photos: list[OwnPhoto],
    plan: LoadPlan,
    *,
    minutes: float | None = None,
    n_rounds: int | None = None,
) -> Phase:
    diary = Diary()
    pause_s = 0.0 if minutes is None else plan.pause_s
    analyst = Analyst(url=server.url, number=99, photos=photos, diary=diary, pause_s=pause_s)
    started, cpu_s = server.age_s, server.cpu_s
    until = time.monotonic() + (_DAY_S if minutes is None else minutes * 60)
    analyst.work(until, threading.Event(), n_rounds)
    return Phase.of(diary, server, started, cpu_s)


def _crowd(
    server: Server, photos: list[list[OwnPhoto]], plan: LoadPlan, tell: Callable[[str], None]
) -> Phase:
    diary, stop = Diary(), threading.Event()
    until = time.monotonic() + plan.minutes * 60
    last = plan.n_analysts - 1
    analysts = [
        Analyst(
            url=server.url, number=number, photos=own, diary=diary, pause_s=plan.pause_s,
            first_drop=plan.n_first_drop if number == 0 else 0, leaves=number == last > 0,
        )
        for number, own in enumerate(photos)
    ]  # fmt: skip
    started, cpu_s = server.age_s, server.cpu_s
    threads = [threading.Thread(target=one.work, args=(until, stop)) for one in analysts]
    for thread in threads:
        thread.start()
        time.sleep(min(1.0, plan.pause_s))
    while time.monotonic() < until:
        time.sleep(min(60.0, max(0.0, until - time.monotonic())))
        tell(f"{Phase.of(diary, server, started, cpu_s).words}; problems: {len(diary.problems)}")
        for problem in diary.problems[:_N_TOLD]:
            tell(problem)
    for thread in threads:
        thread.join(_PATIENCE_S)
    if late := sum(thread.is_alive() for thread in threads):
        diary.problems.append(f"{late} analysts did not come to an end in {_PATIENCE_S:.0f} s")
        stop.set()
    return Phase.of(diary, server, started, cpu_s)
