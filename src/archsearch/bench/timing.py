"""Times of contenders that take turns.

Every contender runs once a round, so that what else a shared machine does slows all of them alike.
For the same reason the ratio of two contenders is the median of their ratios round by round, not
the ratio of their medians.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

WARM_UP_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of every round, in order."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.rounds)

    @property
    def minimum(self) -> float:
        return min(self.rounds)

    def over(self, other: "Times") -> float:
        """How many times as long as the other: the median over the rounds."""
        return median(a / b for a, b in zip(self.rounds, other.rounds, strict=True))


def take_turns(
    contenders: Mapping[str, Callable[[], object]], min_rounds: int, min_seconds: float
) -> dict[str, Times]:
    """The times of all contenders, over so many rounds and seconds at least.

    Rounds before the first that counts warm them up.
    """
    for _ in range(WARM_UP_ROUNDS):
        for run in contenders.values():
            run()
    milliseconds: dict[str, list[float]] = {name: [] for name in contenders}
    started = time.perf_counter()
    rounds = 0
    while rounds < min_rounds or time.perf_counter() - started < min_seconds:
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            milliseconds[name].append((time.perf_counter() - start) * 1e3)
        rounds += 1
    return {name: Times(tuple(values)) for name, values in milliseconds.items()}
