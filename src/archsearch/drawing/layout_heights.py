"""The height of every place, given the order in each layer: no overlaps, straight wires."""

from itertools import pairwise

from archsearch.drawing.layout_graph import LayeredGraph
from archsearch.drawing.layout_order import Order

NEIGHBOUR_GAP = 16.0  # between two boxes of a layer
WIRE_GAP = 13.0  # between a wire and whatever stands beside it in a layer
# Segments looked at in all sweeps together: more sweeps for small graphs than for large.
PLACING_WORK = 250_000
UNPULLED_WEIGHT = 0.01  # of a place without neighbours on the side that pulls
ROUNDING = 1e-6


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
    _straighten(graph, order, ports, heights)
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

    Weighted least squares under h₁ ≤ h₂ − d₁₂ ≤ …, which is isotonic regression of h minus the
    spacing: solved exactly by pooling adjacent violators.
    """
    pools: list[tuple[float, float, int]] = []  # mean, weight, number of places
    for place, distance in zip(layer, spacing, strict=True):
        total_wish = total_weight = 0.0
        for neighbour, offset, weight in pulls[place]:
            total_wish += weight * (heights[neighbour] + offset)
            total_weight += weight
        wish = total_wish / total_weight if total_weight else heights[place]
        pool = (wish - distance, total_weight or UNPULLED_WEIGHT, 1)
        while pools and pools[-1][0] > pool[0]:
            mean, heavier, count = pools.pop()
            total = heavier + pool[1]
            pool = ((mean * heavier + pool[0] * pool[1]) / total, total, count + pool[2])
        pools.append(pool)
    means = (mean for mean, _, count in pools for _ in range(count))
    for place, distance, mean in zip(layer, spacing, means, strict=True):
        heights[place] = mean + distance


def _straighten(graph: LayeredGraph, order: Order, ports: list[int], heights: list[float]) -> None:
    """Level the wires that sweeps leave slightly bent, where the neighbours leave room.

    A chain is a trunk, or boxes with one way in and one way out; its runs take one height each.
    """
    neighbours = _neighbours(order)
    chains = sorted(_chains(graph, ports), key=len, reverse=True)
    exits: list[list[tuple[int, float]]] = [[] for _ in graph.layer]
    for edge, (_, target) in enumerate(graph.edges):
        exits[graph.entry[edge]].append((target, graph.boxes[target].ports[ports[edge]]))
    for chain in chains:
        before: list[float] = []  # the height of the run before, for the next to keep if it can
        while chain:
            run, low, high = _longest_run(graph, chain, neighbours, heights)
            last, shift = run[-1]
            mean = sum(heights[place] - offset for place, offset in run) / len(run)
            ends = [heights[target] + port - shift for target, port in exits[last]]
            height = next(
                (wish for wish in before + _nearest_first(ends, mean) if low <= wish <= high),
                min(max(mean, low), high),
            )
            for place, offset in run:
                heights[place] = height + offset
            before, chain = [height], chain[len(run) :]


def _nearest_first(heights: list[float], height: float) -> list[float]:
    return sorted(heights, key=lambda other: abs(other - height))


# Places that could stand on one line, each with its offset from the line.
_Chain = list[tuple[int, float]]


def _longest_run(
    graph: LayeredGraph,
    chain: _Chain,
    neighbours: dict[int, tuple[int | None, int | None]],
    heights: list[float],
) -> tuple[_Chain, float, float]:
    """The start of the chain that fits on one line, and the range of heights of that line."""
    low, high = float("-inf"), float("inf")
    for length, (place, offset) in enumerate(chain):
        lowest, highest = _room(graph, place, neighbours[place], heights)
        lowest, highest = max(low, lowest - offset), min(high, highest - offset)
        if lowest > highest:
            if lowest > highest + ROUNDING:
                assert length > 0, "a place has no room where it stands"
                return chain[:length], low, high
            lowest = highest
        low, high = lowest, highest
    return chain, low, high


def _chains(graph: LayeredGraph, ports: list[int]) -> list[_Chain]:
    following: dict[int, tuple[int, float]] = {}
    for bend in range(len(graph.boxes), len(graph.layer)):
        following[graph.before[bend][0]] = bend, 0.0
    for edge, (_, target) in enumerate(graph.edges):
        entry = graph.entry[edge]
        if len(graph.before[target]) == 1 and len(graph.after[entry]) == 1:
            following[entry] = target, -graph.boxes[target].ports[ports[edge]]
    inner = {place for place, _ in following.values()}
    chains = []
    for head in range(len(graph.layer)):
        if head in inner:
            continue
        chain = [(head, 0.0)]
        while (last := chain[-1])[0] in following:
            place, offset = following[last[0]]
            chain.append((place, last[1] + offset))
        chains.append(chain)
    return chains


def _neighbours(order: Order) -> dict[int, tuple[int | None, int | None]]:
    """The places above and below each place in its layer."""
    return {
        place: (above, below)
        for layer in order
        for above, place, below in zip([None, *layer[:-1]], layer, [*layer[1:], None], strict=True)
    }


def _room(
    graph: LayeredGraph, place: int, neighbours: tuple[int | None, int | None], heights: list[float]
) -> tuple[float, float]:
    """The lowest and highest y that the neighbours of a place leave to it."""
    above, below = neighbours
    low = float("-inf") if above is None else heights[above] + _distance(graph, above, place)
    high = float("inf") if below is None else heights[below] - _distance(graph, place, below)
    return low, high
