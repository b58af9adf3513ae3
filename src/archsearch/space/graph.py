"""The space of Exploration: any cell, as a graph of operators, within a few rules.

Jozefowicz, Zaremba, Sutskever, An Empirical Exploration of Recurrent Network Architectures (2015):
"They treat cell as a graph and different layers as nodes". The genome is the canonical cell itself,
in which sums of Linears are one.

What the notes at hand leave open, as decided here: which graphs are incompatible (the rules of
`check`), and a random genome, which the paper never draws: an LSTM or GRU after a few mutations.
Which operators a cell may have is not restricted, so that cells of other spaces can be planted;
mutations draw from `activations` and `operators` alone.
"""

import random
import reprlib
from collections.abc import Callable, Sequence
from typing import Any

from archsearch.architecture import Architecture
from archsearch.cell import MAX_NODES, Cell, CellError, parse, zoo
from archsearch.space.parameters import different, operators_of, require
from archsearch.space.space import GenomeError, Rejection, first_broken
from archsearch.space.variation.graph_mutations import GraphGrammar, mutate_one_node
from archsearch.space.zero_signal import zero_nodes

SAMPLE_MUTATIONS = (1, 10)  # an LSTM has 13 operators: most of it is kept, or hardly any


class GraphSpace(GraphGrammar):
    """Cells that come from `start_cells` by mutations.

    activations: of one argument each. A `Linear` among them is a new square weight matrix, the one
        way in which a mutation adds a layer.
    operators: elementwise, of two arguments each.
    start_cells: names of the zoo.
    max_nodes: distinct nodes of a cell, sources included.
    """

    def __init__(
        self,
        activations: Sequence[str] = ("Tanh", "Sigmoid", "ReLU", "Linear"),
        operators: Sequence[str] = ("Add", "Mult", "Sub"),
        start_cells: Sequence[str] = ("lstm", "gru"),
        max_nodes: int = 40,
    ) -> None:
        require("max_nodes", max_nodes, 1, MAX_NODES, integer=True)
        known = [*operators_of(1), "Linear"]
        self.activations = different("activations", activations, known, least=2)
        self.operators = different("operators", operators, operators_of(2), least=2)
        self.max_nodes = max_nodes
        self._rules: dict[str, Callable[[Cell], str | None]] = {
            "size": self._check_size,
            "inputs": _check_inputs,
            "unread memory": _check_memories,
            "zero signal": _check_zero,
        }
        self.start_cells = tuple(zoo[name] for name in start_cells)
        if not self.start_cells:
            raise ValueError("start_cells: expected at least one name of the zoo, got none")
        for name, cell in zip(start_cells, self.start_cells, strict=True):
            if rejection := self.check(cell):
                raise ValueError(
                    f"start_cells: {name} is not in this space, {rejection.rule}: "
                    f"{rejection.reason}"
                )

    def sample(self, rng: random.Random) -> Cell:
        cell = rng.choice(self.start_cells)
        for _ in range(rng.randint(*SAMPLE_MUTATIONS)):
            cell = self.mutate(cell, rng)
        return cell

    def mutate(self, genome: Cell, rng: random.Random) -> Cell:
        return mutate_one_node(genome, self, rng) or genome

    def check(self, genome: Cell) -> Rejection | None:
        return first_broken(genome, self._rules)

    def decode(self, genome: Cell) -> Cell:
        return genome

    def encode(self, architecture: Architecture) -> Cell | None:
        if not isinstance(architecture, Cell):
            return None
        cell = architecture.with_folded_linears()
        return self.expressing(cell, cell)

    def to_json(self, genome: Cell) -> Any:
        """The cell's text."""
        return str(genome)

    def from_json(self, data: Any) -> Cell:
        if not isinstance(data, str):
            raise GenomeError(f"expected the text of a cell, got {reprlib.repr(data)}")
        try:
            cell = parse(data).with_folded_linears()
        except CellError as error:
            raise GenomeError(f"expected the text of a cell: {error}") from None
        return self.accepted(cell)

    def _check_size(self, cell: Cell) -> str | None:
        if cell.num_nodes <= self.max_nodes:
            return None
        return f"expected at most {self.max_nodes} nodes, got {cell.num_nodes}"


def _check_inputs(cell: Cell) -> str | None:
    """A canonical cell has no source that it does not need."""
    sources = {node.op for node in cell.nodes if node.is_source}
    missing = [source for source in ("x_t", "h_tm1") if source not in sources]
    return f"h_t does not depend on {' and '.join(missing)}" if missing else None


def _check_memories(cell: Cell) -> str | None:
    """Only such memories are left in a canonical cell as weights hang on that do nothing."""
    fed = dict(cell.outputs)
    read, waiting, seen = {"h"}, [fed["h"]], set[int]()
    while waiting:
        index = waiting.pop()
        if index in seen:
            continue
        seen.add(index)
        node = cell.nodes[index]
        waiting.extend(node.args)
        if node.state is not None:
            read.add(node.state)
            waiting.append(fed[node.state])
    unread = [memory for memory in cell.memories if memory not in read]
    return f"h_t never reads {', '.join(unread)}" if unread else None


def _check_zero(cell: Cell) -> str | None:
    zero = zero_nodes(cell)
    if not zero:
        return None
    node = cell.nodes[min(zero)]
    return f"{node.op} is 0 at every step, whatever the weights (node {min(zero)})"
