"""Selection inside a species: truncation, as in NEAT (Stanley & Miikkulainen 2002, section 3.3:
"the lowest performing members are eliminated")."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from archsearch.space import TreeGenome


@dataclass(frozen=True, slots=True)
class Member:
    """An evaluated individual of a species; failed trials have fitness −∞."""

    number: int
    genome: TreeGenome
    fitness: float


def truncation(members: Sequence[Member], rate: float) -> list[Member]:
    """The best ⌈rate · n⌉ members, best first, and at least two so that there is someone to cross
    with. Failed ones are chosen only where all have failed; equals go by number."""
    ranked = sorted(members, key=lambda member: (-member.fitness, member.number))
    finished = [member for member in ranked if member.fitness > -math.inf]
    return (finished or ranked)[: max(2, math.ceil(rate * len(ranked)))]
