"""What candidates were made of, and what each way to make them brought."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from archsearch.archive import Trial

SPANS = 10  # of a run
MAX_LAYERS, OTHERS = 10, "others"
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


class Layers(NamedTuple):
    """Counts or shares of several names at each of several places, which lie on top of each other.

    rows: by name, a value for each place; the rarest names are OTHERS together.
    labels: of the places and of the values.
    """

    name: str
    places: Sequence[int]
    rows: Mapping[str, Sequence[float]]
    labels: tuple[str, str]
    caption: str


def layers(trials: Sequence[Trial], run_name: str) -> list[Layers]:
    """Species over generations, and operators over the run, as far as the trials have them."""
    found = []
    if generations := species(trials):
        caption = (
            f"Species of {run_name}: how many trials each had in each generation. "
            f"{len(set().union(*generations.values()))} species in {len(generations)} generations."
        )
        labels = "generation", "trials of a species"
        found.append(Layers("species", [*generations], _rows(generations), labels, caption))
    if len(spans := operator_shares(trials)) > 1:
        caption = (
            f"Operators in the cells that {run_name} proposed, a share for each tenth of the run; "
            "after Schrimpf et al. (2017). An operator has one colour and pattern on all charts."
        )
        labels = "trials", "share of all operators"
        found.append(Layers("operators", [*spans], _rows(spans), labels, caption))
    return found


def _rows(by_place: Mapping[int, Mapping[str, float]]) -> dict[str, list[float]]:
    """The most frequent names in the order in which they came up, then all others together."""
    totals: Counter[str] = Counter()
    for values in by_place.values():
        totals.update(values)  # shares are counted as counts are
    frequent = {name for name, _ in totals.most_common(MAX_LAYERS)}
    rows = {
        name: [float(values.get(name, 0)) for values in by_place.values()]
        for name in totals
        if name in frequent
    }
    if len(totals) > len(rows):
        shown = map(sum, zip(*rows.values(), strict=True))
        rows[OTHERS] = [
            sum(values.values()) - known
            for values, known in zip(by_place.values(), shown, strict=True)
        ]
    return rows


def operator_shares(trials: Sequence[Trial]) -> Mapping[int, Mapping[str, float]]:
    """For each tenth of the trials, by the number of its last one, the operators' shares, which sum
    to 1. A node that is used twice is written, and counted, once. A tenth without an operator is
    left out."""
    size = max(1, math.ceil(len(trials) / SPANS))
    found = {}
    for start in range(0, len(trials), size):
        span = trials[start : start + size]
        texts = (str(trial.candidate.architecture) for trial in span)
        counts = Counter(name for text in texts for name in _OPERATOR.findall(text))
        if total := counts.total():
            found[start + len(span)] = {name: count / total for name, count in counts.items()}
    return found


def species(trials: Iterable[Trial]) -> Mapping[int, Mapping[str, int]]:
    """How many trials each species had in each generation; empty for strategies without."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for trial in trials:
        origin = trial.origin
        if origin.species is not None and origin.generation is not None:
            counts[origin.generation][f"species {origin.species}"] += 1
    return dict(sorted(counts.items()))
