"""Hyperparameters that a candidate brings along, in place of what the configuration says."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from archsearch.architecture import Architecture
from archsearch.train import Recipe, matched_width


def apply(hyperparameters: Mapping[str, Any], recipe: Recipe, architecture: Architecture) -> Recipe:
    """The recipe with a candidate's hyperparameters in it; their names are `HYPERPARAMETERS`.

    Raises:
        ValueError: a name that is not known.
    """
    # The hidden size that gives so many parameters depends on all the others.
    for name in sorted(hyperparameters, key=lambda name: name == "num_params"):
        if name not in KNOWN:
            raise ValueError(f"hyperparameters: expected {', '.join(KNOWN)}, got {name!r}")
        recipe = KNOWN[name](recipe, architecture, hyperparameters[name])
    return recipe


def _learning_rate(recipe: Recipe, _: Architecture, value: float) -> Recipe:
    schedule = replace(recipe.training.schedule, lr=value)
    return replace(recipe, training=replace(recipe.training, schedule=schedule))


def _init_scale(recipe: Recipe, _: Architecture, value: float) -> Recipe:
    return replace(recipe, model=partial(recipe.model, init_scale=value))


def _clip_norm(recipe: Recipe, _: Architecture, value: float) -> Recipe:
    return replace(recipe, training=replace(recipe.training, clip_norm=value))


def _num_layers(recipe: Recipe, _: Architecture, value: int) -> Recipe:
    return replace(recipe, budget=replace(recipe.budget, num_layers=value))


KNOWN: dict[str, Callable[[Recipe, Architecture, Any], Recipe]] = {
    "learning_rate": _learning_rate,
    "init_scale": _init_scale,  # weights are drawn from ± this
    "clip_norm": _clip_norm,
    "num_layers": _num_layers,
    "num_params": matched_width,  # the most that the width may bring about
}
