"""The kernels of a region: its values, and their gradients derived symbolically.

Reverse accumulation over the instructions of a region (Griewank & Walther 2008, Evaluating
Derivatives, section 3.2), with the vector-Jacobian product of each operator from the one table of
the language. Values that are in memory anyway are read; the others are computed once more.

A kernel reads and writes by keys, see keys.py.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from archsearch.cell.operators import OPERATORS
from archsearch.compiler.keys import value_key
from archsearch.compiler.program import Apply, Program, Stage, Sum
from archsearch.compiler.scalar import Graph, Scalar, SymbolicArithmetic


@dataclass(frozen=True, slots=True)
class Store:
    """The value of a node goes to a key; `add`: onto what is there."""

    key: str
    node: int
    add: bool = False


@dataclass(frozen=True)
class Kernel:
    """An elementwise computation over (B, H): loads of the graph in, stores out."""

    name: str
    graph: Graph
    stores: tuple[Store, ...]


def forward_kernel(
    name: str, program: Program, stage: Stage, stores: Mapping[int, Sequence[str]]
) -> Kernel:
    """stores: value of the region (or, where its body is empty, of its inputs) -> keys to fill."""
    graph = Graph()
    values = _values(graph, program, stage)
    return Kernel(
        name,
        graph,
        tuple(Store(key, values[v].index) for v, keys in stores.items() for key in keys),
    )


def backward_kernel(
    name: str,
    program: Program,
    stage: Stage,
    gradients: Mapping[int, Sequence[str]],
    stores: Mapping[int, tuple[str, bool]],
    kept: Collection[int],
) -> Kernel:
    """kept: values of the region that are in memory.
    gradients: value that the region yields -> keys whose sum is its gradient.
    stores: input whose gradient is wanted -> its key, and whether to add to what is there.
    """
    graph = Graph()
    values = _values(graph, program, stage, kept)
    arithmetic = SymbolicArithmetic(graph)
    terms = {v: [graph.load(key) for key in keys] for v, keys in gradients.items()}
    for i in reversed(stage.body):
        if i not in terms:
            continue  # not on the way to a gradient
        instruction = program.instructions[i]
        gradient = graph.total(terms.pop(i))
        graph.name(gradient, f"d{i}", f"gradient of %{i}")
        match instruction:
            case Sum(operands):
                shares: Sequence[Scalar] = [gradient] * len(operands)
            case Apply(operator, operands):
                vjp = OPERATORS[operator].gradient
                assert vjp is not None
                shares = vjp(arithmetic, gradient, values[i], *[values[a] for a in operands])
            case _:
                raise AssertionError(f"%{i} = {instruction} in a region")
        for operand, share in zip(operands, shares, strict=True):
            terms.setdefault(operand, []).append(share)
    for v, (key, _) in stores.items():
        assert v in terms, f"{key} has no gradient"
    return Kernel(
        name,
        graph,
        tuple(Store(key, graph.total(terms[v]).index, add) for v, (key, add) in stores.items()),
    )


def needs_value_alone(operator: str) -> bool:
    """Whether the gradient of an operator of one operand needs its value, and not the operand."""
    table = OPERATORS[operator]
    if table.gradient is None or table.max_args != 1:
        return False
    graph = Graph()
    gradient, value, operand = (graph.load(key) for key in ("gradient", "value", "operand"))
    (result,) = table.gradient(SymbolicArithmetic(graph), gradient, value, operand)
    read = graph.loads(result)
    return "value" in read and "operand" not in read


def _values(
    graph: Graph, program: Program, stage: Stage, kept: Collection[int] = ()
) -> dict[int, Scalar]:
    """The inputs of the region as loads, and what its instructions make of them."""
    arithmetic = SymbolicArithmetic(graph)
    values = {v: graph.load(value_key(v)) for v in stage.inputs}
    for i in stage.body:
        instruction = program.instructions[i]
        match instruction:
            case _ if i in kept:
                values[i] = graph.load(value_key(i))
                continue
            case Sum(operands):
                values[i] = graph.total([values[a] for a in operands])
            case Apply(operator, operands):
                value = OPERATORS[operator].value
                assert value is not None
                values[i] = value(arithmetic, *[values[a] for a in operands])
            case _:
                raise AssertionError(f"%{i} = {instruction} in a region")
        graph.name(values[i], f"v{i}", f"%{i} = {instruction}")
    return values
