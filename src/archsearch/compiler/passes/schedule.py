"""Schedule: order each section as products, region, products, region, …

Contract: after it every instruction that is no source stands in exactly one stage. A product sits
as early as its operand allows (its level is the number of products that it waits for); sums and
operators then sit as late as their readers allow, unless an earlier region is needed anyway and
spares one. A backend runs a region as one kernel, and keeps between stages only what the stages
name as inputs and outputs.

Source: as-soon-as-possible and as-late-as-possible scheduling (Micheli, Synthesis and Optimization
of Digital Circuits, section 5.2); the idea of one elementwise kernel between two products is
Appleyard et al. 2016, section 3.1 (fusing pointwise operations).
"""

from collections.abc import Iterator
from itertools import chain

from archsearch.compiler.program import (
    Apply,
    Block,
    Product,
    Program,
    Section,
    Source,
    Stage,
    StageKind,
    Sum,
    boundary,
    reorder,
)


def schedule(program: Program) -> Program:
    assert not program.stages
    sequence = range(program.num_sequence)
    step = range(program.num_sequence, len(program.instructions))
    runs = [*_runs(program, "sequence", sequence), *_runs(program, "step", step)]
    order = [i for section in (sequence, step) for i in _order(program, section, runs)]
    ordered = reorder(program, order, program.num_sequence)
    place = {old: new for new, old in enumerate(order)}
    stages = []
    for kind, section, run in runs:
        body = range(place[run[0]], place[run[-1]] + 1)
        stages.append(Stage(kind, section, body, *boundary(ordered, body)))
    return Program(ordered.instructions, ordered.num_sequence, ordered.outputs, tuple(stages))


# A stage before its instructions are renumbered.
_Run = tuple[StageKind, Section, list[int]]


def _order(program: Program, section: range, runs: list[_Run]) -> Iterator[int]:
    yield from (i for i in section if isinstance(program.instructions[i], Source))
    for _, _, run in runs:
        yield from (i for i in run if i in section)


def _runs(program: Program, section: Section, values: range) -> Iterator[_Run]:
    earliest = _earliest(program, values)
    regions = _regions(program, values, earliest)
    for level in range(max(earliest.values(), default=0) + 1):
        products = [
            i
            for i in values
            if isinstance(program.instructions[i], Product | Block) and earliest[i] == level
        ]
        region = [i for i in values if regions.get(i) == level]
        if products:
            yield "products", section, products
        for part in _parts(program, region):
            yield "region", section, part


def _parts(program: Program, region: list[int]) -> list[list[int]]:
    """A region as one, but that of several cells as its connected parts: a kernel that does
    unconnected work gains nothing, and takes the C compiler more than in proportion longer."""
    if len(program.states["h"]) == 1:
        return [region] if region else []
    parts: list[list[int]] = []
    for i in region:
        reads = set(program.instructions[i].operands)
        joined = [part for part in parts if not reads.isdisjoint(part)]
        parts = [part for part in parts if part not in joined]
        parts.append(sorted((i, *chain.from_iterable(joined))))
    return parts


def _earliest(program: Program, values: range) -> dict[int, int]:
    """How many products, one after the other, must be done before each value is there."""
    level: dict[int, int] = {}
    for i in values:
        instruction = program.instructions[i]
        waits = max((level.get(a, 0) for a in instruction.operands), default=0)
        level[i] = waits + isinstance(instruction, Product)
    return level


def _regions(program: Program, values: range, earliest: dict[int, int]) -> dict[int, int]:
    """The level of the region in which each sum and operator is computed."""
    last = max(earliest.values(), default=0)
    latest = _sink(program, values, earliest, needed=None, last=last)
    needed = {level for i, level in latest.items() if level == earliest[i]}
    return _sink(program, values, earliest, needed, last)


def _sink(
    program: Program,
    values: range,
    earliest: dict[int, int],
    needed: set[int] | None,
    last: int,
) -> dict[int, int]:
    """Each sum and operator at its latest level, or at the latest one in `needed` that will do."""
    bound = dict.fromkeys(values, last)
    level: dict[int, int] = {}
    for i in reversed(values):
        instruction = program.instructions[i]
        limit = bound[i]
        if isinstance(instruction, Product):
            limit = earliest[i] - 1
        elif isinstance(instruction, Sum | Apply):
            if needed is not None:
                limit = max(needed.intersection(range(earliest[i], limit + 1)), default=limit)
                needed.add(limit)
            level[i] = limit
        for a in instruction.operands:
            if a in bound:
                bound[a] = min(bound[a], limit)
    return level
