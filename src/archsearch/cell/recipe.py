"""Recipes of NAS-Bench-NLP (Klyuchnikov et al. 2020): node name -> {"op", "input"}."""

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from archsearch.cell.cell import Cell
from archsearch.cell.errors import CellError, did_you_mean, shown
from archsearch.cell.node import PREVIOUS, Node
from archsearch.cell.validation import arity_problem

_OPERATORS = {
    "linear": "Linear",
    "blend": "Blend",
    "elementwise_prod": "Mult",
    "elementwise_sum": "Add",
    "activation_tanh": "Tanh",
    "activation_sigm": "Sigmoid",
    "activation_leaky_relu": "LeakyReLU",
}
_FOLDED = {"Mult", "Add"}  # of two or more inputs there, of two here
_NEXT = re.compile(r"h_new_(0|[1-9][0-9]{0,3})", re.ASCII)
_PREVIOUS = re.compile(r"h_prev_(0|[1-9][0-9]{0,3})", re.ASCII)
_NUMBERED = re.compile(r"node_[0-9]+", re.ASCII)  # a number is no name worth keeping


def from_recipe(recipe: Mapping[str, Any]) -> Cell:
    """The cell of a recipe: h_new_0 is h_t, each other h_new_k a memory; nodes in any order.

    Raises CellError that names the node and the problem.
    """
    if not isinstance(recipe, Mapping):
        raise CellError(f"expected a recipe (node name -> op and input), got {shown(recipe)}")
    inputs = {name: _inputs(name, entry, recipe) for name, entry in recipe.items()}
    if "h_new_0" not in recipe:
        raise CellError("recipe: expected a node h_new_0, the cell's output; got none")
    nodes: list[Node] = []
    labels: list[str | None] = []
    place: dict[str, int] = {}

    def add(node: Node, label: str | None = None) -> int:
        nodes.append(node)
        labels.append(label)
        return len(nodes) - 1

    for name in _in_order(inputs):
        if name not in recipe:
            place[name] = add(Node(_source(name)))
            continue
        op = _OPERATORS[recipe[name]["op"]]
        args = [place[each] for each in inputs[name]]
        while op in _FOLDED and len(args) > 2:
            args = [add(Node(op, (args[0], args[1]))), *args[2:]]
        if problem := arity_problem(op, len(args)):
            raise CellError(f"recipe, node {shown(name)}: {problem}")
        place[name] = add(Node(op, tuple(args)), None if _NUMBERED.fullmatch(name) else name)
    outputs = [(_state(match[1]), place[n]) for n in recipe if (match := _NEXT.fullmatch(n))]
    return Cell.build(nodes, outputs, labels)


def _inputs(name: object, entry: object, recipe: Mapping[str, Any]) -> list[str]:
    """The checked inputs of one node."""
    where = f"recipe, node {shown(name)}"
    if not isinstance(name, str):
        raise CellError(f"{where}: expected a name, got a {type(name).__name__}")
    if name == "x" or _PREVIOUS.fullmatch(name):
        raise CellError(f"{where}: this is an input and cannot be defined")
    if not isinstance(entry, Mapping) or not {"op", "input"} <= entry.keys():
        raise CellError(f'{where}: expected {{"op": …, "input": […]}}, got {shown(entry)}')
    op, inputs = entry["op"], entry["input"]
    if not isinstance(op, str) or op not in _OPERATORS:
        raise CellError(f"{where}: unknown op {shown(op)}; {did_you_mean(str(op), _OPERATORS)}")
    if not isinstance(inputs, list | tuple) or not inputs:
        raise CellError(f"{where}: expected a list of inputs, got {shown(inputs)}")
    for each in inputs:
        if not isinstance(each, str):
            raise CellError(f"{where}: expected names as inputs, got {shown(each)}")
        if each == "x" or each in recipe:
            continue
        previous = _PREVIOUS.fullmatch(each)
        if previous and f"h_new_{previous[1]}" in recipe:
            continue
        if previous:
            raise CellError(
                f"{where}: input {each} is read, but there is no node "
                f"h_new_{previous[1]} that gives its next value"
            )
        known = ["x", *(other for other in recipe if isinstance(other, str))]
        raise CellError(f"{where}: input {shown(each)} is missing; {did_you_mean(each, known)}")
    return list(inputs)


def _in_order(inputs: Mapping[str, list[str]]) -> list[str]:
    """Sources and nodes, each after its inputs."""
    try:
        return list(TopologicalSorter(inputs).static_order())
    except CycleError as error:
        raise CellError(
            f"recipe, node {shown(error.args[1][0])}: it depends on itself within one step; a "
            "cycle must go through an h_prev"
        ) from None


def _state(number: str) -> str:
    return "h" if number == "0" else f"m{number}"


def _source(name: str) -> str:
    match = _PREVIOUS.fullmatch(name)
    return _state(match[1]) + PREVIOUS if match else "x_t"
