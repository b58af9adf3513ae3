"""`python -m archsearch.train cell=zoo/lstm task=ptb`: one given cell, trained and tested."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from archsearch.usage import interruptible

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from archsearch.dry_run import Job


def main() -> None:
    """The command."""
    with interruptible():  # in the half second that imports take, too
        from archsearch.dry_run import run_or_forecast

        sys.argv[1:] = [quote_text(argument) for argument in sys.argv[1:]]
        run_or_forecast(job, forecast, "train")


def quote_text(argument: str) -> str:
    """A command line argument `cell=<text>` quoted, as Hydra's grammar asks of such texts.

    Everything else, `cell=zoo/lstm,zoo/gru` of a multirun too, comes back as it is.
    """
    from archsearch.architecture.reading import TEXT_SIGNS
    from archsearch.override_text import quoted

    key, equals, value = argument.partition("=")
    if key != "cell" or value[:1] in ("'", '"') or not any(s in value for s in TEXT_SIGNS):
        return argument
    return f"{key}{equals}{quoted(value)}"


# Both import what they need where they need it, because torch takes seconds: --help and mistakes
# are answered without.
def job(cfg: "DictConfig") -> None:
    """The training that the configuration defines."""
    from archsearch.train.command import train

    train(cfg)


def forecast(jobs: "Sequence[Job]") -> None:
    """Say what the trainings would take."""
    from archsearch.train.command import forecast

    forecast(jobs)


if __name__ == "__main__":
    main()
