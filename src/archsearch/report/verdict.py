"""A found cell beside the best reference, in words: what each reached, and how large it is."""

import math
from typing import NamedTuple

from archsearch.archive import Metric
from archsearch.run import Run
from archsearch.search.callbacks.wording import metric_text, params_text

ANECDOTE = "one seed per setting, so each figure is an anecdote"
BITS = "bits per character"
SAME_SIZE = 1.02  # the ratio of two numbers of parameters up to which they count as equal


class Result(NamedTuple):
    """What a cell reached, at how many parameters."""

    name: str
    metric: float
    num_params: int | None


def standing(one: Result, other: Result | None, scale: "Scale") -> str:
    """Such as "found cell 12.631 with 59.7k parameters; best reference gru 12.931 with 26.7k"."""
    words = f"{one.name} {scale.text(one.metric)} with {params_text(one.num_params)} parameters"
    if other is None:
        return f"{words}; nothing beside it"
    size = params_text(other.num_params)
    return f"{words}; {other.name} {scale.text(other.metric)} with {size}"


def reference_result(run: Run) -> Result | None:
    """Of the best reference cell of a search."""
    reference = run.best_reference
    if reference is None or reference.metric is None:
        return None
    name = f"best reference {reference.origin.reference}"
    return Result(name, reference.metric, reference.num_params)


def size_text(one: int | None, other: int | None) -> str:
    """Whether two numbers of parameters are as good as equal."""
    if one is None or other is None:
        return "at sizes that are not known"
    is_same = max(one, other) <= SAME_SIZE * min(one, other)
    return "at equal size" if is_same else "not at equal size"


class Scale(NamedTuple):
    """How figures of a metric read."""

    metric: Metric

    @property
    def name(self) -> str:
        if self.metric.name == "bits a symbol":
            return f"bits per {self.metric.symbol or 'symbol'}"
        return self.metric.name

    @property
    def heading(self) -> str:
        lower = self.metric.lower_is_better
        if lower is None:
            return f"{self.name}; an earlier revision did not note which way is better"
        return f"{self.name}, {'lower' if lower else 'higher'} is better"

    @property
    def has_bits(self) -> bool:
        """Whether the field would give its figures in bits per character."""
        return self.metric.symbol == "character" and self.metric.name == "perplexity"

    def bits(self, perplexity: float | None) -> tuple[float | None, ...]:
        """What the column of bits per character has; nothing where there is none."""
        if not self.has_bits:
            return ()
        return (None if perplexity is None else math.log2(perplexity),)

    def text(self, metric: float) -> str:
        bits = "".join(f" ({metric_text(bits)} {BITS})" for bits in self.bits(metric))
        return metric_text(metric) + bits
