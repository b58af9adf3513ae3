"""What candidates were made of, and what each way to make them brought."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from archsearch.archive import Trial

SPANS = 10  # of a run
_OPERATOR = re.compile(r"\b([A-Z][A-Za-z0-9]*)\(")


class Brought(NamedTuple):
    """By one operation, such as crossover. The metrics are None where all trials failed."""

    operation: str
    num_trials: int
    num_failed: int
    median: float | None
    best: float | None


def by_origin(trials: Iterable[Trial]) -> list[Brought]:
    """In the order in which the operations first came up."""
    made: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        made[trial.candidate.origin.operation.replace("_", " ")].append(trial)
    return [_brought(operation, of_it) for operation, of_it in made.items()]


def _brought(operation: str, trials: list[Trial]) -> Brought:
    ok = [trial for trial in trials if trial.metric is not None]
    metrics = [trial.metric for trial in sorted(ok, key=lambda trial: -trial.fitness)]
    median, best = (metrics[len(metrics) // 2], metrics[0]) if metrics else (None, None)
    return Brought(operation, len(trials), len(trials) - len(ok), median, best)


def count_operators(text: str) -> Counter[str]:
    """Of the text of a cell; a node that is used twice is written, and counted, once."""
    return Counter(_OPERATOR.findall(text))


def operator_shares(trials: Sequence[Trial]) -> list[tuple[int, dict[str, float]]]:
    """For each tenth of the trials the number of its last one and the operators' shares, which sum
    to 1. A tenth without an operator is left out."""
    size = max(1, math.ceil(len(trials) / SPANS))
    found = []
    for start in range(0, len(trials), size):
        span = trials[start : start + size]
        counts: Counter[str] = Counter()
        for trial in span:
            counts.update(count_operators(str(trial.candidate.architecture)))
        if total := counts.total():
            shares = {name: count / total for name, count in counts.items()}
            found.append((start + len(span), shares))
    return found


def species(trials: Iterable[Trial]) -> Mapping[int, Counter[int]]:
    """How many trials each species had in each generation; empty for strategies without."""
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for trial in trials:
        origin = trial.origin
        if origin.species is not None and origin.generation is not None:
            counts[origin.generation][origin.species] += 1
    return dict(sorted(counts.items()))
