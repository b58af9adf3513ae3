"""Recurrent layers in generated code: the classes of their cells, and their weights."""

from collections.abc import Iterable, Sequence

from torch import Tensor, nn

from archsearch.architecture import Architecture, HeterogeneousLayer
from archsearch.cell import Cell
from archsearch.export.cell_code import CellClass, helpers
from archsearch.export.python_text import statement
from archsearch.nn import RecurrentLayer
from archsearch.nn.stack import recurrent_layers

Key = tuple[str, bool, tuple[float, ...]]  # of a class: cell, whether it is a share, biases


class LayerCode:
    """The code of stacks of layers, whose different cells are `Cell`, `Cell2`, `Cell3`, …

    searched: the architecture that `Cell` is of, if any of the layers has it.
    """

    def __init__(self, stacks: Sequence[Iterable[nn.Module]], searched: Architecture) -> None:
        self.stacks = [recurrent_layers(stack) for stack in stacks]
        found: dict[Key, Cell] = {}
        for layer in (layer for stack in self.stacks for layer in stack):
            for cell, key in zip(_cells(layer.cell), _keys(layer), strict=True):
                found.setdefault(key, cell)
        keys = _cell_keys(searched)
        in_order = sorted(found, key=lambda key: key[0] not in keys)
        self._classes = {
            key: CellClass(f"Cell{number if number > 1 else ''}", found[key], key[1], key[2])
            for number, key in enumerate(in_order, start=1)
        }

    def sources(self) -> list[str]:
        """The classes as text, and before them the functions that they call."""
        classes = self._classes.values()
        called = {name: text for each in classes for name, text in helpers(each.cell).items()}
        return [*called.values(), *(each.source() for each in classes)]

    def made(self, target: str, layer: RecurrentLayer, indent: int = 4) -> list[str]:
        """The statements after which the variable `target` is such a layer."""
        margin, classes = " " * indent, [self._classes[key] for key in _keys(layer)]
        sizes = [layer.input_size, layer.hidden_size]
        if not classes[0].is_share:
            return [f"{margin}{target} = Layer({_made(classes[0], sizes)})"]
        cells = [_made(each, [*sizes, layer.output_size]) for each in classes]
        return [
            *statement(f"{target}_cells = ", ", ".join(cells), indent, "[]"),
            f"{margin}{target} = Layer(SideBySide({target}_cells))",
        ]

    def made_stack(self, layers: Sequence[RecurrentLayer]) -> list[str]:
        """The statements after which the variable `layers` is a list of them."""
        lines, names = [], [f"layer{i}" for i in range(1, len(layers) + 1)]
        for name, layer in zip(names, layers, strict=True):
            lines += self.made(name, layer)
        return [*lines, *statement("layers = ", ", ".join(names), 4, "[]")]

    def weights(self, layer: RecurrentLayer, prefix: str) -> dict[str, Tensor]:
        """The weights of a layer under the names that they have in the code, behind a prefix."""
        weights, biases = iter(layer.weights), iter(layer.biases)
        tensors: dict[str, Tensor] = {}
        for k, key in enumerate(_keys(layer)):
            of_cell = self._classes[key]
            path = f"{prefix}cell.cells.{k}." if of_cell.is_share else f"{prefix}cell."
            for names, parameters in zip(of_cell.parameter_names, (weights, biases), strict=True):
                tensors |= {path + each: next(parameters).detach() for each in names}
        return tensors

    def stack_weights(self, layers: Sequence[RecurrentLayer], prefix: str) -> dict[str, Tensor]:
        """Of all layers of a list."""
        tensors: dict[str, Tensor] = {}
        for i, layer in enumerate(layers):
            tensors |= self.weights(layer, f"{prefix}.{i}.")
        return tensors


def _made(of_cell: CellClass, sizes: Sequence[int]) -> str:
    return f"{of_cell.name}({', '.join(map(str, sizes))})"


def _cells(architecture: object) -> tuple[Cell, ...]:
    """One, or those side by side in a layer."""
    match architecture:
        case Cell():
            return (architecture,)
        case HeterogeneousLayer():
            return architecture.cells
        case _:
            return ()


def _keys(layer: RecurrentLayer) -> list[Key]:
    cells, starts = _cells(layer.cell), iter(layer.initial_biases)
    return [(cell.key, len(cells) > 1, tuple(next(starts) for _ in cell.linears)) for cell in cells]


def _cell_keys(architecture: Architecture) -> set[str]:
    """The keys of an architecture's cells, with and without linear maps of their sources."""
    return {
        key for cell in _cells(architecture) for key in (cell.key, cell.with_linear_sources().key)
    }
