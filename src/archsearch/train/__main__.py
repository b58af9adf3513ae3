"""`python -m archsearch.train cell=zoo/lstm task=ptb`: one given cell, trained and tested."""

import sys

from omegaconf import DictConfig

from archsearch.command import run_command
from archsearch.train.cell_argument import quote_text


def main() -> None:
    """The command."""
    sys.argv[1:] = [quote_text(argument) for argument in sys.argv[1:]]
    run_command(job, "train")


def job(cfg: DictConfig) -> None:
    """The training that the configuration defines."""
    # Here, because torch takes seconds to import: --help and mistakes are answered without.
    from archsearch.train.command import train

    train(cfg)


if __name__ == "__main__":
    main()
