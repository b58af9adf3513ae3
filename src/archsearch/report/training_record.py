"""What a report knows of one training, `python -m archsearch.train`, finished or failed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from archsearch.archive import Json, Metric
from archsearch.cell import zoo
from archsearch.config import CONFIG_FILE, ConfigError

RESULT_FILE, FAILED_FILE = "result.json", "failed.json"


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """facts: its result.json, or failed.json, which has a cause in place of metrics."""

    folder: Path
    facts: Mapping[str, Json]
    config: DictConfig

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def cause(self) -> str | None:
        """Why it failed; None where it did not."""
        return self.facts.get("cause")

    @property
    def zoo_name(self) -> str | None:
        """Of the reference that it trained; None for any other cell."""
        return _NAMES.get(self.facts["key"])

    @property
    def cell(self) -> str:
        """A short name."""
        return self.zoo_name or f"cell {self.facts['key'][:8]}"

    @property
    def text(self) -> str:
        """The cell on one line."""
        return " ".join(self.facts["cell"].split())

    @property
    def split(self) -> str:
        """On which it was measured: test, or valid; of a failed one, was to be measured."""
        # The result knows: a later command may have tested what this configuration left.
        is_tested = self.config.get("test") if self.cause else self.facts["test"] is not None
        return "test" if is_tested else "valid"

    @property
    def metric(self) -> float | None:
        return None if self.cause else float(self.facts[self.split])

    @property
    def measured_by(self) -> Metric:
        """As far as the revision that trained it noted what its figures are."""
        known = (self.facts.get(name) for name in ("lower_is_better", "symbol"))
        lower_is_better, symbol = known
        return Metric(self.facts["metric"], lower_is_better, symbol=symbol)


def is_training(folder: Path) -> bool:
    """Whether the directory is that of a training that has finished or failed."""
    return any((folder / name).is_file() for name in (RESULT_FILE, FAILED_FILE))


def read_training(folder: Path) -> TrainingRecord:
    """Raises ConfigError where its result cannot be read."""
    has_result = (folder / RESULT_FILE).is_file()
    file = folder / (RESULT_FILE if has_result else FAILED_FILE)
    expected = f"{file}: expected what `python -m archsearch.train` has written"
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{expected} ({error})") from None
    if not isinstance(facts, dict) or "num_params" not in facts:
        raise ConfigError(expected)
    if not (folder / CONFIG_FILE).is_file():
        raise ConfigError(f"{folder / CONFIG_FILE}: expected the configuration of the training")
    config = OmegaConf.load(folder / CONFIG_FILE)
    assert isinstance(config, DictConfig)
    return TrainingRecord(folder, facts, config)


_NAMES = {zoo[name].key: name for name in zoo}
