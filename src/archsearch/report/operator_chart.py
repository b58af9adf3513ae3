"""Schrimpf et al. (2017), figure of relative operator frequencies over the batches."""

from collections import Counter
from typing import NamedTuple

from archsearch.cell import OPERATORS
from archsearch.report.chart import COLOURS, Chart, canvas
from archsearch.run import Run
from archsearch.search.callbacks.operator_shares import operator_shares

MAX_SHOWN = 10  # operators; the rest are one
OTHERS = "others"
HATCHES = ("", "////", "....")


class Fill(NamedTuple):
    """Of an area."""

    colour: str
    hatch: str


# An operator looks the same in every chart, whatever else is in it.
FILLS = {
    name: Fill(COLOURS[i % len(COLOURS)], HATCHES[i // len(COLOURS)])
    for i, name in enumerate(OPERATORS)
}
FILLS[OTHERS] = Fill("#dddddd", "")


def operators(run: Run, name: str) -> Chart | None:
    """The shares of the most frequent operators over the run; None where too little is known."""
    spans = operator_shares(run.proposed)
    if len(spans) < 2:
        return None
    totals: Counter[str] = Counter()
    for _, shares in spans:
        totals.update(shares)
    frequent = {operator for operator, _ in totals.most_common(MAX_SHOWN)}
    shown = [operator for operator in OPERATORS if operator in frequent]
    layers = {each: [shares.get(each, 0.0) for _, shares in spans] for each in shown}
    if len(totals) > len(shown):
        layers[OTHERS] = [1 - sum(values) for values in zip(*layers.values(), strict=True)]
    with canvas() as drawing:
        axes = drawing.axes("trials", "share of all operators")
        bands = axes.stackplot(
            [last for last, _ in spans], [*layers.values()], labels=[*layers], edgecolor="white",
            linewidth=0.3,
        )  # fmt: skip
        for operator, band in zip(layers, bands, strict=True):
            band.set(facecolor=FILLS[operator].colour, hatch=FILLS[operator].hatch)
        axes.set_ylim(0, 1)
        axes.set_xlim(spans[0][0], spans[-1][0])
        drawing.legend(axes)
        return drawing.chart(
            name, f"Operators in the cells that {run.name} proposed, a share a tenth of the run; "
            "after Schrimpf et al. (2017). An operator has one colour and pattern on all charts.",
        )  # fmt: skip
