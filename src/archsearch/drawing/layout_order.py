"""A directed acyclic graph cut into layers, with bends where its wires pass one, and the order of
the places in each layer: few wires cross (Sugiyama, Tagawa & Toda 1981)."""

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass

# Segments looked at in all sweeps together: more sweeps for small graphs than for large.
ORDERING_WORK = 150_000

# The places of each layer from the top down.
Order = list[list[int]]


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


def order_layers(graph: LayeredGraph) -> Order:
    """The places of each layer from the top down, with few crossings."""
    order = _first_order(graph)
    best, fewest = [list(layer) for layer in order], _crossings(graph, order)
    sweeps = max(4, min(24, ORDERING_WORK // max(1, graph.num_segments())))
    for sweep in range(sweeps):
        if fewest == 0:
            break
        _sweep(graph, order, forward=sweep % 2 == 1)
        if sweep >= 2:
            _swap_neighbours(graph, order)
        crossings = _crossings(graph, order)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in order], crossings
    return best


def _first_order(graph: LayeredGraph) -> Order:
    """Depth first from the last layer back, so that a tree starts without crossings."""
    order: Order = [[] for _ in range(graph.num_layers)]
    seen = [False] * len(graph.layer)
    ends = [place for place, after in enumerate(graph.after) if not after]
    stack = list(reversed(ends))
    while stack:
        place = stack.pop()
        if seen[place]:
            continue
        seen[place] = True
        order[graph.layer[place]].append(place)
        stack.extend(reversed(graph.before[place]))
    return order


def _ranks(graph: LayeredGraph, order: Order) -> list[int]:
    """Of each place: which it is in its layer, counted from the top."""
    ranks = [0] * len(graph.layer)
    for layer in order:
        for rank, place in enumerate(layer):
            ranks[place] = rank
    return ranks


def _sweep(graph: LayeredGraph, order: Order, *, forward: bool) -> None:
    """Sort every layer by the mean rank of its neighbours in the layer just passed."""
    neighbours = graph.before if forward else graph.after
    ranks = _ranks(graph, order)
    centres = [0.0] * len(ranks)
    for layer in order[1:] if forward else reversed(order[:-1]):
        for place in layer:
            near = neighbours[place]
            centres[place] = sum([ranks[other] for other in near]) / len(near)
        layer.sort(key=centres.__getitem__)
        for rank, place in enumerate(layer):
            ranks[place] = rank


def _swap_neighbours(graph: LayeredGraph, order: Order) -> None:
    """Swap adjacent places of a layer wherever that removes crossings on its two sides."""
    ranks = _ranks(graph, order)
    for layer in order:
        sides = [
            (
                sorted([ranks[other] for other in graph.before[place]]),
                sorted([ranks[other] for other in graph.after[place]]),
            )
            for place in layer
        ]
        for i in range(len(layer) - 1):
            upper, lower = sides[i], sides[i + 1]
            gain = _inversions(upper[0], lower[0]) - _inversions(lower[0], upper[0])
            gain += _inversions(upper[1], lower[1]) - _inversions(lower[1], upper[1])
            if gain > 0:
                layer[i], layer[i + 1] = layer[i + 1], layer[i]
                sides[i], sides[i + 1] = lower, upper
        for rank, place in enumerate(layer):
            ranks[place] = rank


def _inversions(upper: list[int], lower: list[int]) -> int:
    """How many segments cross when sorted ends `upper` belong above sorted ends `lower`."""
    if not upper or not lower or upper[-1] <= lower[0]:
        return 0
    return sum([len(upper) - bisect_right(upper, end) for end in lower])


def _crossings(graph: LayeredGraph, order: Order) -> int:
    """All pairs of segments that cross, counted layer by layer."""
    total = 0
    ranks = _ranks(graph, order)
    for layer in order:
        passed: list[int] = []
        for place in layer:
            ends = sorted([ranks[following] for following in graph.after[place]])
            total += _inversions(passed, ends)
            for end in ends:
                insort(passed, end)
    return total


def assign_ports(graph: LayeredGraph, order: Order) -> list[int]:
    """Edges reach a box in the order in which they come, so that none cross at its side."""
    ranks = _ranks(graph, order)
    incoming: list[list[int]] = [[] for _ in graph.boxes]
    for edge, (_, target) in enumerate(graph.edges):
        incoming[target].append(edge)
    ports = [0] * len(graph.edges)
    for arriving in incoming:
        for port, edge in enumerate(sorted(arriving, key=lambda e: ranks[graph.entry[e]])):
            ports[edge] = port
    return ports
