"""`python -m archsearch.train cell=zoo/lstm task=ptb`: one given cell, trained and tested."""

import sys
from collections.abc import Sequence

from omegaconf import DictConfig

from archsearch.command import run_command
from archsearch.dry_run import Job, dry_run, is_asked_for
from archsearch.train.cell_argument import quote_text


def main() -> None:
    """The command."""
    sys.argv[1:] = [quote_text(argument) for argument in sys.argv[1:]]
    if is_asked_for():
        dry_run(forecast, "train")
    else:
        run_command(job, "train")


# Imports of both are where they are needed, because torch takes seconds: --help and mistakes are
# answered without.
def job(cfg: DictConfig) -> None:
    """The training that the configuration defines."""
    from archsearch.train.command import train

    train(cfg)


def forecast(jobs: Sequence[Job]) -> None:
    """Say what the trainings would take."""
    from archsearch.train.command import forecast

    forecast(jobs)


if __name__ == "__main__":
    main()
