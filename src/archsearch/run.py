"""A search as an object, for Python: what its directory has, as plain values."""

import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from archsearch.report.run_record import RunRecord, read_run
from archsearch.search.callbacks.wording import metric_text, reference_name

if TYPE_CHECKING:
    import pandas


class Run(RunRecord):
    """A search as its directory had it when it was loaded.

    `trials` has all in the order in which the strategy heard of them, reference cells among them,
    `proposed` the strategy's own, `references` the others by name, `best` the fittest proposed.
    """

    @override
    def __repr__(self) -> str:
        parts = [f"{len(self.proposed)} trials", f"{len(self.references)} reference cells"]
        if self.best is not None:
            metric = metric_text(self.best.metric)
            parts.append(f"best: trial {self.best.number}, {self.metric_name} {metric}")
        return f"<Run {self.folder}: {', '.join(parts)}>"

    def to_dataframe(self) -> "pandas.DataFrame":
        """A row for each trial, under its number."""
        try:
            import pandas
        except ImportError:
            raise ImportError("to_dataframe needs pandas; pip install pandas") from None
        rows = [
            {
                "number": trial.number,
                "reference": reference_name(trial.candidate),
                "origin": trial.origin.operation,
                "parents": trial.origin.parents,
                "status": str(trial.status),
                "metric": trial.metric,
                "fitness": trial.fitness,
                "num_params": trial.num_params,
                "wall_seconds": trial.wall_seconds,
                "epochs": len(trial.curve),
                "key": trial.candidate.key,
                "cell": str(trial.candidate.architecture),
                "hyperparameters": dict(trial.candidate.hyperparameters),
                "cause": trial.cause,
            }
            for trial in self.trials
        ]
        return pandas.DataFrame(rows).set_index("number")


def load(folder: str | os.PathLike[str]) -> Run:
    """The search in this directory; it may still be at work, or have been killed.

    Raises:
        ArchiveError: there is no search that can be read.
        ConfigError: its configuration names classes that are not archsearch's.
    """
    record = read_run(Path(folder))
    return Run(**{field.name: getattr(record, field.name) for field in fields(record)})
