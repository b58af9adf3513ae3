"""How the values that the sequence section hands to the step lie side by side.

A step's product of n weights adds to a start of n·H columns. Where neighbouring blocks of the
start are neighbouring blocks of one hoisted product, they are one slice of it; this file finds
those slices, so that a backend copies as little as possible.
"""

from dataclasses import dataclass
from itertools import pairwise

from archsearch.compiler.program import Block, Product, Program, Start


@dataclass(frozen=True, slots=True)
class Layout:
    """starts: step product -> its starts as runs; a run is one slice of a hoisted product, one
    other value, or neighbouring biases, or neighbouring blocks without a start.
    columns: wide product of the sequence section -> its slices from left to right, each as its
    first block and its number of blocks. A slice is a run of some start, or a block by itself.
    read: the values of the sequence section that the step reads other than as a start, or yields.
    """

    starts: dict[int, tuple[tuple[Start, ...], ...]]
    columns: dict[int, tuple[tuple[int, int], ...]]
    read: tuple[int, ...]


def layout(program: Program) -> Layout:
    starts = {i: _runs(program, program.product(i)) for i in program.values(Product, "step")}
    slices = {run[0].value: len(run) for runs in starts.values() for run in runs}
    columns = {}
    for i in program.values(Product, "sequence"):
        num_blocks = len(program.product(i).weights)
        if num_blocks > 1:
            columns[i] = tuple(_slices(range(i + 1, i + 1 + num_blocks), slices))
    return Layout(starts, columns, _read(program))


def _runs(program: Program, product: Product) -> tuple[tuple[Start, ...], ...]:
    runs = [[product.starts[0]]]
    for left, right in pairwise(product.starts):
        if _adjacent(program, left, right):
            runs[-1].append(right)
        else:
            runs.append([right])
    return tuple(map(tuple, runs))


def _adjacent(program: Program, left: Start, right: Start) -> bool:
    if left.value is None or right.value is None:
        return left.value == right.value and (left.bias is None) == (right.bias is None)
    a, b = program.instructions[left.value], program.instructions[right.value]
    return isinstance(a, Block) and b == Block(a.product, a.index + 1)


def _slices(blocks: range, slices: dict[int | None, int]) -> list[tuple[int, int]]:
    found = []
    while blocks:
        count = slices.get(blocks[0], 1)
        found.append((blocks[0], count))
        blocks = blocks[count:]
    return found


def _read(program: Program) -> tuple[int, ...]:
    read = {value for _, value in program.outputs}
    for instruction in program.instructions[program.num_sequence :]:
        if not isinstance(instruction, Product):
            read.update(instruction.operands)
    return tuple(sorted(value for value in read if value < program.num_sequence))
