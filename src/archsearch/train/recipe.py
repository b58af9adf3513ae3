"""How something is trained, as one value; with an architecture and a seed it gives a result."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig
from safetensors import SafetensorError
from safetensors.torch import load_file

from archsearch.architecture import Architecture
from archsearch.archive import Epoch
from archsearch.config import ConfigError
from archsearch.train.budget import Budget
from archsearch.train.failures import TooManyParameters, TrainingFailure
from archsearch.train.module import BatchModule
from archsearch.train.task import Model, Task
from archsearch.train.training import Training

if TYPE_CHECKING:
    from pytorch_lightning import Callback


@dataclass(frozen=True)
class Recipe:
    """What is learnt, by which network, from how much, and how its weights are moved.

    It is pickled with every worker process, which then loads the data.
    """

    task: Task[Any, Any]
    model: Model
    budget: Budget
    training: Training

    def load(self) -> None:
        """Make the data ready, where it is not yet.

        Raises:
            DataError: it is missing.
            ValueError: this machine has no such accelerator.
        """
        self.training.check_machine()
        self.task.load(self.budget)

    def network(self, architecture: Architecture, generator: torch.Generator) -> Any:
        """The untrained network, its weights drawn from `generator`."""
        return self.task.network(architecture, self.budget, self.model, generator)

    def module(self, network: Any, generator: torch.Generator) -> BatchModule[Any]:
        """The network with all that its training takes."""
        module: BatchModule[Any] = self.task.module(network, self.budget, self.training, generator)
        return module


def recipe_of(cfg: DictConfig) -> Recipe:
    """That of a configuration that was checked; nothing is loaded."""
    return Recipe(*(instantiate(cfg[part]) for part in ("task", "model", "budget", "trainer")))


@dataclass(frozen=True)
class Fit:
    """A finished training. `metric` is what the task makes of the curve (`Task.result`)."""

    curve: tuple[Epoch, ...]
    metric: float
    num_params: int
    module: BatchModule[Any] = field(repr=False)


def fit(
    recipe: Recipe,
    architecture: Architecture,
    seed: int,
    *,
    num_epochs: int | None = None,
    callbacks: "Sequence[Callback]" = (),
    checkpoint: Path | None = None,
    start_from: Path | None = None,
) -> Fit:
    """Train an architecture. All that is random comes from `seed`; no global generator is used.

    `num_epochs` ends the training early, after so many of the budget's epochs; until then all is as
    it would be without. `checkpoint`, if it exists, is the file of an interrupted training to go on
    with. `start_from` is a safetensors file of another training's weights, to begin with.

    Raises:
        TrainingFailure: with `curve` and `num_params` filled in as far as they are known.
        DataError: the task's data is missing or too small for the budget.
    """
    num_params = num_allowed(recipe, architecture)
    module: BatchModule[Any] | None = None
    try:
        module = make_module(recipe, architecture, seed, start_from)
        _run(module, num_epochs or recipe.budget.epochs, callbacks, checkpoint)
    except TrainingFailure as failure:
        failure.curve = tuple(module.curve) if module is not None else ()
        failure.num_params = num_params
        raise
    return Fit(tuple(module.curve), recipe.task.result(module.metrics), num_params, module)


def set_up_process() -> None:
    """Let the CPU take denormals, floats below 1.2e-38 in size, for zero.

    It computes with them many times slower: a language model so certain of its text that most
    softmax probabilities were below that trained 2.5 times as fast with them flushed. Holds for the
    calling thread and for threads that begin later, so it comes before torch's first parallel work.
    """
    torch.set_flush_denormal(True)


def count_parameters(recipe: Recipe, architecture: Architecture) -> int:
    """Of the network that `fit` would train; no memory is taken for its weights."""
    recipe.task.load(recipe.budget)
    with torch.device("meta"):
        network = recipe.network(architecture, torch.Generator(device="cpu"))
    return sum(parameter.numel() for parameter in network.parameters())


def num_allowed(recipe: Recipe, architecture: Architecture) -> int:
    """The same; raises TooManyParameters where they are over the budget's limit."""
    num_params, limit = count_parameters(recipe, architecture), recipe.budget.max_params
    if limit is not None and num_params > limit:
        raise TooManyParameters(f"{num_params:,} parameters, over the limit of {limit:,}")
    return num_params


def make_module(
    recipe: Recipe, architecture: Architecture, seed: int, start_from: Path | None = None
) -> BatchModule[Any]:
    """What `fit` trains, before its first step."""
    generator = torch.Generator().manual_seed(seed)
    network = recipe.network(architecture, generator)
    if start_from is not None:
        load_into(network, start_from)
    return recipe.module(network, generator)


def load_weights(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file by name: other formats can run code.

    Raises:
        ConfigError: it is a file of another kind.
    """
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ConfigError(
            f"{path}: expected weights in the format of safetensors, got another or a damaged file "
            f"({error}), which is not read"
        ) from None


def load_into(network: torch.nn.Module, path: Path) -> None:
    """Give the network the weights of a file. Raises ConfigError where they are not its own."""
    try:
        network.load_state_dict(load_weights(path))
    except RuntimeError as error:
        raise ConfigError(
            f"the weights in {path} are those of another network: "
            f"{' '.join(str(error).split())[:300]}"
        ) from None


def metric_on_test(recipe: Recipe, module: BatchModule[Any]) -> float:
    """The metric of the test split under the module's weights as they are."""
    # Here, as in _run: Lightning takes seconds to import, and who counts parameters needs none.
    from archsearch.train.lightning import UnderLightning, plain_trainer

    with plain_trainer(recipe.training, recipe.budget.epochs) as trainer:
        trainer.test(UnderLightning(module), verbose=False)
    return module.test_metric


def _run(
    module: BatchModule[Any],
    num_epochs: int,
    callbacks: "Sequence[Callback]",
    checkpoint: Path | None,
) -> None:
    from archsearch.train.epochs import check_checkpoint
    from archsearch.train.lightning import UnderLightning, plain_trainer

    resume_from = checkpoint if checkpoint is not None and checkpoint.exists() else None
    if resume_from is not None:
        check_checkpoint(resume_from)
    with plain_trainer(module.training_plan, num_epochs, callbacks) as trainer:
        trainer.fit(UnderLightning(module), ckpt_path=resume_from, weights_only=True)
