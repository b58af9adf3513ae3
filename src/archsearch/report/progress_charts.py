"""How far settings came: best so far against trials and compute, and against random search."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from archsearch.findings.comparisons import Comparison, Setting
from archsearch.findings.course import Course, course, evenly, top_means
from archsearch.findings.differences import LEAST_SEEDS, baseline_of, t_interval
from archsearch.report.chart import COLOURS, GREY, Chart, canvas, label, limits, look
from archsearch.wording import ANECDOTE

POINTS = 200  # of a line, more than a chart has pixels to tell apart
TOPS = (1, 5, 15)  # models that figure 6 of NAS averages
NAS_POINTS = 25
STEP = "steps-post"  # a best so far holds until a better one comes
LETTER_SHARE = 0.045  # of the height of the axes, that a name takes


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
    means: list[float] = []  # from a fifth of the way on
    ends: list[float] = []  # where each setting's better seeds end, and its interval
    sign = {True: 1, False: -1, None: 0}[comparison.lower_is_better]
    with canvas() as drawing:
        axes = drawing.axes(axis.label, f"best {label(comparison.metric_name)} so far")
        for i, setting in enumerate(comparison.settings):
            seeds = _draw_setting(axes, setting, axis, look(i))
            mean = [statistics.fmean(values) for values in zip(*seeds, strict=True)]
            means += [value for value in mean[len(mean) // 5 :] if not math.isnan(value)]
            ends += [line[-1] for line in seeds if sign * line[-1] <= sign * mean[-1]]
            if len(seeds) >= LEAST_SEEDS:
                ends += t_interval([line[-1] for line in seeds])
        shown = [*_without_worst(means, comparison.lower_is_better), *filter(math.isfinite, ends)]
        if bounds := limits([*shown, *_near(comparison, shown)]):
            axes.set_ylim(*bounds)
        axes.ticklabel_format(axis="y", useOffset=False)
        _draw_references(axes, comparison)
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
    caption = f"Best {comparison.metric_name} so far against {axis.words}"
    caption += ": mean over seeds" if max(counts) > 1 else f"; {ANECDOTE}"
    if max(counts) >= LEAST_SEEDS:
        caption += ", with the mean's 95% interval (Student's t)"
    if 2 in counts:
        caption += "; thin lines are the seeds of settings with two, whose interval would fill it"
    return f"{caption}. Dotted: reference cells under the same budget."


def _without_worst(values: list[float], lower_is_better: bool | None) -> list[float]:
    """Nine tenths of them: what first trials found, or the last of many settings, may lie so far
    off that all else would be one line. All where nobody noted which are worst."""
    if lower_is_better is None:
        return values
    ordered = sorted(values, reverse=not lower_is_better)
    return ordered[: math.ceil(0.9 * len(ordered))]


def _near(comparison: Comparison, ends: Sequence[float]) -> list[float]:
    """The references that do not lie so far off that the lines would be pressed flat."""
    if not ends:
        return list(comparison.references.values())
    low, high = min(ends), max(ends)
    room = max(4 * (high - low), abs(high) * 0.1)
    return [v for v in comparison.references.values() if low - room <= v <= high + room]


def _draw_references(axes: Axes, comparison: Comparison) -> None:
    for metric in comparison.references.values():
        axes.axhline(metric, color=GREY, linewidth=0.9, linestyle=":")
    low, high = axes.get_ylim()
    for names, metric in together(comparison.references, LETTER_SHARE * (high - low)):
        axes.annotate(
            label(names), (1, metric), xycoords=("axes fraction", "data"), va="bottom", ha="right",
            fontsize=8, color=GREY, annotation_clip=True,
        )  # fmt: skip


def together(values: Mapping[str, float], room: float) -> list[tuple[str, float]]:
    """The names of values that are closer than `room` to the next as one, at the highest of them,
    so that none is written over another."""
    groups: list[tuple[str, float]] = []
    for name, value in sorted(values.items(), key=lambda item: item[1]):
        if groups and value - groups[-1][1] < room:
            groups[-1] = (f"{groups[-1][0]}, {name}", value)
        else:
            groups.append((name, value))
    return groups


def _ends(comparison: Comparison) -> str:
    """Where the lines end, for who cannot see them."""
    parts = []
    for setting in comparison.settings:
        ends = [c.best[-1] for c in map(course, setting.runs) if c.num_trials]
        if ends:
            parts.append(f"{setting.label} ends at {statistics.fmean(ends):.5g}")
    return "; ".join(parts) + "."


def over_random(comparison: Comparison, setting: Setting, name: str) -> Chart | None:
    """Zoph & Le (2016), figure 6: by how much the mean of the k best is better than that of random
    search after as many trials. None where there is no random search beside the setting, too few
    trials, or where nobody noted which way the metric is better."""
    baseline = baseline_of(setting, comparison.settings, same_space=False)
    seeds = [s for s in setting.by_seed if baseline and s in baseline.by_seed]
    if baseline is None or not seeds or comparison.lower_is_better is None:
        return None
    pairs = [(setting.by_seed[seed], baseline.by_seed[seed]) for seed in seeds]
    xs = evenly(min(len(run.proposed) for pair in pairs for run in pair), NAS_POINTS)
    sign = 1 if comparison.lower_is_better else -1
    drawn = False
    with canvas() as drawing:
        axes = drawing.axes("trials", f"improvement in {label(comparison.metric_name)}")
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
            return None
        axes.locator_params(axis="x", integer=True)
        drawing.legend(axes)
        caption = (
            f"Improvement of {setting.label} over {baseline.label} as trials grow: above zero it "
            f"is ahead. Mean over {len(seeds)} seed{'s' * (len(seeds) > 1)}; after Zoph & Le "
            "(2016), figure 6."
        )
        return drawing.chart(name, caption)


def learning_curves(comparison: Comparison, name: str, count: int = 5) -> Chart | None:
    """Of the best cells of all runs and of the references; None where a training has one epoch."""
    ranked = sorted(
        (t for run in comparison.runs for t in run.proposed if t.metric is not None),
        key=lambda trial: -trial.fitness,
    )
    best = list({trial.candidate.key: trial for trial in reversed(ranked)}.values())[::-1][:count]
    references = comparison.runs[0].references
    curves = [trial.curve for trial in (*best, *references.values())]
    if max(map(len, curves), default=0) < 2:
        return None
    with canvas() as drawing:
        axes = drawing.axes("epoch", f"validation {label(comparison.metric_name)}")
        last: list[float] = []
        for i, trial in enumerate(best):
            ys = [epoch.valid_metric for epoch in trial.curve]
            axes.plot(range(1, len(ys) + 1), ys, label=f"{i + 1}. best cell", color=COLOURS[i])
            last += ys[len(ys) // 4 :]
        for trial, dashes in zip(references.values(), ("--", ":", "-."), strict=False):
            ys = [epoch.valid_metric for epoch in trial.curve]
            kind = str(trial.origin.reference)
            axes.plot(range(1, len(ys) + 1), ys, color=GREY, linestyle=dashes, label=label(kind))
            last += ys[len(ys) // 4 :]
        axes.locator_params(axis="x", integer=True)
        shown = limits([y for y in last if math.isfinite(y)])
        if shown:
            axes.set_ylim(*shown)
        drawing.legend(axes)
        return drawing.chart(
            name, "Learning curves of the best different cells of all runs, and of the references."
        )
