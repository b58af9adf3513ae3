"""`python -m archsearch.sample run=outputs/…`: something new from a trained network.

What that is depends on the task of the run: text from language models, music from models of music,
translations of what comes in from encoder-decoders.
"""

import sys
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig

from archsearch.command import run_command
from archsearch.config import ConfigError, DataConfig
from archsearch.override_text import quoted
from archsearch.whole_file import write_whole

if TYPE_CHECKING:
    from archsearch.train import Sampler

_ALL = ("run", "out", "seed", "data")  # what every task takes
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
    """Rebuild task, network and weights from a directory, and write what they make."""
    # Here, because torch takes seconds to import: --help and mistakes are answered without.
    import torch

    from archsearch.data import use_data_root
    from archsearch.export.reading import is_export, read_export
    from archsearch.train import Sampler, set_up_process
    from archsearch.train.rebuilding import read_trained
    from archsearch.wording import write_line

    use_data_root(cfg.data.root)
    set_up_process()
    folder = Path(cfg.run).expanduser()
    trained = read_export(folder) if is_export(folder) else read_trained(folder)
    task = trained.recipe.task
    if not isinstance(task, Sampler):
        raise ConfigError(
            f"run={cfg.run}: expected a training of text, music or translation, got task "
            f"{task.name}, whose networks make nothing new"
        )
    request = request_of(cfg, task)
    out = None if cfg.out is None else Path(cfg.out).expanduser()
    check_out(out, task)
    generator = torch.Generator().manual_seed(cfg.seed)
    content = task.sample(trained.network, trained.recipe.budget, request, generator)
    if out is None:
        sys.stdout.write(content.decode())
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, content)
    write_line(f"{task.name}, seed {cfg.seed}: {out}")


def request_of(cfg: DictConfig, task: "Sampler") -> Any:
    """What is asked for, as the task wants it.

    Raises:
        ConfigError: something is asked that means nothing to this task.
    """
    known = [each.name for each in fields(task.sample_request)]
    given = {str(k): value for k, value in cfg.items() if value is not None and k not in _ALL}
    for key in given:
        if key not in known:
            raise ConfigError(
                f"{key}: means nothing to this run, whose task takes {', '.join(known)}"
            )
    return task.sample_request(**given)


def check_out(out: Path | None, task: "Sampler") -> None:
    """Raise ConfigError unless the file is of the kind that the task writes."""
    suffix = task.sample_suffix
    if suffix is None or (out is not None and out.suffix == suffix):
        return
    got = "none" if out is None else out.suffix or "no suffix"
    raise ConfigError(f"out: expected a file {suffix}, got {got}")


def _quoted_prompt(argument: str) -> str:
    """`prompt=<text>` quoted, as Hydra's grammar asks of free text."""
    if not argument.startswith(_FREE_TEXT):
        return argument
    return _FREE_TEXT + quoted(argument.removeprefix(_FREE_TEXT))


if __name__ == "__main__":
    main()
