"""What a load test found, as a table and as JSON.

Stage: load. It must not know how the load was made.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from geocore.load.analyst import ANSWER, Diary
from geocore.load.server import Server

_SHOWN_PROBLEMS = 20


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A part of the test.

    Attributes:
        from_s: seconds since the start of the dashboard.
        to_s: likewise.
        cpu_s: processor time of the dashboard, user and system.
        seconds: per kind of step how long each took.
        problems: sentences.
        largest_place: the largest place in line that anybody was shown; 0 where nobody waited.
        n_places: how often a place was shown.
        n_left: pages that were closed while they worked.
    """

    from_s: float
    to_s: float
    cpu_s: float
    seconds: dict[str, list[float]]
    problems: list[str]
    largest_place: int
    n_places: int
    n_left: int

    @classmethod
    def of(cls, diary: Diary, server: Server, from_s: float, cpu_s: float) -> "Phase":
        """What has been noted so far."""
        return cls(
            from_s=from_s,
            to_s=server.age_s,
            cpu_s=server.cpu_s - cpu_s,
            seconds={step: list(seconds) for step, seconds in diary.seconds.items()},
            problems=list(diary.problems),
            largest_place=max(diary.places, default=0),
            n_places=len(diary.places),
            n_left=diary.n_left,
        )

    @property
    def n_answers(self) -> int:
        """Photos that were answered on page 2."""
        return len(self.seconds.get(ANSWER, []))

    def percentile(self, step: str, q: float) -> float:
        """Seconds of a step; NaN if it never happened."""
        seconds = self.seconds.get(step, [])
        return float(np.percentile(seconds, q)) if seconds else float("nan")

    @property
    def words(self) -> str:
        """The answers in one line."""
        p50, p95 = self.percentile(ANSWER, 50), self.percentile(ANSWER, 95)
        return f"{self.n_answers} answers, half within {p50:.1f} s, 95 % within {p95:.1f} s"


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """The whole test; times in seconds, memory in MB."""

    n_analysts: int
    minutes: float
    pause_s: float
    n_first_drop: int
    n_cores: int
    first_answer_s: float
    alone: Phase
    crowd: Phase
    afterwards: Phase
    problems: list[str]
    memory: list[tuple[float, float]]

    @property
    def memory_slope(self) -> float:
        """MB per minute in the second half of the crowd's time; NaN for too short a time."""
        return self._slope(self._second_half())

    def table(self) -> str:
        """For the terminal."""
        crowd, alone = self.crowd, self.alone
        lines = [f"{'':26}{'alone':>18}{f'{self.n_analysts} analysts':>18}{'afterwards':>18}"]
        lines.append(f"{'seconds, half/95 % within':26}")
        for step in crowd.seconds:
            cells = "".join(_cell(phase, step) for phase in (alone, crowd, self.afterwards))
            lines.append(f"{step:26}{cells}")
        half = [megabytes for _, megabytes in self._second_half()]
        lines += [
            f"first answer after the start: {self.first_answer_s:.1f} s",
            f"processor time per answer, all else included: alone {_cpu(alone)}, "
            f"together {_cpu(crowd)}",
            f"memory: {self.memory[0][1]:.0f} MB at first, second half {min(half, default=0):.0f} "
            f"to {max(half, default=0):.0f} MB, {self.memory_slope:+.1f} MB per minute",
            f"largest place in line {crowd.largest_place}, shown {crowd.n_places} times; "
            f"{crowd.n_left} pages closed while they worked",
            f"problems: {len(self.problems)}",
            *self.problems[:_SHOWN_PROBLEMS],
        ]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Everything that was measured, with the figures of the table."""
        figures = {
            name: {
                step: {"n": len(s), "p50_s": phase.percentile(step, 50),
                       "p95_s": phase.percentile(step, 95)}
                for step, s in phase.seconds.items()
            }
            for name, phase in (
                ("alone", self.alone), ("crowd", self.crowd), ("afterwards", self.afterwards)
            )
        }  # fmt: skip
        slope = self.memory_slope
        return {"figures": figures, "memory_mb_per_minute": slope} | asdict(self)

    def _second_half(self) -> list[tuple[float, float]]:
        middle = (self.crowd.from_s + self.crowd.to_s) / 2
        return [(s, mb) for s, mb in self.memory if middle <= s <= self.crowd.to_s]

    @staticmethod
    def _slope(memory: list[tuple[float, float]]) -> float:
        if len(memory) < 3:
            return float("nan")
        seconds, megabytes = np.array(memory).T
        return float(np.polyfit(seconds / 60, megabytes, 1)[0])


def _cell(phase: Phase, step: str) -> str:
    n = len(phase.seconds.get(step, []))
    figures = f"{phase.percentile(step, 50):.1f}/{phase.percentile(step, 95):.1f} ({n})"
    return f"{figures if n else '-':>18}"


def _cpu(phase: Phase) -> str:
    return f"{phase.cpu_s / phase.n_answers:.1f} s" if phase.n_answers else "unknown"
