"""`python -m archsearch`."""

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

        run_or_forecast(job, forecast, "config")


# Both import what they need where they need it, because torch takes seconds: --help and mistakes
# are answered without.
def job(cfg: "DictConfig") -> float | None:
    """The search that the configuration defines."""
    from archsearch.main import search
    from archsearch.request import this_request

    return search(cfg, this_request())


def forecast(jobs: "Sequence[Job]") -> None:
    """Say what the searches would take."""
    from archsearch.forecast import tell

    tell(jobs)


if __name__ == "__main__":
    main()
