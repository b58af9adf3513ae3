"""What may watch a search: progress displays, loggers, files that are kept up to date."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from archsearch.archive.records import Candidate, Lesson, RunInfo, Trial

Figures = Mapping[str, int | float | str]


class Ending(StrEnum):
    """How `Search.run` came to its end."""

    COMPLETE = "complete"  # all trials, or all the compute, that the run was given
    INTERRUPTED = "interrupted"  # by a signal; the same command goes on
    FAILED = "failed"  # an exception is on its way up


class Callback:
    """Watches a search; every method may be left out.

    The order is: `on_start`; `on_replay` for each trial that an earlier process archived, in the
    order in which the strategy heard of them; `on_launch` for each candidate that is to be trained,
    and `on_trial` for each new trial, after it is safely archived and told, with `on_lessons` after
    either of them; `on_end`, always, whatever happened. Reference cells come as trials too
    (`trial.candidate.is_reference`). `figures` are `Strategy.status()` after the trial was told.

    All of it runs in the search's own thread and time, and an exception stops the search: a
    callback that talks to a network handles its failures itself.
    """

    def on_start(self, run: RunInfo, trials: int) -> None:
        """The search begins or goes on; it will end after `trials` trials beside the references."""

    def on_replay(self, trial: Trial, figures: Figures) -> None:
        """A trial of an earlier process was told again."""

    def on_launch(self, candidate: Candidate) -> None:
        """A candidate was handed to the executor, which trains it when a worker is free."""

    def on_trial(self, trial: Trial, figures: Figures) -> None:
        """A new trial was archived and told."""

    def on_lessons(self, lessons: Sequence[Lesson]) -> None:
        """What the strategy learnt when the last trial was told, or told again; often nothing."""

    def on_end(self, ending: Ending) -> None:
        """Nothing more will come: close what is open."""
