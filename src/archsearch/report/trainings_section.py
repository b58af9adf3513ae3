"""What the page says of trainings: means, differences and verdicts, each of them."""

import statistics
from collections.abc import Sequence

from archsearch.findings.differences import LEAST_SEEDS
from archsearch.findings.trainings import TrainedCell, TrainingComparison, TrainingRecord
from archsearch.report.difference_blocks import difference_blocks
from archsearch.report.page import Block, Charts, Fold, Listing, Paragraph, Section
from archsearch.report.table import Seconds, Table, Value, table
from archsearch.train.files import WEIGHTS
from archsearch.wording import BITS, Scale


def trainings_section(
    comparisons: Sequence[TrainingComparison], trainings: Sequence[TrainingRecord]
) -> Section:
    """A part for each setting of each task; before them all trainings, one by one, in a fold."""
    parts = tuple(_part(each, f"trainings-{i + 1}") for i, each in enumerate(comparisons))
    every: list[Block] = [Fold("Every training", (_every_training(trainings),))]
    return Section("trainings", "Trainings of single cells", (*_failures(trainings), *every), parts)


def _part(comparison: TrainingComparison, name: str) -> Section:
    blocks: list[Block] = [_means(comparison, f"{name}-means")]
    if comparison.differences:
        blocks.append(Paragraph(_about_differences(comparison)))
        metric = comparison.scale.name
        blocks += difference_blocks(comparison.differences, f"{name}-differences", metric)
        blocks += _traces(*comparison.pairs[0], f"{name}-traces")
    return Section(name, comparison.title, tuple(blocks))


def _about_differences(comparison: TrainingComparison) -> str:
    found_best = comparison.reference is not None and bool(comparison.found)
    pairs = "each cell and the best reference" if found_best else "every two cells"
    count = len(comparison.differences)
    of_all = f" of all {count} comparisons together (Bonferroni)" if count > 1 else ""
    return (
        f"Differences between trainings under the same seed, of {pairs}. Intervals are Student's t "
        f"for the mean over seeds, at 95%{of_all}."
    )


def _means(comparison: TrainingComparison, name: str) -> Table:
    """A row a cell."""
    scale = comparison.scale
    columns = (
        "cell", f"mean {comparison.split} {scale.name}", "from", "to",
        *((BITS,) if scale.has_bits else ()), "parameters", "seeds", "failed", "time", "text",
    )  # fmt: skip
    caption = (
        f"Means over seeds with their 95% interval (Student's t, from {LEAST_SEEDS} seeds on); "
        f"{scale.heading}. The time is the mean of a training."
    )
    if scale.has_bits:
        caption += f" Of the mean perplexity, {BITS} are the logarithm to base 2."
    return table(name, caption, columns, [_mean_row(cell, scale) for cell in comparison.cells])


def _mean_row(cell: TrainedCell, scale: Scale) -> tuple[Value, ...]:
    mean, low, high = cell.interval
    count = len(cell.by_seed)
    return (
        cell.name,
        mean if count else None,
        *((low, high) if count >= LEAST_SEEDS else (None, None)),
        *scale.bits(mean if count else None),
        cell.num_params,
        count,
        cell.num_failed,
        Seconds(statistics.fmean(each.facts["wall_seconds"] for each in cell.trainings)),
        cell.first.text,
    )


def _every_training(trainings: Sequence[TrainingRecord]) -> Table:
    """By task; the smallest networks first, so that those of equal size stand together."""
    rows = [_training_row(training) for training in trainings]
    columns = (
        "task", "budget", "cell", "parameters", "width", "seed", "metric", "valid", "test", "time",
        "outcome", "directory",
    )  # fmt: skip
    caption = "All trainings. Width: of the layers, where match_parameters chose it or the budget."
    key = lambda row: (str(row[0]), str(row[1]), row[3] or 0, row[5])  # noqa: E731
    return table("trainings", caption, columns, sorted(rows, key=key))


def _training_row(training: TrainingRecord) -> tuple[Value, ...]:
    facts = training.facts
    width = facts.get("budget", {}).get("hidden_size")
    return (
        facts["task"], training.config.budget.name, training.cell, facts["num_params"], width,
        facts["seed"], facts["metric"], facts.get("valid"), facts.get("test"),
        Seconds(facts["wall_seconds"]), "finished" if training.cause is None else "failed",
        training.name,
    )  # fmt: skip


def _failures(trainings: Sequence[TrainingRecord]) -> list[Block]:
    failed = [training for training in trainings if training.cause is not None]
    if not failed:
        return []
    items = tuple(f"{each.name}, {each.cell}: {each.cause}" for each in failed)
    count = f"{len(failed)} of {len(trainings)} trainings failed."
    return [Paragraph(count), Listing(items)]


def _traces(one: TrainedCell, other: TrainedCell, name: str) -> list[Block]:
    """Hidden states of two cells that read the same text, where both have left their weights."""
    seeds = [seed for seed in one.by_seed if seed in other.by_seed]
    chosen = [training for cell in (one, other) if (training := _with_weights(cell, seeds))]
    if len(chosen) < 2:
        return []
    # Here, because torch takes seconds to import.
    from archsearch.data import DataError
    from archsearch.report.traces import read_trace, trace_chart

    try:
        traces = [trace for training in chosen if (trace := read_trace(training))]
    except DataError as error:
        return [Paragraph(f"No hidden states: {error}")]
    is_pair = len(traces) == 2 and traces[0].symbols == traces[1].symbols
    return [Charts((trace_chart(traces, name),))] if is_pair else []


def _with_weights(cell: TrainedCell, seeds: Sequence[int]) -> TrainingRecord | None:
    """Of the trainings that have left their weights, the first under one of the seeds."""
    whole = [each for each in cell.done if (each.folder / WEIGHTS).is_file()]
    under = [each for each in whole if each.facts["seed"] in seeds]
    return next(iter([*under, *whole]), None)
