"""Charts of two figures of each trial: predictors against truth, one measure against another."""

from collections.abc import Sequence
from statistics import quantiles

from archsearch.report.chart import COLOURS, GREY, Chart, canvas, label
from archsearch.report.run_record import RunRecord
from archsearch.report.settings import Comparison, Setting
from archsearch.search.callbacks import value_pairs
from archsearch.search.callbacks.value_pairs import Pairs

LEAST = 3  # points


def estimates(run: RunRecord, name: str) -> Chart | None:
    """What a predictor of cells expected, against what was measured."""
    pairs = value_pairs.estimates(run.proposed)
    caption = (
        f"Predictor against truth in {run.name}: fitness of {len(pairs)} cells as predicted before "
        "their training and as measured. On the line both are equal."
    )
    return _truth_chart(pairs, "fitness", name, caption)


def guesses(comparison: Comparison, setting: Setting, name: str) -> Chart | None:
    """What a predictor of curves made of trainings that stopped early, against the same trainings
    in full, as far as any run of the comparison has them."""
    everyone = [trial for run in comparison.runs for trial in run.trials]
    pairs = value_pairs.guesses((t for run in setting.runs for t in run.trials), everyone)
    caption = (
        f"Predictor against truth: {comparison.metric_name} of {len(pairs)} trainings that "
        f"{setting.label} stopped early, as predicted for the last epoch and as measured where "
        "another run did the same training in full. On the line both are equal."
    )
    return _truth_chart(pairs, label(comparison.metric_name), name, caption)


def _truth_chart(pairs: Pairs, figure: str, name: str, caption: str) -> Chart | None:
    if len(pairs) < LEAST:
        return None
    inside = _without_far_off(pairs)
    both = [value for pair in inside for value in pair]
    with canvas() as drawing:
        axes = drawing.axes(f"predicted {figure}", f"measured {figure}")
        axes.plot([min(both), max(both)], [min(both), max(both)], color=GREY, linewidth=0.8)
        axes.plot(*zip(*inside, strict=True), ".", color=COLOURS[0], markersize=4)
        return drawing.chart(name, f"{caption}{_left_out(pairs, inside)}")


def measures(run: RunRecord, name: str) -> Chart | None:
    """The metric against what else validation measured, as Schrimpf et al. (2017) hold BLEU
    against the loss; None where it measured nothing else."""
    found = value_pairs.measures(run.proposed)
    if found is None or len(found[1]) < LEAST:
        return None
    measure, pairs = found
    inside = _without_far_off(pairs)
    with canvas() as drawing:
        axes = drawing.axes(f"validation {label(measure)}", label(run.metric_name))
        axes.plot(*zip(*inside, strict=True), ".", color=COLOURS[0], markersize=4)
        return drawing.chart(
            name, f"Two measures of the cells of {run.name}: {run.metric_name} against {measure} "
            "after the last epoch. Schrimpf et al. (2017) look at BLEU against loss like this."
            f"{_left_out(pairs, inside)}",
        )  # fmt: skip


def _left_out(pairs: Pairs, inside: Pairs) -> str:
    count = len(pairs) - len(inside)
    return f" {count} far off are not shown." if count else ""


def _without_far_off(pairs: Pairs) -> Pairs:
    (left, right), (low, high) = (middle(values) for values in zip(*pairs, strict=True))
    return [(x, y) for x, y in pairs if left <= x <= right and low <= y <= high]


def middle(values: Sequence[float]) -> tuple[float, float]:
    """Bounds that leave out what lies far from the middle half."""
    first, _, third = quantiles(values, n=4, method="inclusive")
    room = 3 * (third - first)
    return first - room, third + room
