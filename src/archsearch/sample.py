"""`python -m archsearch.sample run=outputs/… out=new.mid`: something new from a trained network."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from hydra.core.config_store import ConfigStore
from hydra.utils import instantiate
from omegaconf import MISSING, DictConfig, ListConfig, OmegaConf
from safetensors.torch import load_file

from archsearch.command import run_command
from archsearch.config import ConfigError, DataConfig, check, register
from archsearch.data.store import ROOT_VARIABLE
from archsearch.train import Budget, Sampler, SampleRequest, Task, read_cell, set_up_process
from archsearch.train.__main__ import CELL, CONFIG, RESULT, WEIGHTS, read_result
from archsearch.train.checkpoint import write_whole
from archsearch.train.progress import write_line

_OWN = "archsearch."


@dataclass
class SampleConfig:
    """The top level of conf/sample.yaml."""

    run: str = MISSING
    out: str = MISSING
    seconds: float = MISSING
    prime_seconds: float = MISSING
    piece: int = MISSING
    seed: int = MISSING
    data: DataConfig = field(default_factory=DataConfig)


def main() -> None:
    """The command `python -m archsearch.sample`."""
    register()
    ConfigStore.instance().store(name="sample_schema", node=SampleConfig)
    run_command(sample, "sample")


def sample(cfg: DictConfig) -> None:
    """Rebuild task, network and weights from a training's directory, and write what is drawn."""
    request = SampleRequest(cfg.seconds, cfg.prime_seconds, cfg.piece)
    if cfg.data.root is not None:
        os.environ[ROOT_VARIABLE] = str(cfg.data.root)
    set_up_process()
    folder, out = Path(cfg.run).expanduser(), Path(cfg.out).expanduser()
    content = draw(folder, out.suffix, request, cfg.seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, content)
    write_line(
        f"{request.seconds:g} s after {request.prime_seconds:g} s of test piece "
        f"{request.piece}, seed {cfg.seed}: {out}"
    )


def draw(folder: Path, suffix: str, request: SampleRequest, seed: int) -> bytes:
    """What the network of a training makes, as the content of a file with that suffix."""
    trained = read_configuration(folder)
    task: Task = instantiate(trained.task)
    if not isinstance(task, Sampler):
        raise ConfigError(
            f"run={folder}: expected a training of music, got task {task.name}, "
            "whose networks make nothing new"
        )
    if suffix != task.sample_suffix:
        raise ConfigError(f"out: expected a file {task.sample_suffix}, got {suffix or 'no suffix'}")
    budget = Budget(**read_result(folder)["budget"])  # with the width that was matched
    network = rebuild(folder, trained, task, budget)
    return task.sample(network, budget, request, torch.Generator().manual_seed(seed))


def read_configuration(folder: Path) -> DictConfig:
    """Of a finished training; it names nothing but archsearch's own classes.

    Raises:
        ConfigError: the folder is not that of one.
    """
    missing = [name for name in (CONFIG, CELL, WEIGHTS, RESULT) if not (folder / name).is_file()]
    if missing:
        raise ConfigError(
            f"run={folder}: expected the directory of a finished `python -m archsearch.train`, "
            f"found no {', '.join(missing)}"
        )
    trained = OmegaConf.load(folder / CONFIG)
    assert isinstance(trained, DictConfig)
    for target in _targets(trained):
        if not target.startswith(_OWN):  # what comes with a directory could else run anything
            raise ConfigError(f"{folder / CONFIG}: expected classes of archsearch, got {target!r}")
    check(trained)
    return trained


def rebuild(folder: Path, trained: DictConfig, task: Task, budget: Budget) -> torch.nn.Module:
    """The network that was trained, with its weights, for evaluation."""
    cell = read_cell(str(folder / CELL))
    network = task.network(cell, budget, instantiate(trained.model), torch.Generator())
    network.load_state_dict(load_file(folder / WEIGHTS))
    return network.eval()


def _targets(node: Any) -> list[str]:
    if isinstance(node, ListConfig):
        return [target for child in node for target in _targets(child)]
    if not isinstance(node, DictConfig):
        return []
    own = [str(node["_target_"])] if "_target_" in node else []
    return own + [target for key in node for target in _targets(node[key])]


if __name__ == "__main__":
    main()
