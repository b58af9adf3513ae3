"""How fast any cell trains, as a table and as JSON: what `python -m archsearch.bench` does."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from archsearch.bench.cells import chosen_cells
from archsearch.bench.fresh_process import cannot_measure
from archsearch.bench.measuring import measure
from archsearch.bench.record import Record, Row, machine_facts
from archsearch.bench.settings import Settings
from archsearch.bench.tables import print_record
from archsearch.native import NoNativeCode
from archsearch.usage import FAILURE, INTERRUPTED

FILE_WIDTH = 140  # of tables that go into a file or a pipe, in columns


def bench(settings: Settings, json: Path | None, earlier: Record | None) -> None:
    """Measure, print, write to `json`, and end the process. An interrupted run keeps its rows."""
    facts = machine_facts()
    no_memory = cannot_measure()
    rows: list[Row] = []
    exit_code = 0
    try:
        cells = list(chosen_cells(settings.cells, settings.seed))
        for row in measure(settings, cells, with_memory=no_memory is None):
            rows.append(row)
            if sys.stderr.isatty():
                sys.stderr.write(f"measured: {row.part} {row.cell} {row.shape}\n")
    except KeyboardInterrupt:
        exit_code = INTERRUPTED
    except NoNativeCode as error:
        sys.stderr.write(f"archsearch: {error}\n")
        exit_code = FAILURE
    notes = tuple(filter(None, (no_memory, too_busy(facts, settings))))
    record = Record(facts, asdict(settings), tuple(rows), notes)
    width = None if sys.stdout.isatty() else FILE_WIDTH
    print_record(record, earlier, Console(highlight=False, emoji=False, markup=False, width=width))
    if json is not None:
        record.write(json)
    raise SystemExit(exit_code)


def too_busy(machine: dict[str, Any], settings: Settings) -> str | None:
    """Threads that wait for each other take many times as long where one has no core to itself."""
    threads = max(settings.threads)
    if machine["load"] + threads <= machine["cores"] + 0.5:
        return None
    return (
        f"the machine was busy before (load {machine['load']} on {machine['cores']} cores): "
        "figures may be far off, most of all those with a thread a core"
    )
