"""The words for findings, the same wherever they are shown: figures, origins, verdicts."""

import math
import sys
from collections.abc import Mapping
from typing import NamedTuple

from archsearch.architecture import Architecture
from archsearch.archive import Candidate, Metric, Status, Trial

ANECDOTE = "one seed per setting, so each figure is an anecdote"
ONE_SEED = "one seed each shows nothing yet"
BITS = "bits per character"
MISSING = "-"
LEVEL = 0.0005  # of a metric: a smaller difference would read as 0.0%


def write_line(text: str) -> None:
    """A line on the terminal, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def metric_text(metric: float | None) -> str:
    """Five digits wherever the point stands: 1.0512, 182.41, 12346; enough to tell trials apart."""
    if metric is None:
        return MISSING
    return f"{metric:#.5g}".removesuffix(".")


def params_text(num_params: int | None) -> str:
    """950, 12.3k, 1.25M."""
    if num_params is None:
        return MISSING
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if num_params >= size:
            return f"{num_params / size:#.3g}".removesuffix(".") + unit
    return str(num_params)


def clock_text(seconds: float | None) -> str:
    """0:07, 12:40, 3:05:00."""
    if seconds is None:
        return MISSING
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def duration_text(seconds: float) -> str:
    """Short durations with a decimal, since whole trials of the smoke budget take less than one."""
    return f"{seconds:.1f}s" if seconds < 59.95 else clock_text(seconds)


def time_text(seconds: float) -> str:
    """8 s, 12 minutes, 3.4 hours, 2.1 days."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size:
            count = seconds / size
            return f"{count:.1f} {unit}s" if count < 10 else f"{count:.0f} {unit}s"
    return f"{seconds:.0f} s"


def bytes_text(size: int) -> str:
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.0f} MB"


def status_text(status: Status) -> str:
    return status.value.replace("_", " ")


def origin_text(candidate: Candidate) -> str:
    """Such as "reference lstm", "mutation of 9", "crossover of 5, 17"."""
    if name := candidate.origin.reference:
        return f"reference {name}"
    parents = ", ".join(str(parent) for parent in candidate.origin.parents)
    operation = candidate.origin.operation.replace("_", " ")
    return f"{operation} of {parents}" if parents else operation


def change_text(candidate: Candidate) -> str:
    """How it came about from its parents: "crossover, insert, replace"."""
    origin = candidate.origin
    return ", ".join([origin.operation.replace("_", " "), *origin.changes])


def cell_text(architecture: Architecture) -> str:
    """Its text on one line, a cell's statement of h_t first, for where only a part can be shown."""
    statements = [" ".join(statement.split()) for statement in str(architecture).split(";")]
    return "; ".join(sorted(statements, key=lambda statement: not statement.startswith("h_t =")))


def hyperparameters_text(candidate: Candidate) -> str:
    """Such as "learning_rate=0.004, num_layers=2"; empty where there are none."""
    return ", ".join(f"{name}={value:.4g}" for name, value in candidate.hyperparameters.items())


def outcome_text(trial: Trial) -> str:
    """The metric, or how the trial failed."""
    return metric_text(trial.metric) if trial.status is Status.OK else status_text(trial.status)


def cause_text(trial: Trial) -> str:
    """Why a trial failed, on one line."""
    return " ".join((trial.cause or "").split())


def failures_text(failures: Mapping[Status, int]) -> str:
    """The most frequent first: "diverged 2, timeout 1"."""
    by_count = sorted(failures.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{status_text(status)} {count}" for status, count in by_count)


def figures_text(figures: Mapping[str, int | float | str]) -> str:
    """A strategy's own figures: "generation 3, species 5"."""
    return ", ".join(
        f"{name.replace('_', ' ')} {value:.4g}"
        if isinstance(value, float)
        else f"{name.replace('_', ' ')} {value}"
        for name, value in figures.items()
    )


def result_text(trial: Trial, scale: "Scale") -> str:
    """Such as "trial 27, perplexity 12.631, 59.7k parameters"; a reference goes by its name."""
    assert trial.metric is not None
    name = trial.origin.reference or f"trial {trial.number}"
    size = f"{params_text(trial.num_params)} parameters"
    return f"{name}, {scale.name} {scale.text(trial.metric)}, {size}"


def found_lines(best: Trial | None, reference: Trial | None, scale: "Scale") -> list[str]:
    """What a search found: its best cell, the best reference, and what that shows."""
    if best is None:
        return ["no cell of the strategy was trained without failing"]
    lines = [f"best cell: {result_text(best, scale)}"]
    if reference is not None:
        lines.append(f"best reference: {result_text(reference, scale)}")
        lines.append(_verdict(best, reference))
    return lines


def comparison_text(best: Trial, reference: Trial) -> str:
    """Such as "2.1% better than gru, with 71% more parameters"."""
    lead, name = _lead(best, reference), reference.origin.reference
    size = _size_text(best.num_params, reference.num_params)
    if lead == 0:
        return f"level with {name}, with {size}"
    share = f"{abs(lead):.1%} " if math.isfinite(lead) else ""
    return f"{share}{'better' if lead > 0 else 'worse'} than {name}, with {size}"


def _verdict(best: Trial, reference: Trial) -> str:
    """What a search shows, which is little: each trained once, and one of them the best of many."""
    beaten = _lead(best, reference) > 0
    beginning = "the best cell" if beaten else "no cell beats the best reference: the best"
    return f"{beginning} is {comparison_text(best, reference)}; {ONE_SEED}"


def _lead(best: Trial, reference: Trial) -> float:
    """By which share of its metric the reference is beaten, or, below 0, is not; 0 where that is
    less than what is shown. Fitness says what is better, whichever way the metric goes."""
    assert best.metric is not None
    assert reference.metric is not None
    if best.metric == reference.metric:
        return 0.0
    change = abs(best.metric - reference.metric)
    share = change / abs(reference.metric) if reference.metric else math.inf
    return 0.0 if share < LEVEL else math.copysign(share, best.fitness - reference.fitness)


def _size_text(num_params: int | None, reference: int | None) -> str:
    if num_params is None or not reference:
        return "an unknown number of parameters"
    change = num_params / reference - 1
    if abs(change) < 0.005:
        return "as many parameters"
    return f"{abs(change):.0%} {'more' if change > 0 else 'fewer'} parameters"


def shortened(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 3)] + "..."


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
        if self.metric == Metric():
            return "one that an earlier revision did not note"
        if lower is None:
            return f"{self.name}, whose better direction an earlier revision did not note"
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
