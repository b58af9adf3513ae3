"""A found cell beside the best reference, in words: what each reached, and how large it is."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from archsearch.report.run_record import RunRecord
from archsearch.report.settings import best_reference
from archsearch.search.callbacks.wording import metric_text, params_text, reference_name

ANECDOTE = "one seed per setting, so each figure is an anecdote"
BITS = "bits per character"
SAME_SIZE = 1.02  # the ratio of two numbers of parameters up to which they count as equal
# Tasks of characters by what loads their text; a text of one's own says its level.
_CHARACTERS = (
    "archsearch.data.load_xml",
    "archsearch.data.load_ptb_char",
    "archsearch.data.load_shakespeare",
)


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


def reference_result(run: RunRecord) -> Result | None:
    """Of the best reference cell of a search."""
    reference = best_reference(run)
    if reference is None or reference.metric is None:
        return None
    name = f"best reference {reference_name(reference.candidate)}"
    return Result(name, reference.metric, reference.num_params)


def size_text(one: int | None, other: int | None) -> str:
    """Whether two numbers of parameters are as good as equal."""
    if one is None or other is None:
        return "at sizes that are not known"
    is_same = max(one, other) <= SAME_SIZE * min(one, other)
    return "at equal size" if is_same else "not at equal size"


class Scale(NamedTuple):
    """How figures of a task's metric read."""

    metric_name: str  # as results have it
    lower_is_better: bool
    is_of_characters: bool

    @property
    def name(self) -> str:
        if self.metric_name == "bits a symbol":
            return BITS if self.is_of_characters else "bits per symbol"
        return self.metric_name

    @property
    def heading(self) -> str:
        return f"{self.name}, {'lower' if self.lower_is_better else 'higher'} is better"

    @property
    def has_bits(self) -> bool:
        """Whether the field would give its figures in bits per character."""
        return self.is_of_characters and self.metric_name == "perplexity"

    def bits(self, perplexity: float | None) -> tuple[float | None, ...]:
        """What the column of bits per character has; nothing where there is none."""
        if not self.has_bits:
            return ()
        return (None if perplexity is None else math.log2(perplexity),)

    def text(self, metric: float) -> str:
        bits = "".join(f" ({metric_text(bits)} {BITS})" for bits in self.bits(metric))
        return metric_text(metric) + bits


def scale_of(run: RunRecord) -> Scale:
    """That of a search's metric."""
    is_characters = is_of_characters(run.config["task"])
    return Scale(run.metric_name, run.lower_is_better, is_characters)


def is_of_characters(task: Mapping[str, Any]) -> bool:
    """Whether the symbols of a task, as its configuration has it, are characters."""
    corpus = task.get("corpus")
    if not isinstance(corpus, Mapping):
        return False
    return corpus.get("_target_") in _CHARACTERS or corpus.get("level") == "character"
