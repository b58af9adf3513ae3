"""Which nodes of a cell get an equation of their own, and what they and the weights are called.

Equations and drawings share these names, so that W_f means the same matrix in both.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from archsearch.cell.cell import Cell
from archsearch.cell.node import Node
from archsearch.drawing.formula import num_mentions
from archsearch.drawing.notation import Symbol, label_symbol, source_symbol

# About as many characters as a line of a paper holds; longer expressions are broken up.
MAX_LINE_WIDTH = 80
# Shorter expressions are not worth a line of their own.
MIN_BROKEN_WIDTH = 12

_LETTERS = ("W", "U", "V", "P", "Q", "R", "S", "T")


@dataclass(frozen=True, slots=True)
class Weights:
    """The names of one Linear: a matrix for each argument, in the node's order, and the bias."""

    matrices: tuple[Symbol, ...]
    bias: Symbol


@dataclass(frozen=True, slots=True)
class Names:
    """What each node with an equation of its own is called, in the order to print them.

    `weights` has the names of each Linear by its node.
    """

    lines: dict[int, Symbol]
    weights: dict[int, Weights]


def name_nodes(cell: Cell) -> Names:
    """Names for the outputs, labelled nodes, shared nodes and parts of long expressions."""
    words: dict[int, Symbol] = {}  # named by the author or as an output
    outputs = _output_symbols(cell)
    words |= outputs
    taken = {symbol.base for symbol in outputs.values()} | {
        source_symbol(node.op).base for node in cell.nodes if node.is_source
    }
    words |= _label_symbols(cell, set(outputs), taken)
    lined = set(words) | _shared(cell)
    lined |= _broken(cell, lined)
    owners = _owners(cell, lined)
    lines: dict[int, Symbol] = {}
    numbered = 0
    for node in _reading_order(cell, lined, owners):
        numbered += node not in words
        lines[node] = words.get(node) or Symbol("a", (str(numbered),))
    return Names(lines, _weights(cell, owners, words, set(outputs)))


def _output_symbols(cell: Cell) -> dict[int, Symbol]:
    symbols: dict[int, Symbol] = {}
    for name, node in cell.outputs:
        if not cell.nodes[node].is_source:
            symbols.setdefault(node, Symbol(name, ("t",)))
    return symbols


def _label_symbols(cell: Cell, outputs: set[int], taken: set[str]) -> dict[int, Symbol]:
    """Symbols for labelled nodes, primed where the author's name already means something else."""
    symbols: dict[int, Symbol] = {}
    used = {Symbol(base, ("t",)) for base in taken}
    for node, label in enumerate(cell.labels):
        if label is None or node in outputs:
            continue
        symbol = label_symbol(label)
        while symbol in used:
            symbol = symbol.primed()
        used.add(symbol)
        symbols[node] = symbol
    return symbols


def printed_arguments(node: Node) -> Iterable[int]:
    """The node's arguments as often as its formula mentions them."""
    if node.op == "Linear" or node.is_source:
        yield from node.args
    else:
        for argument, count in zip(node.args, num_mentions(node.op), strict=True):
            yield from [argument] * count


def _shared(cell: Cell) -> set[int]:
    counts = [0] * len(cell.nodes)
    for node in cell.nodes:
        for argument in printed_arguments(node):
            counts[argument] += 1
    return {i for i, node in enumerate(cell.nodes) if counts[i] > 1 and not node.is_source}


def _broken(cell: Cell, lined: set[int]) -> set[int]:
    """The parts to set apart so that no line grows much wider than MAX_LINE_WIDTH."""
    broken: set[int] = set()
    widths: list[int] = []
    for i, node in enumerate(cell.nodes):
        width = _width(node, widths)
        inline = sorted(
            (j for j in set(node.args) if j not in lined and widths[j] >= MIN_BROKEN_WIDTH),
            key=lambda j: (-widths[j], j),
        )
        for part in inline:
            if width <= MAX_LINE_WIDTH:
                break
            broken.add(part)
            widths[part] = 3
            width = _width(node, widths)
        widths.append(3 if i in lined else width)
    return broken


def _width(node: Node, widths: list[int]) -> int:
    """About how many characters the node's formula takes."""
    if node.is_source:
        return 5
    arguments = [widths[argument] for argument in printed_arguments(node)]
    if node.op == "Linear":
        return sum(arguments) + 6 * len(arguments) + 3
    return sum(arguments) + 3 * len(arguments) + (len(node.op) if len(arguments) == 1 else 0)


def _owners(cell: Cell, lined: set[int]) -> list[int]:
    """For each node, the node in whose equation it is printed."""
    owners = list(range(len(cell.nodes)))
    for i in reversed(range(len(cell.nodes))):
        for argument in cell.nodes[i].args:
            if argument not in lined:
                owners[argument] = owners[i]
    return owners


def _reading_order(cell: Cell, lined: set[int], owners: list[int]) -> list[int]:
    """Equations that are furthest from the last one first: gates, memories, h_t, as in papers."""
    distance = dict.fromkeys(lined, 0)
    for i in reversed(range(len(cell.nodes))):
        for argument in cell.nodes[i].args:
            if argument in lined:
                distance[argument] = max(distance[argument], distance[owners[i]] + 1)
    return sorted(lined, key=lambda node: (-distance[node], node))


def _weights(
    cell: Cell, owners: list[int], words: dict[int, Symbol], outputs: set[int]
) -> dict[int, Weights]:
    """W_f where the line of a Linear has a name f, W₃ for the third Linear of the cell else."""
    linears = cell.linears
    siblings: dict[int, list[int]] = {}
    for linear in linears:
        siblings.setdefault(owners[linear], []).append(linear)
    names = {}
    for number, linear in enumerate(linears, start=1):
        owner, group = owners[linear], siblings[owners[linear]]
        index: tuple[str, ...] = (str(number),)
        if owner in words and (owner not in outputs or len(group) == 1):
            symbol = words[owner]
            word = symbol.base + "".join(symbol.index[:-1])
            index = (word,) if len(group) == 1 else (word, str(group.index(linear) + 1))
        if len(linears) == 1 and (owner in outputs or owner not in words):
            index = ()
        names[linear] = _linear_names(cell, cell.nodes[linear], index)
    return names


def _linear_names(cell: Cell, linear: Node, index: tuple[str, ...]) -> Weights:
    """W for x_t and U for h_{t−1}, as papers have it; the others take the letters that are left."""
    letters: dict[int, str] = {}
    for letter, source in (("W", "x_t"), ("U", "h_tm1"), ("V", "x_tm1")):
        for position, argument in enumerate(linear.args):
            if cell.nodes[argument].op == source:
                letters[position] = letter
                break
    # W is the last choice: it looks like a map of x_t.
    free = [letter for letter in (*_LETTERS[1:], "W") if letter not in letters.values()]
    for position in range(len(linear.args)):
        if position not in letters:
            letters[position] = free.pop(0)
    matrices = tuple(Symbol(letters[position], index) for position in range(len(linear.args)))
    return Weights(matrices, Symbol("b", index))


def print_order(weights: Weights) -> list[int]:
    """The positions of a Linear's arguments in the order W, U, V, …"""
    letters = [matrix.base for matrix in weights.matrices]
    return sorted(range(len(letters)), key=lambda position: _LETTERS.index(letters[position]))
