"""What a search is asked for with, beside its configuration: by a command or from Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from omegaconf import DictConfig


@dataclass(frozen=True, slots=True)
class Request:
    """Where a search is kept, and how it was asked for.

    choices: the file of conf/ that was chosen from each group, by group.
    overrides: as they were given.
    config_dir: the folder of the user's own configuration, if there is one.
    again: what goes on with the search, for its user to read.
    """

    run_dir: Path
    choices: Mapping[str, str]
    overrides: tuple[str, ...]
    config_dir: str | None
    again: str

    @classmethod
    def of(cls, hydra: DictConfig, run_dir: Path, again: str) -> Self:
        """hydra: Hydra's part of the composed configuration."""
        chosen = dict(hydra.runtime.choices)
        choices = {group: choice for group, choice in chosen.items() if "/" not in group}
        sources = hydra.runtime.config_sources  # --config-dir, and the setting hydra.searchpath
        own = [source.path for source in sources if source.provider.endswith("command-line")]
        overrides = tuple(hydra.overrides.task)
        return cls(run_dir, choices, overrides, own[0] if own else None, again)
