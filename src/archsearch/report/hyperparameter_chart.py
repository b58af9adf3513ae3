"""What the hyperparameters that candidates brought along did to the metric."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.collections import PathCollection

from archsearch.report.chart import COLOURS, Chart, canvas, label, limits
from archsearch.report.pair_charts import LEAST, middle
from archsearch.report.run_record import RunRecord
from archsearch.search.callbacks import value_pairs
from archsearch.search.callbacks.value_pairs import Tried

WIDE = 10.0  # from this ratio of the largest value to the smallest on, an axis is logarithmic
DARK = 1.3  # times the last trial: where the colours would end, so that none shown is too light


def hyperparameters(run: RunRecord, name: str) -> Chart | None:
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
            dots = _draw(axes, each, last)
            axes.set_xlabel(label(what.replace("_", " ")))
            axes.set_ylabel(label(run.metric_name))
        bar = drawing.figure.colorbar(dots, ax=list(panels), label="trial", fraction=0.04)
        bar.ax.set_ylim(0, last)
        return drawing.chart(
            name, f"Hyperparameters that candidates of {run.name} brought along, and the "
            f"{run.metric_name} that they came to. Crosses at the edge are trials that failed; "
            "what lies far off is not shown.",
        )  # fmt: skip


def _draw(axes: Axes, tried: Sequence[Tried], last: int) -> PathCollection:
    done = [(one.value, one.metric, one.number) for one in tried if one.metric is not None]
    values, metrics, numbers = zip(*done, strict=True)
    low, high = middle(metrics)
    axes.set_ylim(limits([metric for metric in metrics if low <= metric <= high]))
    dots = axes.scatter(values, metrics, c=numbers, s=10, cmap="viridis", vmin=0, vmax=DARK * last)
    failed = [one.value for one in tried if one.metric is None]
    at_the_edge = axes.get_xaxis_transform()
    axes.plot(failed, [0.98] * len(failed), "x", color=COLOURS[1], markersize=5,
              transform=at_the_edge)  # fmt: skip
    if min(values) > 0 and max(values) >= WIDE * min(values):
        axes.set_xscale("log")
    else:
        axes.locator_params(axis="x", nbins=5)
    return dots
