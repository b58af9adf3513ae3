"""Measured cells in the format of NAS-Bench-NLP (Klyuchnikov et al. 2020), one JSON object a line.

Two kinds of files, plain or gzipped, of which only these fields are read:

- cells: `recipe` and `ptb_test_ppl`, the final test perplexity of each run;
- curves: `val_loss` in nats a token after each epoch, and `recipe` where curves of one cell are to
  be kept together.

A perplexity above 10,000 counts as 10,000, and so does NaN (as JSON's null too).
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from archsearch.cell import Cell, CellError, from_recipe
from archsearch.data import ROOT_VARIABLE, DataError, data_root
from archsearch.data.text_files import text_of
from archsearch.decoding import lines_of
from archsearch.predictor.curves import WORST_FITNESS, WORST_PERPLEXITY

FOLDER = "nas_bench_nlp"  # under the data root
CELLS = "ptb_perplexity.jsonl.gz"
CURVES = "wikitext2_curves.jsonl.gz"

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class MeasuredCell:
    """A cell and its fitness: −ln of the mean perplexity of its runs."""

    cell: Cell
    fitness: float

    @property
    def group(self) -> str:
        return self.cell.key


@dataclass(frozen=True, slots=True)
class MeasuredCurve:
    """A learning curve as fitness, −ln perplexity, after each epoch; NaN where it failed.

    group: equal for curves of one cell.
    """

    curve: tuple[float, ...]
    group: str

    def fitness_at(self, epoch: int) -> float:
        """At an epoch, counted from 1; the worst where the training had failed by then."""
        upto = self.curve[:epoch]
        if len(upto) < epoch or not all(map(math.isfinite, upto)):
            return WORST_FITNESS
        return max(upto[-1], WORST_FITNESS)


def read_cells(path: Path) -> list[MeasuredCell]:
    """Raises ValueError that names the file, the line and what was expected."""
    return _read(path, _cell)


def read_curves(path: Path) -> list[MeasuredCurve]:
    """Raises ValueError that names the file, the line and what was expected."""
    return _read(path, _curve)


def data_file(name: str) -> Path:
    """Where a file of the benchmark lies. Raises DataError where it does not."""
    path = data_root() / FOLDER / name
    if not path.is_file():
        raise DataError(
            f"{path}: expected measurements of NAS-Bench-NLP there, found no such file; name the "
            f"folder that has {FOLDER}/{name} by ${ROOT_VARIABLE}, or files by --train and --test"
        )
    return path


def measured_cells() -> list[MeasuredCell]:
    """The cells under the data root, each once, the worst first."""
    by_key = {row.cell.key: row for row in read_cells(data_file(CELLS))}
    return sorted(by_key.values(), key=lambda row: (row.fitness, row.cell.key))


def spread_cells(num_cells: int) -> list[Cell]:
    """So many of the cells, evenly spread over the order of their published perplexities."""
    rows = measured_cells()
    if not 2 <= num_cells <= len(rows):
        raise ValueError(f"trials: expected 2 to {len(rows)} cells, got {num_cells}")
    places = (round(i * (len(rows) - 1) / (num_cells - 1)) for i in range(num_cells))
    return [rows[place].cell for place in places]


def _cell(row: Mapping[str, Any], _number: int) -> MeasuredCell:
    perplexities = _numbers(row, "ptb_test_ppl")
    if not perplexities:
        raise ValueError("ptb_test_ppl: expected one value a run, got none")
    mean = sum(perplexities) / len(perplexities)
    capped = min(mean, WORST_PERPLEXITY) if mean == mean else WORST_PERPLEXITY
    if capped <= 0:
        raise ValueError(f"ptb_test_ppl: expected perplexities above 0, got {mean}")
    return MeasuredCell(_recipe(row), -math.log(capped))


def _curve(row: Mapping[str, Any], number: int) -> MeasuredCurve:
    losses = _numbers(row, "val_loss")
    group = _recipe(row).key if "recipe" in row else f"line {number}"
    return MeasuredCurve(tuple(-loss for loss in losses), group)


def _recipe(row: Mapping[str, Any]) -> Cell:
    if "recipe" not in row:
        raise ValueError("expected a field 'recipe'")
    try:
        return from_recipe(row["recipe"])
    except CellError as error:
        raise ValueError(f"recipe: {error}") from None


def _numbers(row: Mapping[str, Any], name: str) -> list[float]:
    values = row.get(name)
    if not isinstance(values, list):
        raise ValueError(f"expected a field {name!r} with a list of numbers")
    for value in values:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ValueError(f"{name}: expected numbers, got {value!r}")
    return [math.nan if value is None else float(value) for value in values]


def _read(path: Path, read_row: Callable[[Mapping[str, Any], int], Row]) -> list[Row]:
    rows = []
    for number, line in _lines(path):
        try:
            fields = json.loads(line, parse_int=float)  # the largest become infinite
            if not isinstance(fields, dict):
                raise ValueError("expected a JSON object")
            rows.append(read_row(fields, number))
        except (json.JSONDecodeError, RecursionError) as error:
            raise ValueError(f"{path}, line {number}: expected a JSON object: {error}") from None
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}") from None
    if not rows:
        raise ValueError(f"{path}: expected one JSON object a line, got an empty file")
    return rows


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers."""
    try:
        text = text_of(path.read_bytes(), str(path))
    except OSError as error:
        raise ValueError(f"{path}: expected a file of JSON lines: {error}") from None
    for number, line in enumerate(lines_of(text), start=1):
        if line.strip():
            yield number, line
