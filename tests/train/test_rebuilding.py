"""Networks of earlier runs, from the configurations that lie beside them."""

from pathlib import Path
from typing import cast

import pytest
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from archsearch.cell import zoo
from archsearch.config import ConfigError
from archsearch.train.rebuilding import rebuild

OLD = Path(__file__).parent.parent / "report" / "schema_2" / "config.yaml"


@pytest.fixture
def config() -> DictConfig:
    return cast(DictConfig, OmegaConf.load(OLD))


def test_a_logger_that_has_another_name_now_is_no_matter(config: DictConfig) -> None:
    config.logger = {"_target_": "archsearch.search.callbacks.WandbLog", "_partial_": True}
    budget = instantiate(config.budget)
    trained = rebuild(config, zoo["gru"], budget, OLD)
    assert trained.recipe.task.name == "xml"
    assert not trained.network.training


@pytest.mark.parametrize("part", ["task", "model", "budget", "trainer"])
@pytest.mark.parametrize(
    "target", ["os.system", "archsearch.config.subprocess.run", "archsearch.config.NoSuch"]
)
def test_a_configuration_cannot_name_foreign_code(
    config: DictConfig, part: str, target: str
) -> None:
    budget = instantiate(config.budget)
    config[part]["_target_"] = target
    with pytest.raises(ConfigError, match=target):
        rebuild(config, zoo["gru"], budget, OLD)
