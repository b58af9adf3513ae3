"""Cell -> program, one node at a time; a Linear becomes a product an argument and their sum."""

from archsearch.cell.operators import OPERATORS
from archsearch.cell.step import Step
from archsearch.compiler.program import Apply, Instruction, Product, Program, Source, Start, Sum


def lower(cell: Step) -> Program:
    """The program with the meaning of the cell; all of it stands in the step section."""
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
