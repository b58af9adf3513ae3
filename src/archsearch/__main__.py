"""`python -m archsearch`."""

from omegaconf import DictConfig

from archsearch.command import run_command, this_request
from archsearch.config import register


def main() -> None:
    """The command."""
    register()
    run_command(job, "config")


def job(cfg: DictConfig) -> float | None:
    """The search that the configuration defines."""
    # Here, because torch takes seconds to import: --help and mistakes are answered without.
    from archsearch.main import search

    return search(cfg, this_request())


if __name__ == "__main__":
    main()
