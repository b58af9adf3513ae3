"""A record as tables for a terminal of 120 columns."""

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from statistics import median

from rich import box
from rich.console import Console
from rich.table import Table

from archsearch.bench.contenders import BEST, CONTENDERS, STEPS, STOCK_STEP
from archsearch.bench.record import Record, Row
from archsearch.bench.settings import PARTS

TO_BOUND, TO_STOCK, TO_LOOP = f"{BEST}/bound", f"torch.nn/{BEST}", f"autograd/{BEST}"

# The rows of an earlier run by Row.identity; empty where there is none.
Earlier = Mapping[tuple[object, ...], Row]


def print_record(record: Record, earlier: Record | None, console: Console) -> None:
    """The tables; with an earlier record, how many times as fast each row has become."""
    before = {row.identity: row for row in earlier.rows} if earlier else {}
    rows = {part: [row for row in record.rows if row.part == part] for part in PARTS}
    for line in _head(record.machine):
        console.print(line)
    if rows["compile"]:
        console.print(_compile_line(rows["compile"], before))
    console.print()
    for _, group in groupby(rows["step"], lambda row: row.threads):
        console.print(_step_table(list(group), before))
    for _, group in groupby(rows["layers"], lambda row: (row.threads, row.precision)):
        console.print(_layer_table(list(group), before))
        console.print()
    for line in _legend(rows):
        console.print(line)
    if earlier:
        console.print(_drift_line(earlier, rows["layers"], before))
    for note in record.notes:
        console.print(note)


def _head(machine: Mapping[str, object]) -> Iterator[str]:
    yield f"{machine['processor']}, {machine['cores']} cores, {machine['instructions']}"
    yield f"torch {machine['torch']}, archsearch {machine['revision']}, {machine['date']}"


def _compile_line(rows: list[Row], before: Earlier) -> str:
    new = {row.cell: row.median_ms["new"] for row in rows}
    cached = [row.median_ms["cached"] for row in rows]
    slowest = max(new, key=new.__getitem__)
    line = (
        f"A new cell's first step, median of {len(rows)}: {median(new.values()):.0f} ms "
        f"({new[slowest]:.0f} at most, {slowest}); compiled before: {median(cached):.0f} ms"
    )
    if speeds := _speeds(rows, "new", before):
        line += f"; vs earlier: {_ratio(median(speeds))}"
    return line


def _step_table(rows: list[Row], before: Earlier) -> Table:
    table = _table(f"One training step of a language model of {rows[0].cell}, {_threads(rows)}")
    _add_columns(table, "TxBxH", "model", "median ms", "speed", "peak MB", "memory", before=before)
    for row in rows:
        table.add_section()
        for name in STEPS:
            cells = [row.shape if name == STOCK_STEP else "", name]
            cells += [_milliseconds(row.median_ms[name])]
            cells += [_ratio(row.ratios.get(f"{STOCK_STEP}/{name}", 1.0))]
            if row.peak_mb:
                memory = row.peak_mb[name]
                cells += [f"{memory:.1f}", _ratio(memory / row.peak_mb[STOCK_STEP])]
            else:
                cells += ["", ""]
            table.add_row(*cells, _comparison(row, name, before))
    return table


def _layer_table(rows: list[Row], before: Earlier) -> Table:
    table = _table(
        f"One layer, forward and backward, {rows[0].precision}, {_threads(rows)}; median ms"
    )
    ratios = {TO_BOUND: f"{BEST}/\nbound", TO_STOCK: "vs\ntorch.nn", TO_LOOP: "vs\nautograd"}
    _add_columns(table, "cell", "TxBxH", *CONTENDERS, *ratios.values(), before=before)
    for _, group in groupby(rows, lambda row: row.shape):
        table.add_section()
        for row in group:
            cells = [row.cell, row.shape]
            cells += [_shown(row.median_ms, name, _milliseconds) for name in CONTENDERS]
            cells += [_shown(row.ratios, name, _ratio) for name in ratios]
            table.add_row(*cells, _comparison(row, BEST, before))
    furthest = max(rows, key=lambda row: row.ratios[TO_BOUND])
    table.caption = (
        f"{TO_BOUND}: median {_ratio(median(row.ratios[TO_BOUND] for row in rows))}, largest "
        f"{_ratio(furthest.ratios[TO_BOUND])} ({furthest.cell}, {furthest.shape})"
    )
    return table


def _legend(rows: Mapping[str, list[Row]]) -> Iterator[str]:
    if rows["step"]:
        yield "speed, memory: how many times as fast, and as large, as stock PyTorch"
    if rows["layers"]:
        yield f"{TO_BOUND}: the time of {BEST} over that of its matrix products alone"
        yield f"vs torch.nn, vs autograd: how many times as fast {BEST} is"


def _drift_line(earlier: Record, rows: list[Row], before: Earlier) -> str:
    """The matrix products alone are the same in both runs: they tell how the machine differs."""
    line = f"vs earlier: how many times as fast as in the run of {earlier.machine['date']}"
    if speeds := _speeds(rows, "bound", before):
        line += f"; the matrix products alone: {_ratio(median(speeds))}"
    return line


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )


def _add_columns(table: Table, *headings: str, before: Earlier) -> None:
    """Two columns of names, then figures; the last is for _comparison."""
    for i, heading in enumerate((*headings, "vs\nearlier" if before else "")):
        table.add_column(heading, justify="left" if i < 2 else "right", no_wrap=True)


def _threads(rows: list[Row]) -> str:
    return f"{rows[0].threads} thread{'s' if rows[0].threads > 1 else ''}"


def _comparison(row: Row, contender: str, before: Earlier) -> str:
    return "".join(map(_ratio, _speeds([row], contender, before)))


def _speeds(rows: list[Row], contender: str, before: Earlier) -> list[float]:
    """How many times as fast as earlier, for the rows that the earlier run has too."""
    pairs = [(row, before[row.identity]) for row in rows if row.identity in before]
    return [
        earlier.median_ms[contender] / row.median_ms[contender]
        for row, earlier in pairs
        if contender in earlier.median_ms
    ]


def _shown(figures: Mapping[str, float], name: str, form: Callable[[float], str]) -> str:
    return form(figures[name]) if name in figures else ""


def _milliseconds(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def _ratio(value: float) -> str:
    return f"{value:.2f}"
