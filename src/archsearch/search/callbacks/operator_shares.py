"""Which operators the architectures of a run have, counted in their texts."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from archsearch.archive import Trial

SPANS = 10  # of a run
_OPERATOR = re.compile(r"\b([A-Z][A-Za-z0-9]*)\(")


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
