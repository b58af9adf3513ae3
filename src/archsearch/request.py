"""What a search is asked for with, beside its configuration: by a command or from Python."""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from hydra.core.hydra_config import HydraConfig

from archsearch.archive import Asked
from archsearch.command import run_directory


@dataclass(frozen=True, slots=True)
class Request:
    """Where a search is kept, and how it was asked for.

    again: what goes on with the search, for its user to read.
    """

    run_dir: Path
    asked: Asked
    again: str

    @classmethod
    def of(cls, hydra: Any, run_dir: Path, again: str) -> Self:
        """hydra: Hydra's part of the composed configuration."""
        chosen = dict(hydra.runtime.choices)
        choices = {group: choice for group, choice in chosen.items() if "/" not in group}
        sources = hydra.runtime.config_sources  # --config-dir, and the setting hydra.searchpath
        own = [source.path for source in sources if source.provider.endswith("command-line")]
        asked = Asked(choices, tuple(hydra.overrides.task), own[0] if own else None)
        return cls(run_dir, asked, again)


def this_request() -> Request:
    """The search that Hydra has begun, as it was typed."""
    again = shlex.join(["python", "-m", "archsearch", *sys.argv[1:]])
    return Request.of(HydraConfig.get(), run_directory(), again)
