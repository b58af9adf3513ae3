"""How fast any cell trains, as a table and as JSON: what `python -m archsearch.bench` does."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.console import Console

from archsearch.bench.cells import NamedCell, chosen_cells
from archsearch.bench.compile_seconds import compile_rows
from archsearch.bench.layers import layer_rows
from archsearch.bench.options import Options
from archsearch.bench.peak_memory import cannot_measure
from archsearch.bench.record import Record, Row, machine_facts
from archsearch.bench.settings import Settings
from archsearch.bench.tables import print_record
from archsearch.bench.training_steps import step_rows
from archsearch.native import NoNativeCode
from archsearch.usage import FAILURE, INTERRUPTED

FILE_WIDTH = 140  # of tables that go into a file or a pipe, in columns


def bench(options: Options) -> None:
    """Measure, print, write, and end the process."""
    facts = machine_facts()
    no_memory = cannot_measure()
    rows: list[Row] = []
    exit_code = 0
    try:
        collect(options.settings, rows, with_memory=no_memory is None)
    except KeyboardInterrupt:
        exit_code = INTERRUPTED
    except NoNativeCode as error:
        sys.stderr.write(f"archsearch: {error}\n")
        exit_code = FAILURE
    notes = tuple(filter(None, (no_memory, too_busy(facts, options.settings))))
    report(Record(facts, asdict(options.settings), tuple(rows), notes), options)
    raise SystemExit(exit_code)


def collect(settings: Settings, rows: list[Row], *, with_memory: bool) -> None:
    """Fill `rows` one by one, so that what was measured outlives an interrupt."""
    cells = list(chosen_cells(settings.cells, settings.seed))
    for row in measure(settings, cells, with_memory=with_memory):
        rows.append(row)
        if sys.stderr.isatty():
            sys.stderr.write(f"measured: {row.part} {row.cell} {row.shape}\n")


def measure(settings: Settings, cells: list[NamedCell], *, with_memory: bool) -> Iterator[Row]:
    if "compile" in settings.parts:
        yield from compile_rows(settings, cells)
    if "step" in settings.parts:
        yield from step_rows(settings, with_memory=with_memory)
    if "layers" in settings.parts:
        yield from layer_rows(settings, cells)


def too_busy(machine: dict[str, Any], settings: Settings) -> str | None:
    """Threads that wait for each other take many times as long where one has no core to itself."""
    threads = max(settings.threads)
    if machine["load"] + threads <= machine["cores"] + 0.5:
        return None
    return (
        f"the machine was busy before (load {machine['load']} on {machine['cores']} cores): "
        "figures may be far off, most of all those with a thread a core"
    )


def report(record: Record, options: Options) -> None:
    width = None if sys.stdout.isatty() else FILE_WIDTH
    console = Console(highlight=False, emoji=False, markup=False, width=width)
    print_record(record, options.earlier, console)
    if options.json is not None:
        record.write(options.json)
