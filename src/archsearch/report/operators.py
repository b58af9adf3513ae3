"""Which operators the cells of a run have, counted in their texts."""

import math
import re
from collections import Counter

from archsearch.report.run_record import RunRecord

SPANS = 10  # of a run
_OPERATOR = re.compile(r"\b([A-Z][A-Za-z0-9]*)\(")


def count_operators(text: str) -> Counter[str]:
    """Of the text of a cell; a node that is used twice is written, and counted, once."""
    return Counter(_OPERATOR.findall(text))


def operator_shares(run: RunRecord) -> list[tuple[int, dict[str, float]]]:
    """For each tenth of the run the number of its last trial and the operators' shares, which sum
    to 1. A tenth without an operator is left out."""
    size = max(1, math.ceil(len(run.proposed) / SPANS))
    found = []
    for start in range(0, len(run.proposed), size):
        span = run.proposed[start : start + size]
        counts: Counter[str] = Counter()
        for trial in span:
            counts.update(count_operators(str(trial.candidate.architecture)))
        if total := counts.total():
            shares = {name: count / total for name, count in counts.items()}
            found.append((start + len(span), shares))
    return found
