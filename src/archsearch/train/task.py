"""The seam between tasks and the training of one architecture."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import torch

from archsearch.architecture import Architecture
from archsearch.archive import FitnessRule, Metric
from archsearch.cell import zoo
from archsearch.train.budget import Budget
from archsearch.train.training import Training

# Builds the network of a task; what a budget and a cell fix is given by the task, the rest is in
# conf/model. Such as functools.partial(LanguageModel, tied=True).
Model = Callable[..., torch.nn.Module]


Network = TypeVar("Network", bound=torch.nn.Module)
Corpus = TypeVar("Corpus")


class Task(ABC, Generic[Network, Corpus]):
    """Data with a network, a metric, and the fitness that follows from it.

    Tasks are configuration: cheap to build and picklable. Data is loaded at first use and kept
    for the trainings that follow in the process; to another process it does not go along.
    """

    name: str
    metric_name: str
    fitness_rule: FitnessRule
    # Known architectures by name, which a search trains beside its own unless told otherwise.
    references: Mapping[str, Architecture] = MappingProxyType(
        {name: zoo[name] for name in ("rnn", "lstm", "gru")}
    )
    timed: Architecture = zoo["lstm"]  # what `StepTimer` trains
    module_type: type[Any]  # the BatchModule that trains its networks
    networks: type[Network]
    models: str  # the files of conf/model that build them
    needs: tuple[str, ...] = ("num_layers", "hidden_size")  # what a budget must say

    _kept: tuple[object, Corpus] | None = None  # the data under the limits of the last budget

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": None}

    @property
    def notes(self) -> Mapping[str, str]:
        """What its figures must be quoted with."""
        return {}

    @property
    def symbol(self) -> str | None:
        """What is predicted one at a time, such as "word", of text alone."""
        return None

    def load(self, budget: Budget) -> None:
        """Make the data ready, or raise DataError. Done implicitly by all other methods."""
        self.corpus(budget)

    def corpus(self, budget: Budget) -> Corpus:
        """The data within the budget's limits."""
        limits = (budget.max_train_symbols, budget.max_valid_symbols, budget.vocabulary_size)
        if self._kept is None or self._kept[0] != limits:
            self._kept = (limits, self.loaded(budget))
        return self._kept[1]

    @abstractmethod
    def loaded(self, budget: Budget) -> Corpus:
        """The same, loaded again."""

    def network(
        self, architecture: Architecture, budget: Budget, model: Model, generator: torch.Generator
    ) -> Network:
        """The untrained network, its weights drawn from `generator`."""
        self.check_fit(architecture, budget, model)
        network = model(architecture, **self.sizes(budget), generator=generator)
        assert isinstance(network, self.networks)
        return network

    def check_fit(self, architecture: Architecture, budget: Budget, model: Model) -> None:  # noqa: ARG002
        """Raise ValueError where no network of the task can be made of these."""
        built: Any = model
        while isinstance(built, partial):  # with a candidate's hyperparameters it is one of one
            built = built.func
        if not (isinstance(built, type) and issubclass(built, self.networks)):
            raise ValueError(
                f"model: task {self.name} needs the network {self.networks.__name__}, got "
                f"{getattr(built, '__name__', built)}; try model={self.models}"
            )
        for name in self.needs:
            budget.needed(name)

    @abstractmethod
    def sizes(self, budget: Budget) -> dict[str, int | None]:
        """What data and budget fix of a network, by names of its constructor."""

    def module(
        self, network: Network, budget: Budget, training: Training, generator: torch.Generator
    ) -> Any:
        """The network with its training under a budget, a BatchModule."""
        return self.module_type(self, network, budget, training, generator)

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


@runtime_checkable
class Sampler(Protocol):
    """A task whose trained networks can make something new.

    sample_request: a dataclass of what may be asked for, by names of conf/sample.yaml; all of its
        fields have a value for what is not said.
    sample_suffix: of the file, such as ".mid"; None: text, which may also go to standard output.
    """

    sample_request: type[Any]
    sample_suffix: str | None

    def sample(
        self,
        network: torch.nn.Module,
        budget: Budget,
        request: Any,
        generator: torch.Generator,
    ) -> bytes:
        """The content of a file. All draws are from `generator`."""
        ...


def check_least(request: object, **least: float) -> None:
    """Raise ValueError where a field of a request is not more than its least value."""
    for name, value in least.items():
        if not getattr(request, name) > value:
            raise ValueError(f"{name}: expected more than {value}, got {getattr(request, name)}")
