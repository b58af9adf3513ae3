"""Strategies without evaluation: a loop with the search's rule, and a landscape of known optimum.

As a program it prints what a strategy proposes: `python toy_landscape.py gp_neat`.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from archsearch.architecture import Architecture
from archsearch.archive import Candidate, Status, Trial
from archsearch.cell import Cell
from archsearch.search import GPNEAT, RandomSearch, Strategy
from archsearch.space import CellSpace, GPTreeSpace, tree_distance

Landscape = Callable[[Architecture], float | None]


@dataclass(frozen=True)
class Subject:
    """A strategy on a space that it claims, with all that its conformance needs.

    make: the strategy from a seed.
    num_trials: in which it finds better architectures than random search does.
    likeness: how much two architectures of the space have in common, 0 to 1.
    """

    space: CellSpace[Any]
    make: Callable[[int], Strategy]
    num_trials: int = 150
    likeness: Callable[[Any, Any], float] | None = None


def cell_likeness(cell: Cell, target: Cell) -> float:
    """Half of it for the form, half for the operators."""
    mine, its = (Counter(node.op for node in each.nodes) for each in (cell, target))
    return (
        0.5 * (1 - tree_distance(cell, target)) + 0.5 * (mine & its).total() / (mine | its).total()
    )


GP_TREE = GPTreeSpace()

# Add yours here: `strategy`, or `strategy on space` where it claims several.
SUBJECTS: dict[str, Subject] = {
    "random": Subject(GP_TREE, lambda seed: RandomSearch(GP_TREE, random.Random(seed))),
    "gp_neat": Subject(
        GP_TREE,
        lambda seed: GPNEAT(GP_TREE, random.Random(seed), population_size=20, max_active_species=3),
    ),
}


class TowardsTarget:
    """0 for the target, else below: at worst −1.

    The target is 24 random mutations away from a random genome: no strategy draws from there.
    """

    def __init__(self, subject: Subject, seed: int) -> None:
        rng = random.Random(f"target {seed}")
        genome = subject.space.sample(rng)
        for _ in range(24):
            genome = subject.space.mutate(genome, rng)
        self.target = subject.space.decode(genome)
        self._likeness = subject.likeness or cell_likeness

    def __call__(self, architecture: Architecture) -> float:
        return self._likeness(architecture, self.target) - 1


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
    recalled = {trial.candidate.number: trial.candidate for trial in told}
    asked = 0
    while len(trials) < num_trials:
        while len(in_flight) < window:
            if asked in recalled:
                proposal = strategy.recall(recalled[asked])
            else:
                proposal = strategy.ask(asked)
            if proposal is None:
                break
            in_flight[asked] = Candidate(
                asked,
                proposal.architecture,
                proposal.genome,
                proposal.origin,
                proposal.hyperparameters,
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


def history(name: str, num_trials: int = 60) -> list[str]:
    subject = SUBJECTS[name]
    trials = drive(subject.make(11), TowardsTarget(subject, 0), num_trials)
    return [f"{t.candidate.number} {t.candidate.key} {t.candidate.origin}" for t in trials]


if __name__ == "__main__":
    sys.stdout.write("\n".join(history(sys.argv[1])))
