"""The space of the DSL: expressions grown from h_t downwards, and filters under names.

Schrimpf et al. 2017, section 3.1 (the language), section 3.2 (growing architectures) and "Explicit
restrictions on generated architectures" (the filters).

What the paper leaves open, as decided here:

- A token is drawn uniformly among those allowed at its place. What can be known there is not
  filtered later: which tokens would stack, what the limits on nodes and height leave room for.
- `Gate3(x, y, f)` applies the sigmoid to f itself, so "the forget gate is the result of a sigmoid"
  holds for every gate. What remains of the rule is that f is no Sigmoid, which would be the second.
- The limit on nodes counts a source once, as `Cell.num_nodes` does: with every use counted, the
  paper's own best cell BC3 would have 25 nodes, over its limit of 21.
- c_t is taken from a node below h_t: c_t = h_t would be h_t once more.
- `MM(a)` is `Linear(a)`, and a sum of several is one: Add(MM(a), MM(b)) is Linear(a, b).
- Two rules are ours. "zero signal": a state that is 0 at every step whatever the weights is none.
  "repeated map": Add(MM(a), MM(a)) is MM(a) with twice the weights, written so that the rules on
  stacking and on memories miss it.
"""

import random
import reprlib
from collections.abc import Sequence
from functools import partial
from typing import Any

from archsearch.architecture import Architecture
from archsearch.cell import MAX_NODES, Cell, Node
from archsearch.space import dsl_rules
from archsearch.space.dsl_rules import Rule
from archsearch.space.expression import (
    MATRIX,
    SOURCES,
    Expression,
    arity,
    cell_operator,
    from_prefix,
)
from archsearch.space.expression_grammar import ExpressionGrammar
from archsearch.space.parameters import different, require
from archsearch.space.space import GenomeError, Rejection, first_broken
from archsearch.space.variation.edit_expression import EDITS

CORE = ("MM", "Sigmoid", "Tanh", "ReLU", "Add", "Mult", "Gate3")
SAMPLE_ATTEMPTS = 10_000

# The rules that can be switched off, in the order in which they are checked.
RULES = (
    "nodes", "height", "inputs", "gate", "stacking",
    "memory recurrence", "memory nodes", "repeated map", "zero signal", "canonical order",
)  # fmt: skip


class DSLSpace(ExpressionGrammar):
    """Expressions of the DSL over these operators and sources that keep these rules.

    rules: those of `RULES` that are in force. Without "nodes" or "height" that limit is the one
        which all cells have.
    min_memory_nodes: of the subexpression that gives c_t (rule "memory nodes").
    """

    def __init__(
        self,
        operators: Sequence[str] = CORE,
        sources: Sequence[str] = SOURCES,
        max_nodes: int = 21,
        max_height: int = 8,
        min_memory_nodes: int = 3,
        rules: Sequence[str] = RULES,
    ) -> None:
        rules = different("rules", rules, RULES)
        super().__init__(operators, sources, max_nodes, max_height, rules)
        require("min_memory_nodes", min_memory_nodes, 1, MAX_NODES, integer=True)
        self._max_tokens = 3 * self.max_nodes + 1
        # Those that hold wherever c_t comes from, and those that depend on it.
        self._tree_rules = self._in_force(
            {
                "nodes": partial(dsl_rules.nodes, limit=self.max_nodes),
                "height": partial(dsl_rules.height, limit=self.max_height),
                "tokens": partial(dsl_rules.tokens, operators=self.operators, sources=self.sources),
                "inputs": dsl_rules.inputs,
                "gate": dsl_rules.gate,
                "stacking": dsl_rules.stacking,
            }
        )
        self._memory_rules = self._in_force(
            {
                "memory": dsl_rules.memory,
                "memory recurrence": dsl_rules.memory_recurrence,
                "memory nodes": partial(dsl_rules.memory_nodes, least=min_memory_nodes),
                "repeated map": dsl_rules.repeated_map,
                "zero signal": dsl_rules.zero_signal,
                "canonical order": dsl_rules.canonical_order,
            }
        )

    def _in_force(self, rules: dict[str, Rule]) -> dict[str, Rule]:
        always = ("nodes", "height", "tokens", "memory")
        return {name: rule for name, rule in rules.items() if name in (*always, *self.rules)}

    def sample(self, rng: random.Random) -> Expression:
        """A random expression; where it uses c_tm1, each place of c_t is equally likely."""
        return rng.choice(self._sample_places(rng, memory=True))

    def sample_plain(self, rng: random.Random) -> Expression:
        """A random expression of a cell without a memory."""
        return self._sample_places(rng, memory=False)[0]

    def _sample_places(self, rng: random.Random, *, memory: bool) -> Sequence[Expression]:
        for _ in range(SAMPLE_ATTEMPTS):
            tokens = self.grow(rng, memory=memory)
            if "inputs" in self.rules and dsl_rules.lack_of_inputs(tokens):
                continue  # more quickly than by the rule
            if places := self.memory_places(from_prefix(tokens)):
                return places
        raise GenomeError(
            f"no valid expression in {SAMPLE_ATTEMPTS} draws from {', '.join(self.operators)} over "
            f"{', '.join(self.sources)}: allow more, or switch rules off"
        )

    def memory_places(self, genome: Expression) -> Sequence[Expression]:
        plain = self.arranged(genome.with_memory(None))
        if first_broken(plain, self._tree_rules) is not None:
            return []
        if plain.uses_memory:
            placed = [plain.with_memory(path) for path, node in plain.walk() if path and node.args]
        else:
            placed = [plain]
        return [each for each in placed if first_broken(each, self._memory_rules) is None]

    def mutate(self, genome: Expression, rng: random.Random) -> Expression:
        """One of the edits in `variation.edit_expression`, drawn; the others where it finds
        nothing."""
        for edit in rng.sample(EDITS, len(EDITS)):
            if (mutated := edit(genome, self, rng)) is not None:
                return mutated
        return genome

    def check(self, genome: Expression) -> Rejection | None:
        return first_broken(genome, self._tree_rules) or first_broken(genome, self._memory_rules)

    # --- decoding and JSON ---

    def decode(self, genome: Expression) -> Cell:
        parts = genome.nodes()
        sources = sorted({part.token for part in parts if not part.args})
        nodes = [Node(source) for source in sources]
        outputs: list[tuple[str, int]] = []
        waiting: list[int] = []  # those at the end are the next arguments
        for part in reversed(parts):
            if part.args:
                args = tuple([waiting.pop() for _ in part.args])
                waiting.append(len(nodes))
                nodes.append(Node(cell_operator(part.token), args))
            else:
                waiting.append(sources.index(part.token))
            if part.gives_memory:
                outputs.append(("c", waiting[-1]))
        return Cell.build(nodes, [("h", waiting[-1]), *outputs], fold_linears=True)

    def encode(self, architecture: Architecture) -> Expression | None:
        """The cell unfolded: each shared node that is no source becomes a part of its own.

        So a cell in which a shared node holds weights is none of this space. A Linear of several
        arguments becomes a sum, of sums and differences in turn where no operator may be stacked.
        """
        if not isinstance(architecture, Cell) or len(architecture.memories) > 1:
            return None
        cell = architecture.with_folded_linears()
        unfolded = self._unfolded(cell)
        if unfolded is None:
            return None
        return self.expressing(self.arranged(unfolded), cell)

    def _unfolded(self, cell: Cell) -> Expression | None:
        """The tree of h_t; None where the cell has what no expression has, or a tree too large."""
        feeds = dict(cell.outputs)
        memory_node = feeds.get("c")
        tokens: list[str] = []
        memory: int | None = None
        # Nodes, each with the arguments that it is to have here, and the token above it.
        waiting = [(feeds["h"], cell.nodes[feeds["h"]].args, "")]
        while waiting:
            index, args, above = waiting.pop()
            node = cell.nodes[index]
            if node.bias or len(tokens) == self._max_tokens:
                return None
            if index == memory_node and memory is None:
                memory = len(tokens)
            if node.op == "Linear" and len(args) > 1:
                token, middle = self._sum_below(above), len(args) // 2
                below = [(index, args[:middle], token), (index, args[middle:], token)]
            else:
                token = MATRIX if node.op == "Linear" else node.op
                if len(args) != arity(token):
                    return None
                below = [(arg, cell.nodes[arg].args, token) for arg in args]
            tokens.append(token)
            waiting.extend(reversed(below))
        return from_prefix(tokens, memory)

    def _sum_below(self, above: str) -> str:
        """The operator for a sum of matrices there; only signs differ, which weights take in."""
        barred = above if "stacking" in self.rules else ""
        return "Sub" if barred == "Add" or "Add" not in self.operators else "Add"

    def to_json(self, genome: Expression) -> Any:
        """{"h": ["Tanh", "Add", "x_t", "Tanh", "Add", "c_tm1", "h_tm1"], "c": 3}: tokens in prefix
        order, and the index there of the node that gives c_t, or null."""
        nodes = genome.nodes()
        places = (index for index, node in enumerate(nodes) if node.gives_memory)
        return {"h": [node.token for node in nodes], "c": next(places, None)}

    def from_json(self, data: Any) -> Expression:
        if not isinstance(data, dict) or set(data) != {"h", "c"}:
            raise GenomeError(f'expected an object with "h" and "c", got {reprlib.repr(data)}')
        tokens, memory = data["h"], data["c"]
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            raise GenomeError(f'expected "h" as a list of tokens, got {reprlib.repr(tokens)}')
        if len(tokens) > self._max_tokens:
            raise GenomeError(f"expected at most {self._max_tokens} tokens, got {len(tokens)}")
        if memory is not None and not (type(memory) is int and 0 <= memory < len(tokens)):
            raise GenomeError(
                f'expected "c" as null or an index of "h", got {reprlib.repr(memory)}'
            )
        return self.accepted(from_prefix(tokens, memory))
