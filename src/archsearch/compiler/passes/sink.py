"""Sink: an operator over x alone moves into the step, where its value is used at once.

Contract: after it the sequence section has products, their sums, and those operators alone that
such a product depends on. It undoes for operators what hoist did: an operator costs the same in
either section, but before the loop its value takes a way through memory, and so does its gradient.
For kernels only: where an operator is a call of its own, one call for all time steps is cheaper.

Source: code sinking (Muchnick, Advanced Compiler Design and Implementation, section 18.9).
"""

from archsearch.compiler.program import Apply, Program, reorder


def sink(program: Program) -> Program:
    assert not program.stages
    sunk = _only_for_the_step(program)
    sequence = [i for i in range(program.num_sequence) if i not in sunk]
    step = range(program.num_sequence, len(program.instructions))
    return reorder(program, [*sequence, *sorted(sunk), *step], len(sequence))


def _only_for_the_step(program: Program) -> set[int]:
    """The operators of the sequence section that no other instruction of it depends on."""
    needed: set[int] = set()
    sunk: set[int] = set()
    for i in reversed(range(program.num_sequence)):
        instruction = program.instructions[i]
        if isinstance(instruction, Apply) and i not in needed:
            sunk.add(i)
        else:
            needed.update(instruction.operands)
    return sunk
