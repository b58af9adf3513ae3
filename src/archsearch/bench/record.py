"""What was measured, as JSON: a run's rows, and the machine that they are true of."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Self

import torch

from archsearch.cell import Cell
from archsearch.machine import processor_name
from archsearch.revision import revision

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of every round, in order."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.rounds)

    @property
    def minimum(self) -> float:
        return min(self.rounds)

    def over(self, other: "Times") -> float:
        """How many times as long as the other: the median over the rounds."""
        return median(a / b for a, b in zip(self.rounds, other.rounds, strict=True))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the benchmark.

    part: of settings.PARTS. cell, key, text: the cell's label, hash and equations.
    shape: "TxBxH", with more behind it for a training step.
    threads: of PyTorch. rounds: that the medians and minima of each contender are over.
    ratios: by name, such as "cpu/bound".
    peak_mb: the memory of a step by contender, where it could be measured.
    """

    part: str
    cell: str
    key: str
    text: str
    shape: str
    threads: int
    precision: str
    rounds: int
    median_ms: dict[str, float]
    min_ms: dict[str, float]
    ratios: dict[str, float] = field(default_factory=dict)
    peak_mb: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls, part: str, label: str, cell: Cell, times: Mapping[str, Times], *, shape: object,
        threads: int, precision: str, **figures: dict[str, float],
    ) -> Self:  # fmt: skip
        """From the times of each contender; figures: ratios and peak_mb."""
        return cls(
            part, label, cell.key, str(cell), str(shape), threads, precision,
            rounds=max(len(taken.rounds) for taken in times.values()),
            median_ms={name: taken.median for name, taken in times.items()},
            min_ms={name: taken.minimum for name, taken in times.items()},
            **figures,
        )  # fmt: skip

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for the same measurement in two runs."""
        return self.part, self.key, self.shape, self.threads, self.precision


@dataclass(frozen=True, slots=True)
class Record:
    """A run, complete or as far as it came. notes: what was left out, and why."""

    machine: dict[str, Any]
    settings: dict[str, Any]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def write(self, path: Path) -> None:
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")


def read_record(path: Path) -> Record:
    """The record that `write` wrote; ValueError for a file that cannot be read or is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            raise ValueError("another format")
        rows = tuple(Row(**row) for row in data.pop("rows"))
        return Record(rows=rows, **data)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"expected a file that --json of this version wrote, got {path}: {error}"
        ) from error


def machine_facts() -> dict[str, Any]:
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torch_threads": torch.get_num_threads(),
    }
