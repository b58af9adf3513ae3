"""Cell -> scheduled program: the one place where the order of the passes is written."""

from collections.abc import Callable

from archsearch.cell.operators import OPERATORS
from archsearch.cell.step import Step
from archsearch.compiler.passes.accumulate import accumulate
from archsearch.compiler.passes.batch_products import batch_products
from archsearch.compiler.passes.canonicalise import canonicalise
from archsearch.compiler.passes.hoist import hoist
from archsearch.compiler.passes.schedule import schedule
from archsearch.compiler.passes.sink import sink
from archsearch.compiler.program import Apply, Instruction, Product, Program, Source, Start, Sum

Pass = Callable[[Program], Program]

PASSES: tuple[Pass, ...] = (canonicalise, hoist, accumulate, batch_products, schedule)
KERNEL_PASSES: tuple[Pass, ...] = (*PASSES[:-1], sink, schedule)


def compile(cell: Step, passes: tuple[Pass, ...] = PASSES) -> Program:
    """The scheduled program of a cell, as a backend takes it.

    passes: KERNEL_PASSES for a backend that makes one kernel of a region.
    The cell may use x_t outside a Linear only where input and hidden size are equal; see
    `Cell.with_linear_sources`.
    """
    program = lower(cell)
    for transform in passes:
        program = transform(program)
    return program


def lower(cell: Step) -> Program:
    """The program with the meaning of the cell, one node at a time; a Linear becomes a product an
    argument and their sum. All of it stands in the step section."""
    instructions: list[Instruction] = []
    values: list[int] = []
    num_weights = num_biases = 0
    for node in cell.nodes:
        operands = tuple(values[i] for i in node.args)
        if node.op == "Linear":
            products = range(len(instructions), len(instructions) + len(operands))
            for weight, operand in enumerate(operands, num_weights):
                instructions.append(Product(operand, (weight,), (Start(),)))
            instructions.append(Sum(tuple(products), num_biases))
            num_weights += len(operands)
            num_biases += 1
        elif node.op in OPERATORS:
            instructions.append(Apply(node.op, operands))
        else:
            instructions.append(Source(node.op))
        values.append(len(instructions) - 1)
    return Program(
        tuple(instructions), 0, tuple((name, values[node]) for name, node in cell.outputs)
    )
