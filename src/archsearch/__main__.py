"""`python -m archsearch`."""

from collections.abc import Sequence

from omegaconf import DictConfig

from archsearch.command import run_command, this_request
from archsearch.dry_run import Job, dry_run, is_asked_for


def main() -> None:
    """The command."""
    if is_asked_for():
        dry_run(forecast, "config")
    else:
        run_command(job, "config")


def job(cfg: DictConfig) -> float | None:
    """The search that the configuration defines."""
    # Here, because torch takes seconds to import: --help and mistakes are answered without.
    from archsearch.main import search

    return search(cfg, this_request())


def forecast(jobs: Sequence[Job]) -> None:
    """Say what the searches would take."""
    from archsearch.forecast_lines import tell

    tell(jobs)


if __name__ == "__main__":
    main()
