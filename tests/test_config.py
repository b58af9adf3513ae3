"""Configuration: every file composes, and mistakes are named before anything runs."""

from pathlib import Path

import hydra
import pytest
from omegaconf import DictConfig, OmegaConf

from archsearch.conf_files import conf_folder
from archsearch.config import ConfigError, register
from archsearch.config_check import check
from archsearch.identity import config_hash, identity

CONF = Path(conf_folder())
GROUPS = sorted({p.name for p in CONF.iterdir() if p.is_dir()} - {"experiment", "hydra"})


def compose(*overrides: str, config_name: str = "config") -> DictConfig:
    register()
    with hydra.initialize_config_dir(conf_folder(), version_base="1.3"):
        return hydra.compose(config_name, overrides=list(overrides))


@pytest.mark.parametrize(
    "override",
    [f"{group}={file.stem}" for group in GROUPS for file in sorted((CONF / group).glob("*.yaml"))],
)
def test_every_choice_composes_and_passes_the_check(override: str) -> None:
    check(compose(override))


@pytest.mark.parametrize("file", sorted((CONF / "experiment").glob("*.yaml")), ids=lambda f: f.stem)
def test_every_experiment_composes_and_opens_with_its_command(file: Path) -> None:
    command = next(line for line in file.read_text().splitlines() if "python -m" in line)
    config_name = "train" if "archsearch.train" in command else "config"
    overrides = command.split(f"archsearch{'.train' if config_name == 'train' else ''} ")[1]
    check(compose(*overrides.split(), config_name=config_name))
    assert f"+experiment={file.stem}" in overrides


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("cell_space: {max_hight: 15}", r"cell_space\.max_hight.*did you mean 'max_height'"),
        ("budget: {epochs: many}", r"budget\.epochs='many': should be a valid integer"),
        ("search: {population_size: 2.5}", r"search\.population_size=2\.5.*integer"),
    ],
)
def test_mistakes_in_a_group_are_named_with_their_key(change: str, message: str) -> None:
    cfg = compose()
    OmegaConf.set_struct(cfg, False)
    with pytest.raises(ConfigError, match=message):
        check(OmegaConf.merge(cfg, OmegaConf.create(change)))


def test_a_missing_value_is_named() -> None:
    cfg = compose()
    OmegaConf.set_struct(cfg, False)
    del cfg.budget.epochs
    with pytest.raises(ConfigError, match=r"budget\.epochs: no value given"):
        check(cfg)


def test_identity_changes_with_what_decides_results_and_with_nothing_else() -> None:
    def hashed(*overrides: str) -> str:
        return config_hash(identity(compose(*overrides)))

    same = [(), ("executor=serial",), ("logger=none",), ("trials=7",), ("output_root=elsewhere",)]
    other = [("seed=2",), ("budget=smoke",), ("search=random",), ("window=3",), ("references=[]",)]
    assert len({hashed(*o) for o in same}) == 1
    assert len({hashed(*o) for o in [(), *other]}) == 1 + len(other)
