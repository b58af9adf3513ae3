"""Canonicalise: intern equal instructions, drop Identity and dead code.

Contract: the program before has a step section only, the program after too. No two instructions
after it are equal, none is an Identity, and each is needed for an output. Arithmetic is left
exactly as written: nothing is reassociated, so results are equal to the last bit.

Source: value numbering (Aho et al., Compilers, 2nd ed., section 6.1.2) and dead-code elimination
(section 9.1.6). The cell is canonical already; what this pass merges is what Identity kept apart.
"""

from archsearch.cell.operators import OPERATORS
from archsearch.compiler.program import Apply, Instruction, Program, Sum, remap, reorder


def canonicalise(program: Program) -> Program:
    assert program.num_sequence == 0
    assert not program.stages
    return _drop_dead(_intern(program))


def _intern(program: Program) -> Program:
    kept: dict[Instruction, int] = {}
    value: dict[int, int] = {}
    for i, instruction in enumerate(program.instructions):
        if isinstance(instruction, Apply) and instruction.operator == "Identity":
            value[i] = value[instruction.operands[0]]
        else:
            interned = _order_operands(remap(instruction, value.__getitem__))
            value[i] = kept.setdefault(interned, len(kept))
    return Program(tuple(kept), 0, tuple((name, value[i]) for name, i in program.outputs))


def _order_operands(instruction: Instruction) -> Instruction:
    match instruction:
        case Apply(name, operands) if OPERATORS[name].commutative:
            return Apply(name, tuple(sorted(operands)))
        case Sum(operands, bias):
            return Sum(tuple(sorted(operands)), bias)
        case _:
            return instruction


def _drop_dead(program: Program) -> Program:
    live = {value for _, value in program.outputs}
    for i in reversed(range(len(program.instructions))):
        if i in live:
            live.update(program.instructions[i].operands)
    return reorder(program, sorted(live), 0)
