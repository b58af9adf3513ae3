"""Strategies without evaluation: a loop with the search's rule, and a landscape of known optimum.

As a program it prints what a strategy proposes: `python toy_landscape.py gp_neat`.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable

from archsearch.archive import Candidate, Status, Trial
from archsearch.cell import Cell
from archsearch.search import GPNEAT, RandomSearch, Strategy
from archsearch.search.operators.insert import insert
from archsearch.search.operators.replace import replace
from archsearch.search.operators.shrink import shrink
from archsearch.space import GPTreeSpace, tree_distance

SPACE = GPTreeSpace()

# Each strategy, from a seed, with all that its conformance needs; add yours here.
STRATEGIES: dict[str, Callable[[int], Strategy]] = {
    "random": lambda seed: RandomSearch(SPACE, random.Random(seed)),
    "gp_neat": lambda seed: GPNEAT(
        SPACE, random.Random(seed), population_size=20, max_active_species=3
    ),
}

Landscape = Callable[[Cell], float | None]


class TowardsTarget:
    """0 for cells of the target's form and operators, else below: at worst −2.

    The target is 24 random mutations away from a start tree: no strategy draws from there.
    """

    def __init__(self, seed: int) -> None:
        rng = random.Random(f"target {seed}")
        genome = SPACE.start(rng)
        for _ in range(24):
            genome = rng.choice((insert, replace, shrink))(genome, SPACE, rng) or genome
        self.target = SPACE.decode(genome)
        self.operators = Counter(node.op for node in self.target.nodes)

    def __call__(self, cell: Cell) -> float:
        operators = Counter(node.op for node in cell.nodes)
        shared, either = operators & self.operators, operators | self.operators
        disagreement = 1 - shared.total() / either.total()
        return -tree_distance(cell, self.target) - disagreement


def drive(
    strategy: Strategy,
    landscape: Landscape,
    num_trials: int,
    *,
    window: int = 8,
    order: random.Random | None = None,
    told: tuple[Trial, ...] = (),
) -> list[Trial]:
    """Trials in the order of their tells: those of `told` again, then those of the landscape.

    After each tell asks until `window` are in flight or the strategy waits. Tells the oldest one
    next, or one that `order` draws. A fitness of None is a failed trial.
    """
    trials: list[Trial] = []
    in_flight: dict[int, Candidate] = {}
    asked = 0
    while len(trials) < num_trials:
        while len(in_flight) < window:
            proposal = strategy.ask(asked)
            if proposal is None:
                break
            in_flight[asked] = Candidate(
                asked, proposal.architecture, proposal.genome, proposal.origin
            )
            asked += 1
        assert in_flight, "waits for results that it was told"
        if len(trials) < len(told):
            number = told[len(trials)].candidate.number
        else:
            number = order.choice(list(in_flight)) if order else min(in_flight)
        trial = _trial(in_flight.pop(number), landscape)
        strategy.tell(trial)
        trials.append(trial)
    return trials


def _trial(candidate: Candidate, landscape: Landscape) -> Trial:
    fitness = landscape(candidate.architecture)
    if fitness is None:
        return Trial.failed(candidate, Status.DIVERGED, 0, "toy", 0.0)
    return Trial(candidate, Status.OK, 0, (), -fitness, fitness, 1, 0.0)


def history(strategy: str, num_trials: int = 60) -> list[str]:
    trials = drive(STRATEGIES[strategy](11), TowardsTarget(0), num_trials)
    return [f"{t.candidate.number} {t.candidate.key} {t.candidate.origin}" for t in trials]


if __name__ == "__main__":
    sys.stdout.write("\n".join(history(sys.argv[1])))
