"""Hoist: what depends on x alone moves to the sequence section.

Contract: before, a step section only; after, no instruction of the step section but the state
sources is free of states. A sum over both kinds splits: its x part, with the bias, is one sum in
the sequence section, and the step adds the rest to it. Every sum of the step therefore has at most
one operand of the sequence section, and then no bias.

Source: loop-invariant code motion (Aho et al., Compilers, 2nd ed., section 9.1.7) over the time
loop, where what varies with t but not with the state is computed for all t beforehand; for
recurrent networks, Appleyard et al. 2016, Optimizing Performance of Recurrent Neural Networks on
GPUs, section 3.2 (one layer: the products over the input are independent of the recurrence).
"""

from archsearch.cell.node import X_SOURCES
from archsearch.compiler.program import Instruction, Program, Source, Sum, remap, reorder


def hoist(program: Program) -> Program:
    assert program.num_sequence == 0
    assert not program.stages
    split = _split_sums(program)
    free = _free_of_state(split)
    step = [i for i in range(len(split.instructions)) if i not in free]
    return reorder(split, [*sorted(free), *step], len(free))


def _split_sums(program: Program) -> Program:
    free = _free_of_state(program)
    instructions: list[Instruction] = []
    value: dict[int, int] = {}
    for i, instruction in enumerate(program.instructions):
        moved = remap(instruction, value.__getitem__)
        if isinstance(instruction, Sum) and isinstance(moved, Sum) and i not in free:
            hoisted = tuple(value[a] for a in instruction.operands if a in free)
            if hoisted:
                rest = tuple(value[a] for a in instruction.operands if a not in free)
                instructions.append(Sum(hoisted, moved.bias))
                moved = Sum((len(instructions) - 1, *rest))
        instructions.append(moved)
        value[i] = len(instructions) - 1
    outputs = tuple((name, value[i]) for name, i in program.outputs)
    return Program(tuple(instructions), 0, outputs)


def _free_of_state(program: Program) -> set[int]:
    free: set[int] = set()
    for i, instruction in enumerate(program.instructions):
        if isinstance(instruction, Source):
            if instruction.name in X_SOURCES:
                free.add(i)
        elif free.issuperset(instruction.operands):
            free.add(i)
    return free
