"""A cell's graph while it changes."""

from collections.abc import Sequence

from archsearch.cell import Cell, Node


class CellGraph:
    """Nodes that keep their numbers whatever changes around them; the cell itself stays as it is.

    Every weight matrix is a node of its own: a `Linear` over several arguments is taken apart into
    a sum of Linears over one each, and `to_cell` folds all such sums.
    """

    def __init__(self, cell: Cell) -> None:
        self.nodes: list[Node] = []
        place: list[int] = []  # index in the cell -> number here
        for node in cell.nodes:
            args = [place[arg] for arg in node.args]
            if node.op == "Linear":
                place.append(self._add_matrices(args, node.bias))
            else:
                place.append(self.add(node.op, *args))
        self._feeds = {name: place[index] for name, index in cell.outputs}

    def add(self, op: str, *args: int, bias: float = 0.0) -> int:
        """The number of a new node."""
        self.nodes.append(Node(op, args, bias))
        return len(self.nodes) - 1

    def replace(self, number: int, other: int) -> None:
        """Give what uses a node, the states among it, another one instead, which must not depend
        on it."""
        for user, node in enumerate(self.nodes):
            if number in node.args:
                self.set_args(user, [other if arg == number else arg for arg in node.args])
        self._feeds = {n: other if fed == number else fed for n, fed in self._feeds.items()}

    def set_args(self, number: int, args: Sequence[int]) -> None:
        node = self.nodes[number]
        self.nodes[number] = Node(node.op, tuple(args), node.bias)

    def live(self) -> list[int]:
        """The nodes that some state needs, arguments before their users."""
        return self._below(list(self._feeds.values()))

    def ancestors(self, number: int) -> list[int]:
        """The nodes that a node depends on within the step."""
        return self._below(self.nodes[number].args)

    def to_cell(self) -> Cell:
        """Raises CellError where the graph passes a limit of the language."""
        nodes: list[Node] = []
        place: dict[int, int] = {}
        for number in self.live():
            node = self.nodes[number]
            place[number] = len(nodes)
            nodes.append(Node(node.op, tuple(place[arg] for arg in node.args), node.bias))
        outputs = [(name, place[fed]) for name, fed in self._feeds.items()]
        return Cell.build(nodes, outputs, fold_linears=True)

    def _add_matrices(self, args: Sequence[int], bias: float) -> int:
        total = self.add("Linear", args[0], bias=bias)
        for arg in args[1:]:
            total = self.add("Add", total, self.add("Linear", arg))
        return total

    def _below(self, roots: Sequence[int]) -> list[int]:
        """The roots and all that they depend on, arguments before their users."""
        order: dict[int, None] = {}
        stack = [(root, False) for root in reversed(roots)]
        while stack:
            number, done = stack.pop()
            if done:
                order[number] = None
            elif number not in order:
                stack.append((number, True))
                stack.extend((arg, False) for arg in reversed(self.nodes[number].args))
        return list(order)
