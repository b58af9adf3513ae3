"""Differences as sentences and as a table."""

from collections.abc import Sequence

from archsearch.findings.differences import LEAST_SEEDS, Difference
from archsearch.report.page import Block, Listing
from archsearch.report.table import Table, Value, table

MAX_SENTENCES = 6


def difference_blocks(differences: Sequence[Difference], name: str, metric: str) -> list[Block]:
    """What the page says of them; intervals from three seeds on."""
    return [Listing(_sentences(differences)), _table(differences, name, metric)]


def _sentences(differences: Sequence[Difference]) -> tuple[str, ...]:
    """One each; where they are many, the differences that are not shown are one together."""
    if len(differences) <= MAX_SENTENCES:
        return tuple(difference.sentence for difference in differences)
    shown = [difference.sentence for difference in differences if difference.is_shown]
    hidden = [difference for difference in differences if not difference.is_shown]
    if hidden:
        most = max(len(difference.differences) for difference in hidden)
        shown.append(
            f"In {len(hidden)} of {len(differences)} comparisons the data do not show a "
            f"difference, over at most {most} seed{'s' * (most != 1)}"
            + (f"; an interval takes {LEAST_SEEDS}." if most < LEAST_SEEDS else ".")
        )
    return tuple(shown)


def _table(differences: Sequence[Difference], name: str, metric: str) -> Table:
    columns = ("one", "other", "under", "seeds", f"difference in {metric}", "from", "to")
    caption = "Paired differences: one minus other, and the interval of the mean."
    return table(name, caption, columns, [_row(each) for each in differences])


def _row(d: Difference) -> tuple[Value, ...]:
    has_interval = len(d.differences) >= LEAST_SEEDS
    bounds = (d.interval.low, d.interval.high) if has_interval else (None, None)
    return (d.one, d.other, d.under, len(d.differences), d.interval.mean, *bounds)
