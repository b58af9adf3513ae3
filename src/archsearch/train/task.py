"""The seam between tasks and the training of one architecture."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import torch

from archsearch.architecture import Architecture
from archsearch.archive import FitnessRule, Metric
from archsearch.cell import zoo
from archsearch.train.budget import Budget
from archsearch.train.training import Training

if TYPE_CHECKING:
    from archsearch.train.module import BatchModule

# Builds the network of a task; what a budget and a cell fix is given by the task, the rest is in
# conf/model. Such as functools.partial(LanguageModel, tied=True).
Model = Callable[..., torch.nn.Module]


Data = TypeVar("Data")


def check_model(model: Model, kind: type[torch.nn.Module], task: str, choices: str) -> None:
    """Hold a configured model against the networks of a task.

    choices: the files of conf/model that fit.

    Raises:
        ValueError: it builds networks of another kind.
    """
    built: Any = model
    while isinstance(built, partial):  # with a candidate's hyperparameters it is one of one
        built = built.func
    if not (isinstance(built, type) and issubclass(built, kind)):
        raise ValueError(
            f"model: task {task} needs the network {kind.__name__}, got "
            f"{getattr(built, '__name__', built)}; try model={choices}"
        )


class Loaded(Generic[Data]):
    """The data that a task has loaded, cut to the limits of a budget.

    It lasts for the trainings that follow in the process. To another process it does not go along:
    that one loads for itself.
    """

    def __init__(self) -> None:
        self._last: tuple[object, Data] | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"_last": None}

    @property
    def last(self) -> Data | None:
        """What `get` gave last in this process."""
        return None if self._last is None else self._last[1]

    def get(self, limits: object, load: Callable[[], Data]) -> Data:
        """What `load` gives; it is asked only where the limits are others than the last time."""
        if self._last is None or self._last[0] != limits:
            self._last = (limits, load())
        return self._last[1]


class Task(ABC):
    """Data with a network, a metric, and the fitness that follows from it.

    Tasks are configuration: cheap to build and picklable. Data is loaded at first use and kept
    for the trainings that follow in the same process.
    """

    name: str
    metric_name: str
    fitness_rule: FitnessRule
    symbol: str | None = None  # what is predicted one at a time, such as "word", of text alone
    notes: Mapping[str, str] = MappingProxyType({})  # what its figures must be quoted with
    # Known architectures by name, which a search trains beside its own unless told otherwise.
    references: Mapping[str, Architecture] = MappingProxyType(
        {name: zoo[name] for name in ("rnn", "lstm", "gru")}
    )
    timed: Architecture = zoo["lstm"]  # what `StepTimer` trains

    @abstractmethod
    def load(self, budget: Budget) -> None:
        """Make the data ready, or raise DataError. Done implicitly by all other methods."""

    @abstractmethod
    def network(
        self, cell: Architecture, budget: Budget, model: Model, generator: torch.Generator
    ) -> torch.nn.Module:
        """The untrained network, its weights drawn from `generator`."""

    @abstractmethod
    def module(
        self, network: torch.nn.Module, budget: Budget, training: Training,
        generator: torch.Generator,
    ) -> "BatchModule[Any]":  # fmt: skip
        """The network with its training under a budget."""

    def result(self, metrics: Sequence[float]) -> float:
        """What counts of a training, from the metric after each epoch: that of the last. A budget
        fixes how long to train, and the best of all would favour cells whose curves are noisy."""
        return metrics[-1]

    @property
    def measured_by(self) -> Metric:
        """What its figures are."""
        return Metric.under(self.fitness_rule, self.metric_name, self.symbol)

    @property
    def lower_is_better(self) -> bool:
        """Of the metric."""
        return self.fitness_rule.lower_is_better

    def fitness(self, metric: float) -> float:
        """What strategies maximise."""
        return self.fitness_rule.fitness(metric)

    def metric(self, fitness: float) -> float:
        """The metric that has this fitness."""
        return self.fitness_rule.metric(fitness)
