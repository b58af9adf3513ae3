"""`python -m archsearch.sample run=outputs/…`: something new from a trained network."""

import sys
from dataclasses import dataclass, field

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig

from archsearch.command import run_command
from archsearch.config import DataConfig
from archsearch.override_text import quoted

_FREE_TEXT = "prompt="


@dataclass
class SampleConfig:
    """The top level of conf/sample.yaml."""

    run: str = MISSING
    out: str | None = None
    length: int | None = None
    prompt: str | None = None
    temperature: float | None = None
    seconds: float | None = None
    prime_seconds: float | None = None
    piece: int | None = None
    input: str | None = None
    beam_size: int | None = None
    seed: int = MISSING
    data: DataConfig = field(default_factory=DataConfig)


def main() -> None:
    """The command."""
    sys.argv[1:] = [_quoted_prompt(argument) for argument in sys.argv[1:]]
    ConfigStore.instance().store(name="sample_schema", node=SampleConfig)
    run_command(job, "sample")


def job(cfg: DictConfig) -> None:
    """What the configuration asks for."""
    # Here, because torch takes seconds to import: --help and mistakes are answered without.
    from archsearch.sampling import sample

    sample(cfg)


def _quoted_prompt(argument: str) -> str:
    """`prompt=<text>` quoted, as Hydra's grammar asks of free text."""
    if not argument.startswith(_FREE_TEXT):
        return argument
    return _FREE_TEXT + quoted(argument.removeprefix(_FREE_TEXT))


if __name__ == "__main__":
    main()
