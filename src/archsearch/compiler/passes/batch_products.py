"""Batch products: all weights that multiply one value become one product.

Contract: after it every operand has one product, and a product of several weights is read through
blocks of H columns. In the step section the blocks that start from hoisted values come first, then
those that start from a bias; in the sequence section, the blocks that one product of the step
starts from stand side by side and in its order, so that its start is one slice of columns.

Source: Appleyard et al. 2016, Optimizing Performance of Recurrent Neural Networks on GPUs,
section 3.1 (one cell: grouping matrix products that share an input); horizontal fusion.
"""

from collections.abc import Iterable

from archsearch.compiler.program import Block, Instruction, Product, Program, remap


def batch_products(program: Program) -> Program:
    assert not program.stages
    step = _groups(program, range(program.num_sequence, len(program.instructions)))
    for group in step.values():
        group.sort(key=lambda i: _start_order(program, i))
    consumer = _consumers(program, step.values())
    sequence = _groups(program, range(program.num_sequence))
    for group in sequence.values():
        group.sort(key=lambda i: consumer.get(i, (len(step), i)))
    return _merge(program, [*sequence.values(), *step.values()])


def _groups(program: Program, section: range) -> dict[int, list[int]]:
    """The products of a section by the value that they multiply."""
    groups: dict[int, list[int]] = {}
    for i in section:
        instruction = program.instructions[i]
        if isinstance(instruction, Product):
            groups.setdefault(instruction.operand, []).append(i)
    return groups


def _start_order(program: Program, i: int) -> tuple[int, int]:
    start = program.product(i).starts[0]
    if start.value is not None:
        return 0, i
    return (2 if start.bias is None else 1), i


def _consumers(program: Program, step: Iterable[list[int]]) -> dict[int, tuple[int, int]]:
    """Sequence value -> (group, place in the group) of the product that starts from it."""
    consumers: dict[int, tuple[int, int]] = {}
    for number, group in enumerate(step):
        for place, i in enumerate(group):
            value = program.product(i).starts[0].value
            if value is not None:
                consumers[value] = number, place
    return consumers


def _merge(program: Program, groups: list[list[int]]) -> Program:
    group_of = {i: group for group in groups if len(group) > 1 for i in group}
    instructions: list[Instruction] = []
    value: dict[int, int] = {}
    num_sequence = 0
    for i, instruction in enumerate(program.instructions):
        if i == program.num_sequence:
            num_sequence = len(instructions)
        if i in value:
            continue
        if i not in group_of:
            instructions.append(remap(instruction, value.__getitem__))
            value[i] = len(instructions) - 1
            continue
        # All starts are biases or values of the sequence section: made before the first of these.
        parts = [program.product(member) for member in group_of[i]]
        starts = tuple(part.starts[0] for part in parts)
        wide = Product(parts[0].operand, tuple(part.weights[0] for part in parts), starts)
        instructions.append(remap(wide, value.__getitem__))
        product = len(instructions) - 1
        for index, member in enumerate(group_of[i]):
            instructions.append(Block(product, index))
            value[member] = len(instructions) - 1
    if program.num_sequence == len(program.instructions):
        num_sequence = len(instructions)
    outputs = tuple((name, value[i]) for name, i in program.outputs)
    return Program(tuple(instructions), num_sequence, outputs)
