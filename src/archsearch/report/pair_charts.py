"""Charts of two figures of each trial: predictors against truth, one measure against another."""

from archsearch.report.chart import COLOURS, GREY, Chart, canvas, label
from archsearch.report.far_off import beyond_text, middle, scatter, with_all, without_bad
from archsearch.report.settings import Comparison, Setting
from archsearch.run import Run
from archsearch.search.callbacks import value_pairs
from archsearch.search.callbacks.value_pairs import Pairs

LEAST = 3  # points


def estimates(run: Run, name: str) -> Chart | None:
    """What a predictor of cells expected, against what was measured."""
    pairs = value_pairs.estimates(run.proposed)
    caption = (
        f"Predictor against truth in {run.name}: fitness of {len(pairs)} cells as predicted before "
        "their training and as measured. On the line both are equal."
    )
    return _truth_chart(pairs, "fitness", name, caption, lower_is_better=False)


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
    metric, lower = label(comparison.metric_name), comparison.lower_is_better
    return _truth_chart(pairs, metric, name, caption, lower_is_better=lower)


def _truth_chart(
    pairs: Pairs, figure: str, name: str, caption: str, *, lower_is_better: bool | None
) -> Chart | None:
    if len(pairs) < LEAST:
        return None
    predicted, measured = zip(*pairs, strict=True)
    within = middle(predicted), without_bad(measured, lower_is_better=lower_is_better)
    with canvas() as drawing:
        axes = drawing.axes(f"predicted {figure}", f"measured {figure}")
        axes.axline((measured[0], measured[0]), slope=1, color=GREY, linewidth=0.8)
        scatter(axes, predicted, measured, within, s=8, color=COLOURS[0])
        return drawing.chart(name, caption + beyond_text(predicted, measured, within))


def measures(run: Run, name: str) -> Chart | None:
    """The metric against what else validation measured, as Schrimpf et al. (2017) hold BLEU
    against the loss; None where it measured nothing else."""
    found = value_pairs.measures(run.proposed)
    if found is None or len(found[1]) < LEAST:
        return None
    measure, pairs = found
    values, metrics = zip(*pairs, strict=True)
    # Which way a measure is good is not known; where the better half lies, it is shown.
    near = with_all(middle(values), [value for value, _ in pairs[: len(pairs) // 2]])
    within = near, without_bad(metrics, lower_is_better=run.metric.lower_is_better)
    with canvas() as drawing:
        axes = drawing.axes(f"validation {label(measure)}", label(run.metric_name))
        scatter(axes, values, metrics, within, s=8, color=COLOURS[0])
        return drawing.chart(
            name, f"Two measures of the cells of {run.name}: {run.metric_name} against {measure} "
            "after the last epoch. Schrimpf et al. (2017) look at BLEU against loss like this."
            f"{beyond_text(values, metrics, within)}",
        )  # fmt: skip
