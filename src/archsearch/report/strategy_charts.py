"""What went on inside a strategy, as far as its trials tell."""

from typing import NamedTuple

from archsearch.cell import OPERATORS
from archsearch.findings.origins import OTHERS, Layers, layers
from archsearch.findings.pairs import Scatter, scatters
from archsearch.report.chart import COLOURS, GREY, Chart, canvas, label, limits, slug
from archsearch.run import Run

WIDE = 10.0  # from this ratio of the largest value to the smallest on, an axis is logarithmic
HATCHES = ("", "////", "....", "\\\\\\\\")


class Fill(NamedTuple):
    """Of an area."""

    colour: str
    hatch: str


def _fill(index: int) -> Fill:
    return Fill(COLOURS[index % len(COLOURS)], HATCHES[index // len(COLOURS) % len(HATCHES)])


# An operator looks the same in every chart, whatever else is in it.
FILLS = {OTHERS: Fill("#dddddd", ""), **{name: _fill(i) for i, name in enumerate(OPERATORS)}}


def charts_of(run: Run, name: str) -> list[Chart]:
    """Those that the run's strategy gives reason for."""
    return [
        *(layers_chart(each, name) for each in layers(run.proposed, run.name)),
        *rewards(run, name),
        *(scatter_chart(each, name) for each in scatters(run.proposed, run.metric, run.name)),
    ]


def layers_chart(shown: Layers, name: str) -> Chart:
    """Areas on top of each other; a single place is as wide as the chart."""
    places = [*shown.places]
    is_single = len(places) == 1
    wide = [*places, places[0] + 1] if is_single else places
    values = [[*row, *row] if is_single else [*row] for row in shown.rows.values()]
    with canvas() as drawing:
        axes = drawing.axes(*shown.labels)
        bands = axes.stackplot(wide, values, labels=[*shown.rows], edgecolor="white", linewidth=0.3)
        for i, (row, band) in enumerate(zip(shown.rows, bands, strict=True)):
            fill = FILLS.get(row, _fill(i))
            band.set(facecolor=fill.colour, hatch=fill.hatch)
        axes.set_xlim(wide[0], wide[-1])
        axes.set_ylim(0, max(map(sum, zip(*values, strict=True))))
        axes.locator_params(axis="x", integer=True)
        drawing.legend(axes)
        return drawing.chart(f"{name}-{shown.name}", shown.caption)


def rewards(run: Run, name: str) -> list[Chart]:
    """What a strategy with a policy was rewarded with, and held it against."""
    if not run.lessons:
        return []
    lessons = run.lessons.values()
    xs = [lesson.number for lesson in lessons]
    with canvas() as drawing:
        axes = drawing.axes("trial", "reward")
        learnt = [lesson.reward for lesson in lessons]
        axes.plot(xs, learnt, ".", color=COLOURS[5], markersize=3, label="of a trial")
        baselines = [lesson.baseline for lesson in lessons]
        axes.step(xs, baselines, where="mid", color=COLOURS[1], label="baseline")
        drawing.legend(axes)
        caption = (
            f"Rewards that {run.name} learnt from, and the baseline that each was held against. "
            "Failed trials have the reward 0."
        )
        return [drawing.chart(f"{name}-reward", caption)]


def scatter_chart(shown: Scatter, name: str) -> Chart:
    """A dot for each pair, as far as its bounds reach."""
    xs, ys = zip(*shown.pairs, strict=True)
    x_bounds, y_bounds = shown.within
    with canvas() as drawing:
        axes = drawing.axes(*map(label, shown.labels))
        if shown.is_truth:
            axes.axline((ys[0], ys[0]), slope=1, color=GREY, linewidth=0.8)
        axes.scatter(xs, ys, s=8, color=COLOURS[0])
        axes.set_xlim(limits([x for x in xs if x_bounds.has(x)]))
        axes.set_ylim(limits([y for y in ys if y_bounds.has(y)]))
        if not shown.is_truth and min(xs) > 0 and max(xs) >= WIDE * min(xs):
            axes.set_xlim(min(xs) / 1.1, max(xs) * 1.1)
            axes.set_xscale("log")
        count = sum(not (x_bounds.has(x) and y_bounds.has(y)) for x, y in shown.pairs)
        are = f" {count} beyond the edge {'is' if count == 1 else 'are'} not shown."
        caption = shown.caption + (are if count else "")
        return drawing.chart(f"{name}-{slug(shown.name)}", caption)
