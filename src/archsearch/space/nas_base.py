"""The recurrent space of NAS: a balanced binary tree whose every node is labelled.

Zoph & Le, Neural Architecture Search with Reinforcement Learning (2016), sections 3.4 and 4.2,
figure 5. A tree of base n has n leaves, 0 to n − 1, and n − 1 inner nodes. Each node combines two
inputs and activates the result: those of a leaf are x_t and h_{t−1}, both weighted; those of an
inner node are the outputs of two nodes below, without weights. The last node's output is h_t.

A cell joins the tree at two nodes, its "cell index". c_t is the value of the first before its
activation. c_{t−1} is injected into the second: what further nodes see of it is
activation(combination(its output, c_{t−1})), the "cell inject".

What the paper leaves open, as decided here:
- The inputs of inner node i are the nodes 2 (i − n) and 2 (i − n) + 1: for a base that is no power
  of two the tree is as balanced as it can be.
- Either cell index may be any node. Base 8 then has 8^16 · 15² ≈ 6.3 · 10^16 genomes; the paper
  counts "approximately 6 × 10^16".
- Every Linear has one bias; NASCell as released has none by default. A leaf that adds is one
  Linear(x_t, h_tm1), so it has one bias and not two.
- The identity leaves no node in the cell.
"""

from collections.abc import Mapping, Sequence

from archsearch.architecture import Architecture
from archsearch.cell import Cell, Node
from archsearch.space.decisions import Choice, Decision, Decisions, DecisionSpace, Questions
from archsearch.space.parameters import different, require

COMBINATIONS = {"add": "Add", "elem_mult": "Mult", "max": "Max"}
IDENTITY = "identity"
ACTIVATIONS = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "ReLU", "sin": "Sin"}

X, H, C = range(3)  # the sources' indices in `decode`


class NASBaseSpace(DecisionSpace):
    """Trees with `base_number` leaves. Control experiment 1 adds the combination `max` and the
    activation `sin` to the default ones."""

    def __init__(
        self,
        base_number: int = 8,
        combinations: Sequence[str] = ("add", "elem_mult"),
        activations: Sequence[str] = (IDENTITY, "tanh", "sigmoid", "relu"),
    ) -> None:
        require("base_number", base_number, 2, 100, integer=True)
        self.base_number = base_number
        self.combinations = different("combinations", combinations, COMBINATIONS, least=1)
        self.activations = different("activations", activations, (IDENTITY, *ACTIVATIONS), least=1)
        self.num_nodes = 2 * base_number - 1

    def questions(self) -> Questions:
        for node in range(self.num_nodes):
            yield Choice("combination", node, self.combinations)
            yield Choice("activation", node, self.activations)
        yield Choice("inject combination", 0, self.combinations)
        yield Choice("inject activation", 0, self.activations)
        yield Choice("node of c_t", 0, tuple(range(self.num_nodes)))
        yield Choice("node of c_tm1", 0, tuple(range(self.num_nodes)))

    @property
    def vocabulary(self) -> Mapping[tuple[str, int], int]:
        choices = [question for question in self.questions() if isinstance(question, Choice)]
        return {(choice.kind, choice.place): len(choice.options) for choice in choices}

    def inputs_of(self, node: int) -> tuple[int, int]:
        """The two nodes whose outputs an inner node combines."""
        first = 2 * (node - self.base_number)
        return first, first + 1

    def decode(self, genome: Decisions) -> Cell:
        answers = self.answers(genome)
        nodes = [Node("x_t"), Node("h_tm1"), Node("c_tm1")]

        def append(op: str, *args: int) -> int:
            nodes.append(Node(op, args))
            return len(nodes) - 1

        def activated(activation: str, value: int) -> int:
            return value if activation == IDENTITY else append(ACTIVATIONS[activation], value)

        combined: list[int] = []  # the value of each tree node before its activation
        outputs: list[int] = []
        for node in range(self.num_nodes):
            combination = answers["combination", node]
            if node >= self.base_number:
                inputs = [outputs[below] for below in self.inputs_of(node)]
                combined.append(append(COMBINATIONS[combination], *inputs))
            elif combination == "add":
                combined.append(append("Linear", X, H))
            else:
                inputs = [append("Linear", X), append("Linear", H)]
                combined.append(append(COMBINATIONS[combination], *inputs))
            output = activated(answers["activation", node], combined[node])
            if node == answers["node of c_tm1", 0]:
                injected = append(COMBINATIONS[answers["inject combination", 0]], output, C)
                output = activated(answers["inject activation", 0], injected)
            outputs.append(output)
        feeds = [("h", outputs[-1]), ("c", combined[answers["node of c_t", 0]])]
        return Cell.build(nodes, feeds, fold_linears=True)

    def encode(self, architecture: Architecture) -> Decisions | None:
        if not isinstance(architecture, Cell):
            return None
        cell = architecture.with_folded_linears()
        answers = _Reading(self, cell).answers()
        if answers is None:
            return None
        genome = self.decide(lambda question: answers.get((question.kind, question.place), ""))
        return self.expressing(genome, cell)


# Decisions by kind and place, as `DecisionSpace.answers` gives them.
_Answers = dict[tuple[str, int], Decision]

_COMBINATION_OF = {operator: name for name, operator in COMBINATIONS.items()}
_ACTIVATION_OF = {operator: name for name, operator in ACTIVATIONS.items()}


class _Reading:
    """Finds the tree in a cell, from h_t downwards. What it finds may still not be the cell."""

    def __init__(self, space: NASBaseSpace, cell: Cell) -> None:
        self._space = space
        self._nodes = cell.nodes
        outputs = dict(cell.outputs)
        # Where c_t is h_t, the canonical cell has merged them.
        self._memory = "c_tm1" if "c" in outputs else "h_tm1"
        self._memory_output = outputs.get("c", outputs["h"])
        self._output = outputs["h"]

    def answers(self) -> _Answers | None:
        return self._read(self._space.num_nodes - 1, self._output)

    def _read(self, node: int, index: int) -> _Answers | None:
        """The tree under `node`, where its output is the cell's node `index`."""
        activation, combined = self._below_activation(index)
        for value, other in _both_orders(self._nodes[combined].args):
            if self._nodes[other].op == self._memory and self._nodes[value].args:
                found = self._read_bare(node, *self._below_activation(value))
                return found and found | {
                    ("inject combination", 0): _COMBINATION_OF.get(self._nodes[combined].op, ""),
                    ("inject activation", 0): activation,
                    ("node of c_tm1", 0): node,
                }
        return self._read_bare(node, activation, combined)

    def _below_activation(self, index: int) -> tuple[str, int]:
        cell_node = self._nodes[index]
        if cell_node.op in _ACTIVATION_OF:
            return _ACTIVATION_OF[cell_node.op], cell_node.args[0]
        return IDENTITY, index

    def _read_bare(self, node: int, activation: str, combined: int) -> _Answers | None:
        """The same where nothing is injected into `node` itself."""
        answers = self._read_combination(node, combined)
        if answers is None:
            return None
        if combined == self._memory_output:
            answers["node of c_t", 0] = node
        return answers | {("activation", node): activation}

    def _read_combination(self, node: int, combined: int) -> _Answers | None:
        operator, args = self._nodes[combined].op, self._nodes[combined].args
        is_leaf = node < self._space.base_number
        if self._is_linear(combined, "x_t", "h_tm1"):
            return self._sum_of_leaves(node)
        if operator not in _COMBINATION_OF:
            return None
        answers: _Answers = {("combination", node): _COMBINATION_OF[operator]}
        if is_leaf:
            of_x, of_h = args
            is_pair = self._is_linear(of_x, "x_t") and self._is_linear(of_h, "h_tm1")
            return answers if is_pair else None
        first, second = self._space.inputs_of(node)
        for a, b in _both_orders(args):
            left = self._read(first, a)
            right = left and self._read(second, b)
            if left and right:
                return answers | left | right
        return None

    def _sum_of_leaves(self, node: int) -> _Answers:
        """The tree under `node` that adds up all of its leaves, which is one Linear."""
        answers: _Answers = {("combination", node): "add"}
        if node >= self._space.base_number:
            for below in self._space.inputs_of(node):
                answers |= {("activation", below): IDENTITY} | self._sum_of_leaves(below)
        return answers

    def _is_linear(self, index: int, *sources: str) -> bool:
        cell_node = self._nodes[index]
        return cell_node.op == "Linear" and sources == tuple(
            self._nodes[arg].op for arg in cell_node.args
        )


def _both_orders(args: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Two arguments in either order; nothing where there are not two."""
    return [args, args[::-1]] if len(args) == 2 else []
