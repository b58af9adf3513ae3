"""A directed acyclic graph cut into layers, with bends where its wires pass a layer."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A vertex to place. It takes `above` and `below` its anchor line and is `width` wide.

    `ports` are the heights, relative to the anchor, at which its incoming edges end, from the top
    down: one for each edge. Which edge gets which port is the layout's choice. Edges leave at
    the anchor.
    """

    width: float
    above: float
    below: float
    ports: tuple[float, ...] = ()


def assign_layers(num_vertices: int, edges: Sequence[tuple[int, int]], last: set[int]) -> list[int]:
    """Sources first; everything else as late as the longest path allows, next to its use."""
    targets: list[list[int]] = [[] for _ in range(num_vertices)]
    has_source = [False] * num_vertices
    depth = [0] * num_vertices
    for source, target in sorted(edges):
        targets[source].append(target)
        has_source[target] = True
        depth[target] = max(depth[target], depth[source] + 1)
    deepest = max(depth, default=0)
    layers = [0] * num_vertices
    for vertex in reversed(range(num_vertices)):
        if vertex in last:
            layers[vertex] = deepest
        elif has_source[vertex]:
            layers[vertex] = min(layers[target] for target in targets[vertex]) - 1
    return layers


class LayeredGraph:
    """The boxes with a bend for each layer that a trunk passes. Places: boxes, then bends."""

    def __init__(
        self, boxes: Sequence[Box], edges: Sequence[tuple[int, int]], layers: list[int]
    ) -> None:
        self.boxes = boxes
        self.edges = edges
        self.layer = list(layers)
        self.owner = list(range(len(boxes)))  # of each place: the vertex whose wire it carries
        self.before: list[list[int]] = [[] for _ in boxes]  # one entry for each segment
        self.after: list[list[int]] = [[] for _ in boxes]
        self.entry: list[int] = []  # of each edge: the place from which it enters its target
        self._add_bends()
        self.num_layers = max(self.layer, default=-1) + 1

    def _add_bends(self) -> None:
        trunks: list[list[int]] = [[vertex] for vertex in range(len(self.boxes))]
        for source, target in self.edges:
            trunk = trunks[source]
            reach = self.layer[target] - self.layer[source]
            while len(trunk) < reach:
                trunk.append(self._add_bend(source, trunk[-1]))
            self.entry.append(trunk[reach - 1])
            self._connect(trunk[reach - 1], target)

    def _add_bend(self, owner: int, previous: int) -> int:
        bend = len(self.layer)
        self.layer.append(self.layer[previous] + 1)
        self.owner.append(owner)
        self.before.append([])
        self.after.append([])
        self._connect(previous, bend)
        return bend

    def _connect(self, place: int, following: int) -> None:
        self.after[place].append(following)
        self.before[following].append(place)

    def is_bend(self, place: int) -> bool:
        return place >= len(self.boxes)

    def above(self, place: int) -> float:
        return 0.0 if self.is_bend(place) else self.boxes[place].above

    def below(self, place: int) -> float:
        return 0.0 if self.is_bend(place) else self.boxes[place].below

    def num_segments(self) -> int:
        return sum(map(len, self.after))
