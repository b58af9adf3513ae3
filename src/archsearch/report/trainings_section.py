"""What the page says of trainings: means, differences and verdicts, hidden states, each of them."""

import statistics
from collections.abc import Sequence

from archsearch.report.difference_blocks import difference_blocks
from archsearch.report.differences import LEAST_SEEDS
from archsearch.report.page import Block, Charts, Fold, Listing, Paragraph, Section
from archsearch.report.table import Seconds, Table, Value, table
from archsearch.report.training_findings import TrainedCell, TrainingComparison
from archsearch.report.training_record import TrainingRecord
from archsearch.report.verdict import BITS, Result, Scale, size_text, standing


def trainings_section(
    comparisons: Sequence[TrainingComparison], trainings: Sequence[TrainingRecord]
) -> Section:
    """A part for each setting of each task; before them all trainings, one by one, in a fold."""
    parts = tuple(_part(each, f"trainings-{i + 1}") for i, each in enumerate(comparisons))
    every: list[Block] = [Fold("Every training", (_every_training(trainings),))]
    return Section("trainings", "Trainings of single cells", (*_failures(trainings), *every), parts)


def trainings_summary(comparison: TrainingComparison) -> str:
    """The best cell that was found and the best reference, as one sentence."""
    scale = comparison.scale
    begin, end = comparison.title, f"The metric: {comparison.split} {scale.heading}."
    if not comparison.ranked:
        return f"{begin}: all trainings failed."
    if not comparison.pairs:
        return f"{begin}: {standing(_result(comparison.ranked[0]), None, scale)}. {end}"
    one, other = comparison.pairs[0]
    words = standing(
        _result(one), _result(other, best=one.is_reference != other.is_reference), scale
    )
    size = size_text(one.num_params, other.num_params)
    return f"{begin}: {words}; {size}, {comparison.differences[0].verdict}. {end}"


def _result(cell: TrainedCell, *, best: bool = False) -> Result:
    name = f"best reference {cell.name}" if best else cell.name
    return Result(name, cell.interval.mean, cell.num_params)


def _part(comparison: TrainingComparison, name: str) -> Section:
    blocks: list[Block] = [_means(comparison, f"{name}-means")]
    if comparison.differences:
        blocks.append(Paragraph(_about_differences(comparison)))
        metric = comparison.scale.name
        blocks += difference_blocks(comparison.differences, f"{name}-differences", metric)
    blocks += _traces(comparison, f"{name}-traces")
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


def _traces(comparison: TrainingComparison, name: str) -> list[Block]:
    """Hidden states of the best cell that was found, beside those of the best reference."""
    if not comparison.pairs:
        return []
    one, other = comparison.pairs[0]
    seeds = [seed for seed in one.by_seed if seed in other.by_seed]
    chosen = [_with_weights(cell, seeds) for cell in (one, other)]
    # Here, because torch takes seconds to import.
    from archsearch.data import DataError
    from archsearch.report.traces import read_trace, trace_chart

    try:
        traces = [read_trace(training) for training in chosen if training is not None]
    except DataError as error:
        return [Paragraph(f"No hidden states: {error}")]
    read = [trace for trace in traces if trace is not None]
    is_pair = len(read) == 2 and read[0].symbols == read[1].symbols
    return [Charts((trace_chart(read, name),))] if is_pair else []


def _with_weights(cell: TrainedCell, seeds: Sequence[int]) -> TrainingRecord | None:
    """Of the trainings that have left their weights, the first under one of the seeds."""
    whole = [each for each in cell.done if (each.folder / "model.safetensors").is_file()]
    under = [each for each in whole if each.facts["seed"] in seeds]
    return next(iter([*under, *whole]), None)
