"""What the hyperparameters that candidates brought along did to the metric."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

from archsearch.report.chart import COLOURS, Chart, canvas, label, limits
from archsearch.report.far_off import EDGE, Bounds, scatter, without_bad
from archsearch.report.pair_charts import LEAST
from archsearch.run import Run
from archsearch.search.callbacks import value_pairs
from archsearch.search.callbacks.value_pairs import Tried

WIDE = 10.0  # from this ratio of the largest value to the smallest on, an axis is logarithmic
DARK = 1.3  # times the last trial: where the colours would end, so that none shown is too light


def hyperparameters(run: Run, name: str) -> Chart | None:
    """A panel a hyperparameter: the metric over its value, early trials dark, late ones light."""
    tried = {
        what: each
        for what, each in value_pairs.hyperparameters(run.proposed).items()
        if sum(one.metric is not None for one in each) >= LEAST
    }
    if not tried:
        return None
    last = run.proposed[-1].candidate.number
    with canvas(height=0.6 + 2.1 * len(tried)) as drawing:
        panels = drawing.figure.subplots(len(tried), 1, squeeze=False)[:, 0]
        for axes, (what, each) in zip(panels, tried.items(), strict=True):
            dots = _draw(axes, each, last, lower_is_better=run.metric.lower_is_better)
            axes.set_xlabel(label(what.replace("_", " ")))
            axes.set_ylabel(label(run.metric_name))
        bar = drawing.figure.colorbar(dots, ax=list(panels), label="trial", fraction=0.04)
        bar.ax.set_ylim(0, last)
        return drawing.chart(
            name, f"Hyperparameters that candidates of {run.name} brought along, and the "
            f"{run.metric_name} that they came to. Crosses at the edge are trials that failed, "
            "triangles those that are far worse than the rest.",
        )  # fmt: skip


def _draw(
    axes: Axes, tried: Sequence[Tried], last: int, *, lower_is_better: bool | None
) -> PathCollection:
    done = [(one.value, one.metric, one.number) for one in tried if one.metric is not None]
    values, metrics, numbers = zip(*done, strict=True)
    within = Bounds(min(values), max(values)), without_bad(metrics, lower_is_better=lower_is_better)
    colours = {"c": numbers, "cmap": "viridis", "vmin": 0, "vmax": DARK * last}
    dots = scatter(axes, values, metrics, within, s=10, **colours)
    failed = [one.value for one in tried if one.metric is None]
    worst = EDGE / 3 if lower_is_better is False else 1 - EDGE / 3
    axes.plot(failed, [worst] * len(failed), "x", color=COLOURS[1], markersize=5,
              transform=axes.get_xaxis_transform(), clip_on=False)  # fmt: skip
    every = [one.value for one in tried]
    if min(every) > 0 and max(every) >= WIDE * min(every):
        axes.set_xscale("log")
        axes.set_xlim(min(every) / 1.1, max(every) * 1.1)
    else:
        axes.set_xlim(*limits(every) or (0, 1))
        axes.locator_params(axis="x", nbins=5)
    return dots
