"""The height of every place, given the order in each layer: no overlaps, straight wires."""

from itertools import pairwise

from archsearch.drawing.layout_order import LayeredGraph, Order

NEIGHBOUR_GAP = 16.0  # between two boxes of a layer
WIRE_GAP = 13.0  # between a wire and whatever stands beside it in a layer
# Segments looked at in all sweeps together: more sweeps for small graphs than for large.
PLACING_WORK = 250_000
UNPULLED_WEIGHT = 0.01  # of a place without neighbours on the side that pulls


def place_layers(graph: LayeredGraph, order: Order, ports: list[int]) -> list[float]:
    """The height of every place: near its neighbours, wires straight before all."""
    heights = [0.0] * len(graph.layer)
    spacings = [_spacings(graph, layer) for layer in order]
    for layer, spacing in zip(order, spacings, strict=True):
        for place, height in zip(layer, spacing, strict=True):
            heights[place] = height - spacing[-1] / 2
    before, after = _pulls(graph, ports)
    both = [*map(list.__add__, before, after)]
    passes = max(6, min(40, PLACING_WORK // max(1, graph.num_segments())))
    for step in range(passes):
        # One side at a time first, to carry the shape across; then both at once, to settle.
        forward = step % 2 == 1
        pulls = both if step >= passes // 2 else before if forward else after
        for index in range(graph.num_layers) if forward else reversed(range(graph.num_layers)):
            _settle(order[index], spacings[index], pulls, heights)
    return heights


# Of each place: (neighbour, offset, weight) for each neighbour that wants it at its own height
# plus the offset.
_Pulls = list[list[tuple[int, float, float]]]


def _pulls(graph: LayeredGraph, ports: list[int]) -> tuple[_Pulls, _Pulls]:
    """The pulls of the places before, and of those after. Long wires pull most to be straight."""
    before: _Pulls = [[] for _ in graph.layer]
    after: _Pulls = [[] for _ in graph.layer]

    def connect(place: int, following: int, offset: float, weight: float) -> None:
        after[place].append((following, offset, weight))
        before[following].append((place, -offset, weight))

    for place in range(len(graph.boxes), len(graph.layer)):
        (previous,) = graph.before[place]
        connect(previous, place, 0.0, 8.0 if graph.is_bend(previous) else 3.0)
    for edge, (_, target) in enumerate(graph.edges):
        entry = graph.entry[edge]
        if len(graph.after[entry]) > 1:
            weight = 0.5
        else:
            weight = 2.0 if len(graph.before[target]) > 1 else 8.0
        connect(entry, target, graph.boxes[target].ports[ports[edge]], weight)
    return before, after


def _spacings(graph: LayeredGraph, layer: list[int]) -> list[float]:
    """How far each place of a layer is below the first at least."""
    distances = [0.0]
    for upper, lower in pairwise(layer):
        distances.append(distances[-1] + _distance(graph, upper, lower))
    return distances


def _distance(graph: LayeredGraph, upper: int, lower: int) -> float:
    """The least distance of the anchors of two neighbours in a layer."""
    boxed = not (graph.is_bend(upper) or graph.is_bend(lower))
    gap = NEIGHBOUR_GAP if boxed else WIRE_GAP
    return graph.below(upper) + gap + graph.above(lower)


def _settle(layer: list[int], spacing: list[float], pulls: _Pulls, heights: list[float]) -> None:
    """Move a layer's places to where they are pulled, as far as order and spacing allow.

    Least absolute deviations under h₁ ≤ h₂ − d₁₂ ≤ …, which is isotonic regression of h minus the
    spacing: solved exactly by pooling adjacent violators. A median, unlike a mean, is the height of
    one of the neighbours, so that wires become straight.
    """
    pools: list[tuple[float, list[_Wish], int]] = []  # median, wishes, number of places
    for place, distance in zip(layer, spacing, strict=True):
        wishes = [(heights[n] + offset - distance, weight) for n, offset, weight in pulls[place]]
        wishes = wishes or [(heights[place] - distance, UNPULLED_WEIGHT)]
        pool = (_median(wishes), wishes, 1)
        while pools and pools[-1][0] > pool[0]:
            _, others, count = pools.pop()
            joined = others + pool[1]
            pool = (_median(joined), joined, count + pool[2])
        pools.append(pool)
    medians = (median for median, _, count in pools for _ in range(count))
    for place, distance, median in zip(layer, spacing, medians, strict=True):
        heights[place] = median + distance


_Wish = tuple[float, float]  # a height, and its weight


def _median(wishes: list[_Wish]) -> float:
    """Weighted; the middle where any height between two is one."""
    half = sum(weight for _, weight in wishes) / 2
    passed = 0.0
    below: float | None = None
    for height, weight in sorted(wishes):
        if below is not None:
            return (below + height) / 2
        passed += weight
        if passed > half:
            return height
        if passed == half:
            below = height
    raise AssertionError("no wishes")
