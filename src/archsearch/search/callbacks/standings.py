"""How a search stands: the best cell so far, the reference cells, the failures by kind."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from archsearch.archive import Status, Trial
from archsearch.search.callbacks.wording import reference_name


def fittest(trials: Iterable[Trial]) -> Trial | None:
    """The first of equal ones; None where all failed."""
    ok = [trial for trial in trials if trial.status is Status.OK]
    return max(ok, key=lambda trial: trial.fitness, default=None)


@dataclass
class Standings:
    """A fold over the trials of a run, in the order in which the strategy heard of them."""

    best: Trial | None = None  # of the strategy's trials; the first of equal ones
    references: dict[str, Trial] = field(default_factory=dict)
    failures: Counter[Status] = field(default_factory=Counter)  # a reused failure counts once
    num_trials: int = 0  # told, reference cells among them
    num_proposed: int = 0  # told, without the reference cells
    best_so_far: list[float] = field(default_factory=list)  # metric; one for each proposed trial
    #                                                         from the first that did not fail

    def add(self, trial: Trial) -> bool:
        """Take in one trial; say whether it is the best now."""
        self.num_trials += 1
        if trial.status is not Status.OK and trial.reused_from is None:
            self.failures[trial.status] += 1
        if name := reference_name(trial.candidate):
            self.references[name] = trial
            return False
        self.num_proposed += 1
        is_best = trial.status is Status.OK and (
            self.best is None or trial.fitness > self.best.fitness
        )
        if is_best:
            self.best = trial
        if self.best is not None and self.best.metric is not None:
            self.best_so_far.append(self.best.metric)
        return is_best

    @property
    def best_metric(self) -> float | None:
        return self.best.metric if self.best else None

    @property
    def best_reference(self) -> Trial | None:
        """The fittest of the reference cells, which the best cell is held against; None while none
        was trained without failing."""
        return fittest(self.references.values())
