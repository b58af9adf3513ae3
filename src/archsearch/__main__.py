"""`python -m archsearch`."""

from omegaconf import DictConfig

from archsearch.command import run_command, this_request


def main() -> None:
    """The command."""
    run_command(job, "config")


def job(cfg: DictConfig) -> float | None:
    """The search that the configuration defines."""
    # Here, because torch takes seconds to import: --help and mistakes are answered without.
    from archsearch.main import search

    return search(cfg, this_request())


if __name__ == "__main__":
    main()
