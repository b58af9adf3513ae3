"""How far settings came: best so far against trials and compute, and against random search."""

import math
import statistics
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from archsearch.findings.comparisons import Comparison, Setting
from archsearch.findings.course import Course, course, evenly, learning_curves, top_means
from archsearch.findings.differences import LEAST_SEEDS, baseline_of, t_interval
from archsearch.findings.pairs import near
from archsearch.report.chart import GREY, Chart, canvas, label, limits, look
from archsearch.wording import ANECDOTE, metric_text

POINTS = 200  # of a line, more than a chart has pixels to tell apart
TOPS = (1, 5, 15)  # models that figure 6 of NAS averages
NAS_POINTS = 25
STEP = "steps-post"  # a best so far holds until a better one comes
REFERENCE_DASHES = (":", (0, (1, 3)), (0, (3, 3)))


def best_against_trials(comparison: Comparison, name: str) -> Chart:
    def xs(courses: Sequence[Course]) -> list[float]:
        return [float(n) for n in evenly(min(c.num_trials for c in courses), POINTS)]

    axis = _Axis("trials of the strategy", "trials", xs, lambda c, x: c.after_trials(int(x)))
    return _best_chart(comparison, name, axis)


def best_against_seconds(comparison: Comparison, name: str) -> Chart:
    def xs(courses: Sequence[Course]) -> list[float]:
        stop = min(c.total_seconds for c in courses)
        return [stop * (i + 1) / POINTS for i in range(POINTS)]

    label_of_x = "compute of the trials [s]"
    return _best_chart(
        comparison, name, _Axis(label_of_x, "seconds of compute", xs, Course.after_seconds)
    )


class _Axis(NamedTuple):
    """What the best is drawn against: places on it, as far as all courses go, and what a course
    had reached there."""

    label: str
    words: str
    xs: Callable[[Sequence[Course]], list[float]]
    reached: Callable[[Course, float], float]


def _best_chart(comparison: Comparison, name: str, axis: _Axis) -> Chart:
    """A line a setting, the mean over its seeds, cut where the interesting part ends."""
    shown: list[float] = []  # means from a fifth of the way on, and where each seed ends
    with canvas() as drawing:
        axes = drawing.axes(axis.label, f"best {label(comparison.metric.name)} so far")
        for i, setting in enumerate(comparison.settings):
            seeds = _draw_setting(axes, setting, axis, look(i))
            mean = [statistics.fmean(values) for values in zip(*seeds, strict=True)]
            shown += [*mean[len(mean) // 5 :], *(line[-1] for line in seeds)]
        _draw_references(axes, comparison, [value for value in shown if math.isfinite(value)])
        axes.ticklabel_format(axis="y", useOffset=False)
        axes.locator_params(axis="x", integer=True)
        drawing.legend(axes)
        caption = _caption(comparison, axis)
        return drawing.chart(name, caption, f"{caption} {_ends(comparison)}")


def _draw_setting(
    axes: Axes, setting: Setting, axis: _Axis, style: dict[str, Any]
) -> list[list[float]]:
    """Its mean, with the seeds' interval, or with their own lines where they are two. Gives back
    the values of each seed; none where no run has a trial."""
    courses = [c for c in map(course, setting.runs) if c.num_trials]
    if not courses:
        return []
    xs = axis.xs(courses)
    seeds = [[axis.reached(c, x) for x in xs] for c in courses]
    at_each = list(zip(*seeds, strict=True))
    mean = [statistics.fmean(values) for values in at_each]
    axes.plot(xs, mean, label=label(setting.label), drawstyle=STEP, **style)
    if len(seeds) >= LEAST_SEEDS:
        intervals = [t_interval(values) for values in at_each]
        low, high = [each.low for each in intervals], [each.high for each in intervals]
        axes.fill_between(xs, low, high, step="post", color=style["color"], alpha=0.1, linewidth=0)
        for bound in (low, high):  # bands overlap; their bounds still tell them apart
            axes.plot(xs, bound, drawstyle=STEP, alpha=0.6, linewidth=0.6, color=style["color"])
    elif len(seeds) > 1:
        for line in seeds:
            axes.plot(xs, line, drawstyle=STEP, alpha=0.45, linewidth=0.7, color=style["color"])
    return seeds


def _caption(comparison: Comparison, axis: _Axis) -> str:
    counts = [len(setting.runs) for setting in comparison.settings]
    caption = f"Best {comparison.metric.name} so far against {axis.words}"
    caption += ": mean over seeds" if max(counts) > 1 else f"; {ANECDOTE}"
    if max(counts) >= LEAST_SEEDS:
        caption += ", with the mean's 95% interval (Student's t)"
    if 2 in counts:
        caption += "; thin lines are the seeds of settings with two, whose interval would fill it"
    return f"{caption}. Grey: reference cells under the same budget."


def _draw_references(axes: Axes, comparison: Comparison, shown: list[float]) -> None:
    """Those that do not lie so far off the rest that it would be pressed flat."""
    for (name, known), dashes in zip(comparison.references.items(), cycle(REFERENCE_DASHES)):
        words = label(f"{name} {metric_text(known.metric)}")
        axes.axhline(known.metric, color=GREY, linewidth=0.9, linestyle=dashes, label=words)
    bounds = near(shown, [known.metric for known in comparison.references.values()],
                  lower_is_better=comparison.metric.lower_is_better)  # fmt: skip
    if bounds is not None:
        axes.set_ylim(limits(bounds))


def _ends(comparison: Comparison) -> str:
    """Where the lines end, for who cannot see them."""
    parts = []
    for setting in comparison.settings:
        ends = [c.best[-1] for c in map(course, setting.runs) if c.num_trials]
        if ends:
            parts.append(f"{setting.label} ends at {statistics.fmean(ends):.5g}")
    return "; ".join(parts) + "."


def over_random(comparison: Comparison, setting: Setting, name: str) -> list[Chart]:
    """Zoph & Le (2016), figure 6: by how much the mean of the k best is better than that of random
    search after as many trials. Nothing where there is no random search beside the setting, too
    few trials, or where nobody noted which way the metric is better."""
    baseline = baseline_of(setting, comparison.settings, same_space=False)
    seeds = [s for s in setting.by_seed if baseline and s in baseline.by_seed]
    if baseline is None or not seeds or comparison.metric.lower_is_better is None:
        return []
    pairs = [(setting.by_seed[seed], baseline.by_seed[seed]) for seed in seeds]
    xs = evenly(min(len(run.proposed) for pair in pairs for run in pair), NAS_POINTS)
    sign = 1 if comparison.metric.lower_is_better else -1
    drawn = False
    with canvas() as drawing:
        axes = drawing.axes("trials", f"improvement in {label(comparison.metric.name)}")
        axes.axhline(0, color=GREY, linewidth=0.8)
        for i, k in enumerate(TOPS):
            seeds_means = [(top_means(a, k, xs), top_means(b, k, xs)) for a, b in pairs]
            gaps = [[sign * (b - a) for a, b in zip(*means, strict=True)] for means in seeds_means]
            ys = [statistics.fmean(values) for values in zip(*gaps, strict=True)]
            if not all(map(math.isnan, ys)):
                drawn = True
                words = f"mean of the best {k}" if k > 1 else "best"
                axes.plot(xs, ys, label=words, drawstyle=STEP, **look(i))
        if not drawn:
            return []
        axes.locator_params(axis="x", integer=True)
        drawing.legend(axes)
        caption = (
            f"Improvement of {setting.label} over {baseline.label} as trials grow: above zero it "
            f"is ahead. Mean over {len(seeds)} seed{'s' * (len(seeds) > 1)}; after Zoph & Le "
            "(2016), figure 6."
        )
        return [drawing.chart(name, caption)]


def curves_chart(comparison: Comparison, name: str) -> list[Chart]:
    """Learning curves of the best cells of all runs and of the references, if there are any."""
    curves = learning_curves(trial for run in comparison.runs for trial in run.trials)
    if not curves:
        return []
    dashes = cycle(REFERENCE_DASHES)
    with canvas() as drawing:
        axes = drawing.axes("epoch", f"validation {label(comparison.metric.name)}")
        last: list[float] = []
        for i, curve in enumerate(curves):
            style = (
                look(i) if curve.reference is None else {"color": GREY, "linestyle": next(dashes)}
            )
            axes.plot(*zip(*curve.points, strict=True), label=label(curve.label), **style)
            last += [metric for _, metric in curve.points[len(curve.points) // 4 :]]
        axes.locator_params(axis="x", integer=True)
        axes.set_ylim(limits(last))
        drawing.legend(axes)
        caption = "Learning curves of the best different cells of all runs, and of the references."
        return [drawing.chart(name, caption)]
