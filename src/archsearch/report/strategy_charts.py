"""What went on inside a strategy, as far as its trials tell."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from archsearch.cell import OPERATORS
from archsearch.findings import pairs as value_pairs
from archsearch.findings.comparisons import Comparison, Setting
from archsearch.findings.origins import operator_shares
from archsearch.findings.origins import species as species_counts
from archsearch.findings.pairs import Bounds, Pairs, middle, with_all, without_bad
from archsearch.report.chart import COLOURS, GREY, Chart, beyond_text, canvas, label, scatter, slug
from archsearch.run import Run

MAX_LAYERS = 10  # species or operators with an area of their own; the rest are one
OTHERS = "others"
LEAST = 3  # points of a chart of pairs
WIDE = 10.0  # from this ratio of the largest value to the smallest on, an axis is logarithmic
HATCHES = ("", "////", "....", "\\\\\\\\")


class Fill(NamedTuple):
    """Of an area."""

    colour: str
    hatch: str


def _fill(index: int) -> Fill:
    return Fill(COLOURS[index % len(COLOURS)], HATCHES[index // len(COLOURS) % len(HATCHES)])


# An operator looks the same in every chart, whatever else is in it.
FILLS = {name: _fill(i) for i, name in enumerate(OPERATORS)}
REST = Fill("#dddddd", "")


def charts_of(run: Run, name: str) -> list[Chart]:
    """Those that the run's strategy gives reason for."""
    makers: Sequence[Callable[[Run, str], Chart | None]] = (
        species, reward, estimates, operators, measures,
    )  # fmt: skip
    made = (make(run, f"{name}-{make.__name__}") for make in makers)
    return [*(chart for chart in made if chart is not None), *hyperparameters(run, name)]


def species(run: Run, name: str) -> Chart | None:
    """Trials of each species in each generation; for strategies with species."""
    counts = species_counts(run.proposed)
    if not counts:
        return None
    totals: Counter[int] = sum(counts.values(), Counter())
    large = sorted(number for number, _ in totals.most_common(MAX_LAYERS))
    layers = {f"species {n}": [float(each[n]) for each in counts.values()] for n in large}
    if len(totals) > len(large):
        named = (sum(each[n] for n in large) for each in counts.values())
        rest = zip(counts.values(), named, strict=True)
        layers[OTHERS] = [float(each.total() - known) for each, known in rest]
    fills = {layer: _fill(i) for i, layer in enumerate(layers)}
    return _layers_chart(
        [*counts], layers, fills, ("generation", "trials of a species"), name,
        f"Species of {run.name}: how many trials each had in each generation. {len(totals)} "
        f"species in {len(counts)} generations.",
    )  # fmt: skip


def operators(run: Run, name: str) -> Chart | None:
    """The shares of the most frequent operators over the run (Schrimpf et al. 2017, figure of
    relative operator frequencies over the batches); None where too little is known."""
    spans = operator_shares(run.proposed)
    if len(spans) < 2:
        return None
    totals: Counter[str] = Counter()
    for _, shares in spans:
        totals.update(shares)
    frequent = {operator for operator, _ in totals.most_common(MAX_LAYERS)}
    shown = [operator for operator in OPERATORS if operator in frequent]
    layers = {each: [shares.get(each, 0.0) for _, shares in spans] for each in shown}
    if len(totals) > len(shown):
        layers[OTHERS] = [1 - sum(values) for values in zip(*layers.values(), strict=True)]
    return _layers_chart(
        [last for last, _ in spans], layers, FILLS, ("trials", "share of all operators"), name,
        f"Operators in the cells that {run.name} proposed, a share for each tenth of the run; "
        "after Schrimpf et al. (2017). An operator has one colour and pattern on all charts.",
    )  # fmt: skip


def _layers_chart(
    xs: Sequence[int],
    layers: Mapping[str, Sequence[float]],
    fills: Mapping[str, Fill],
    labels: tuple[str, str],
    name: str,
    caption: str,
) -> Chart:
    """Areas on top of each other; a single place is as wide as the chart."""
    wide = [*xs, xs[0] + 1] if len(xs) == 1 else [*xs]
    values = [[*layer, *layer[: len(wide) - len(xs)]] for layer in layers.values()]
    with canvas() as drawing:
        axes = drawing.axes(*labels)
        bands = axes.stackplot(wide, values, labels=[*layers], edgecolor="white", linewidth=0.3)
        for layer, band in zip(layers, bands, strict=True):
            fill = REST if layer == OTHERS else fills[layer]
            band.set(facecolor=fill.colour, hatch=fill.hatch)
        axes.set_xlim(wide[0], wide[-1])
        axes.set_ylim(0, max(map(sum, zip(*values, strict=True))))
        axes.locator_params(axis="x", integer=True)
        drawing.legend(axes)
        return drawing.chart(name, caption)


def reward(run: Run, name: str) -> Chart | None:
    """What a strategy with a policy was rewarded with, and held it against."""
    if not run.lessons:
        return None
    lessons = run.lessons.values()
    xs = [lesson.number for lesson in lessons]
    with canvas() as drawing:
        axes = drawing.axes("trial", "reward")
        rewards = [lesson.reward for lesson in lessons]
        axes.plot(xs, rewards, ".", color=COLOURS[5], markersize=3, label="of a trial")
        baselines = [lesson.baseline for lesson in lessons]
        axes.step(xs, baselines, where="mid", color=COLOURS[1], label="baseline")
        drawing.legend(axes)
        return drawing.chart(
            name, f"Rewards that {run.name} learnt from, and the baseline that each was held "
            "against. Failed trials have the reward 0.",
        )  # fmt: skip


def hyperparameters(run: Run, name: str) -> list[Chart]:
    """For each hyperparameter that candidates brought along, the metric over its value."""
    charts = []
    for what, tried in value_pairs.hyperparameters(run.proposed).items():
        pairs = [(each.value, each.metric) for each in tried if each.metric is not None]
        if len(pairs) >= LEAST:
            values, metrics = zip(*pairs, strict=True)
            bad = without_bad(metrics, lower_is_better=run.metric.lower_is_better)
            caption = (
                f"The {run.metric_name} that candidates of {run.name} came to with the {what} that "
                f"they brought along; {len(tried) - len(pairs)} failed."
            )
            axes = (label(what.replace("_", " ")), label(run.metric_name))
            chart = f"{name}-{slug(what)}"
            charts.append(_dots_chart(pairs, (_all(values), bad), axes, chart, caption))
    return charts


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
    labels = f"predicted {figure}", f"measured {figure}"
    return _dots_chart(pairs, within, labels, name, caption, diagonal=True)


def measures(run: Run, name: str) -> Chart | None:
    """The metric against what else validation measured, as Schrimpf et al. (2017) hold BLEU
    against the loss; None where it measured nothing else."""
    found = value_pairs.measures(run.proposed)
    if found is None or len(found[1]) < LEAST:
        return None
    measure, pairs = found
    values, metrics = zip(*pairs, strict=True)
    # Which way a measure is good is not known; where the better half lies, it is shown.
    near = with_all(middle(values), values[: len(pairs) // 2])
    within = near, without_bad(metrics, lower_is_better=run.metric.lower_is_better)
    return _dots_chart(
        pairs, within, (f"validation {label(measure)}", label(run.metric_name)), name,
        f"Two measures of the cells of {run.name}: {run.metric_name} against {measure} after the "
        "last epoch. Schrimpf et al. (2017) look at BLEU against loss like this.",
    )  # fmt: skip


def _dots_chart(
    pairs: Pairs,
    within: tuple[Bounds, Bounds],
    labels: tuple[str, str],
    name: str,
    caption: str,
    *,
    diagonal: bool = False,
) -> Chart:
    xs, ys = zip(*pairs, strict=True)
    with canvas() as drawing:
        axes = drawing.axes(*labels)
        if diagonal:
            axes.axline((ys[0], ys[0]), slope=1, color=GREY, linewidth=0.8)
        scatter(axes, xs, ys, within, s=8, color=COLOURS[0])
        if not diagonal and min(xs) > 0 and max(xs) >= WIDE * min(xs):
            axes.set_xlim(min(xs) / 1.1, max(xs) * 1.1)
            axes.set_xscale("log")
        return drawing.chart(name, caption + beyond_text(xs, ys, within))


def _all(values: Sequence[float]) -> Bounds:
    return Bounds(min(values), max(values))
