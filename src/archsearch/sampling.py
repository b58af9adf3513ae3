"""Something new from a trained network: what `python -m archsearch.sample` does.

What that is depends on the task of the run: text from language models, music from models of music,
translations of what comes in from encoder-decoders.
"""

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig

from archsearch.config import ConfigError
from archsearch.data import use_data_root
from archsearch.export.reading import is_export, read_export
from archsearch.train import Sampler, set_up_process
from archsearch.train.rebuilding import Trained, read_trained
from archsearch.whole_file import write_whole
from archsearch.wording import write_line

_ALL = ("run", "out", "seed", "data")  # what every task takes


def sample(cfg: DictConfig) -> None:
    """Rebuild task, network and weights from a directory, and write what they make."""
    use_data_root(cfg.data.root)
    set_up_process()
    trained = read_network(Path(cfg.run).expanduser())
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


def read_network(folder: Path) -> Trained:
    """Of a training's directory, or of what `python -m archsearch.export` made of it."""
    return read_export(folder) if is_export(folder) else read_trained(folder)


def request_of(cfg: DictConfig, task: Sampler) -> Any:
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


def check_out(out: Path | None, task: Sampler) -> None:
    """Raise ConfigError unless the file is of the kind that the task writes."""
    suffix = task.sample_suffix
    if suffix is None or (out is not None and out.suffix == suffix):
        return
    got = "none" if out is None else out.suffix or "no suffix"
    raise ConfigError(f"out: expected a file {suffix}, got {got}")
