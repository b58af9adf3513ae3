"""Accumulate: a product starts from the bias or the hoisted part that its sum would add.

Contract: after it no sum has a bias or a direct operand of the other section. The first product of
a sum takes that start over, and a sum of one operand is no more. In the LSTM this leaves
one matrix product and no addition a gate, and the buffer of the hoisted part can become, in place,
the pre-activation that a backward pass needs.

Source: multiply-accumulate fusion; the `beta` of GEMM (Dongarra et al. 1990, BLAS level 3).
"""

from archsearch.compiler.program import Instruction, Product, Program, Start, Sum, remap, reorder


def accumulate(program: Program) -> Program:
    assert not program.stages
    instructions = list(program.instructions)
    alias: dict[int, int] = {}
    for i, instruction in enumerate(instructions):
        instructions[i] = moved = remap(instruction, lambda value: alias.get(value, value))
        if isinstance(moved, Sum):
            rest = _fold(program, instructions, i, moved)
            if len(rest) == 1:
                alias[i] = rest[0]
            else:
                instructions[i] = Sum(rest)
    outputs = tuple((name, alias.get(value, value)) for name, value in program.outputs)
    order = [i for i in range(len(instructions)) if i not in alias]
    num_sequence = sum(i < program.num_sequence for i in order)
    return reorder(Program(tuple(instructions), program.num_sequence, outputs), order, num_sequence)


def _fold(program: Program, instructions: list[Instruction], i: int, total: Sum) -> tuple[int, ...]:
    """Give the start of a sum to its first product, in place; return what is left to add.

    That product has no other reader, since every weight belongs to one argument of one Linear.
    """
    other = [a for a in total.operands if program.section(a) != program.section(i)]
    products = [a for a in total.operands if a not in other]
    first = instructions[products[0]]
    assert len(other) <= 1
    assert isinstance(first, Product)
    assert len(first.weights) == 1
    start = Start(other[0]) if other else Start(bias=total.bias)
    instructions[products[0]] = Product(first.operand, first.weights, (start,))
    return tuple(products)
