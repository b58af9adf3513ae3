"""Tables as values: one content, for the page and for other programs."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from archsearch.wording import clock_text, metric_text


class Seconds(float):
    """A duration, which reads as one: 4.5 s, 12:40, 3:05:00."""


Value = str | int | float | None
MISSING = "–"
LONG = 60  # letters, from which a text has a row of its own below the others of its row
# What spreadsheets take for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Table:
    """name: of its file. caption: says what the rows are. links: from the text of a first column
    to an anchor of the page."""

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    links: tuple[str | None, ...] = ()

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns are of numbers."""
        return tuple(
            all(not isinstance(row[i], str) for row in self.rows) for i in range(len(self.columns))
        )

    @property
    def long(self) -> tuple[int, ...]:
        """Which columns, but for the first, have texts that are long, such as cells."""
        columns = range(1, len(self.columns))
        return tuple(i for i in columns if any(_is_long(row[i]) for row in self.rows))

    @property
    def short(self) -> tuple[int, ...]:
        """The other columns."""
        return tuple(i for i in range(len(self.columns)) if i not in self.long)


def table(
    name: str,
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Value]],
    links: Sequence[str | None] = (),
) -> Table:
    return Table(name, caption, tuple(columns), tuple(map(tuple, rows)), tuple(links))


def text(value: Value) -> str:
    """As the page shows it: five digits of a float, thousands of an integer apart."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, Seconds):
        return f"{value:.1f} s" if value < 59.95 else clock_text(value)
    if isinstance(value, float):
        if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        return metric_text(value).replace("-", "−")
    return f"{value:,}" if isinstance(value, int) else value


def to_csv(content: Table) -> str:
    """Numbers in full, durations in seconds. A text that a spreadsheet would take for a formula has
    a quote before it."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow([_csv_value(column) for column in _csv_columns(content)])
    writer.writerows([_csv_value(value) for value in row] for row in content.rows)
    return lines.getvalue()


def _csv_columns(content: Table) -> list[str]:
    """With the unit of durations, which stands beside each value on the page."""
    return [
        f"{column} [s]" if any(isinstance(row[i], Seconds) for row in content.rows) else column
        for i, column in enumerate(content.columns)
    ]


def _is_long(value: Value) -> bool:
    return isinstance(value, str) and len(value) > LONG


def _csv_value(value: Value) -> Value:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
