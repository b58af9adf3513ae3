"""Hyperparameters that a candidate brings along, in place of what the configuration says."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from archsearch.architecture import Architecture
from archsearch.train import Budget, Model, Task, Training, matched_width


@dataclass(frozen=True)
class Setting:
    """How one architecture is trained."""

    budget: Budget
    model: Model
    training: Training


def apply(
    hyperparameters: Mapping[str, Any], setting: Setting, task: Task, architecture: Architecture
) -> Setting:
    """The setting with a candidate's hyperparameters in it; their names are `HYPERPARAMETERS`.

    Raises:
        ValueError: a name that is not known.
    """
    # The hidden size that gives so many parameters depends on all the others.
    for name in sorted(hyperparameters, key=lambda name: name == "num_params"):
        if name not in KNOWN:
            raise ValueError(f"hyperparameters: expected {', '.join(KNOWN)}, got {name!r}")
        setting = KNOWN[name](setting, hyperparameters[name], task, architecture)
    return setting


def _learning_rate(setting: Setting, value: float, _: Task, __: Architecture) -> Setting:
    schedule = dataclasses.replace(setting.training.schedule, lr=value)
    return dataclasses.replace(
        setting, training=dataclasses.replace(setting.training, schedule=schedule)
    )


def _clip_norm(setting: Setting, value: float, _: Task, __: Architecture) -> Setting:
    return dataclasses.replace(
        setting, training=dataclasses.replace(setting.training, clip_norm=value)
    )


def _init_scale(setting: Setting, value: float, _: Task, __: Architecture) -> Setting:
    return dataclasses.replace(setting, model=functools.partial(setting.model, init_scale=value))


def _num_layers(setting: Setting, value: int, _: Task, __: Architecture) -> Setting:
    return dataclasses.replace(
        setting, budget=dataclasses.replace(setting.budget, num_layers=value)
    )


def _num_params(setting: Setting, value: int, task: Task, architecture: Architecture) -> Setting:
    budget = matched_width(task, architecture, setting.budget, setting.model, value)
    return dataclasses.replace(setting, budget=budget)


KNOWN: dict[str, Callable[[Setting, Any, Task, Architecture], Setting]] = {
    "learning_rate": _learning_rate,
    "init_scale": _init_scale,  # weights are drawn from ± this
    "clip_norm": _clip_norm,
    "num_layers": _num_layers,
    "num_params": _num_params,  # the most that the width may bring about
}
