"""`python -m archsearch.predictor.train predictor=meta_lstm runs=[outputs/a,outputs/b]`."""

from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig

from archsearch.command import run_command


@dataclass
class TrainPredictorConfig:
    """The top level of conf/train_predictor.yaml."""

    predictor: Any = MISSING
    runs: list[str] = MISSING
    out: str = MISSING
    held_out_share: float = MISSING
    seed: int = MISSING


def main() -> None:
    """The command."""
    ConfigStore.instance().store(name="train_predictor_schema", node=TrainPredictorConfig)
    run_command(job, "train_predictor")


def job(cfg: DictConfig) -> None:
    """The training that the configuration defines."""
    # Here, because the libraries take seconds to import: --help and mistakes do without them.
    from archsearch.predictor.training import train

    train(cfg)


if __name__ == "__main__":
    main()
