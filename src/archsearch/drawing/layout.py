"""Layered left-to-right layout of directed acyclic graphs, after Sugiyama, Tagawa & Toda 1981.

Layers by longest path; orders by barycentre sweeps that keep the order with the fewest crossings;
heights by sweeps of isotonic regression, so that neighbours keep their distance exactly. All
edges that leave one vertex share one wire through the layers that they pass (its *trunk*) and
branch off where they are needed, as in a circuit diagram: a source that feeds forty operators
costs one line a layer, not forty.

Lengths are in pixels; y grows downwards. Nothing here knows what a cell is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from archsearch.drawing.layout_heights import place_layers
from archsearch.drawing.layout_order import (
    Box,
    LayeredGraph,
    Order,
    assign_layers,
    assign_ports,
    order_layers,
)

LAYER_GAP = 34.0  # between two layers, at least
MAX_LAYER_GAP = 120.0
# How much of the steepest rise between two layers is added to the gap between them.
GAP_PER_RISE = 0.16

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Wire:
    """A piece of an edge: from a box or a bend to a box or a bend of the next layer.

    Both ends are level over the width of their layer, so that only the gap between the layers,
    from x `bend_start` to `bend_end`, sees a change of height.
    """

    source: int  # the vertex at whose anchor the edge began
    at_source: bool  # whether it begins there itself, not inside the trunk
    edge: int | None  # the edge that ends here; None inside a trunk
    start: Point
    bend_start: float
    bend_end: float
    end: Point


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands. `centres` are the middle of each box at the height of its anchor."""

    centres: tuple[Point, ...]
    ports: tuple[int, ...]  # of each edge: which port of its target, counted from the top
    wires: tuple[Wire, ...]
    junctions: tuple[tuple[int, Point], ...]  # where a trunk branches: (source vertex, point)
    width: float
    height: float


def layered_layout(
    boxes: Sequence[Box], edges: Sequence[tuple[int, int]], last: Sequence[int] = ()
) -> Layout:
    """Place boxes joined by edges (source, target); vertices are in topological order.

    Vertices without incoming edges stand in the first layer, those of `last` in the last. Parallel
    edges are allowed. Every vertex but those of `last` has an outgoing edge.
    """
    layers = assign_layers(len(boxes), edges, set(last))
    graph = LayeredGraph(boxes, edges, layers)
    order = order_layers(graph)
    ports = assign_ports(graph, order)
    heights = place_layers(graph, order, ports)
    return _draw(graph, order, ports, heights)


def _draw(graph: LayeredGraph, order: Order, ports: list[int], heights: list[float]) -> Layout:
    top = min((h - graph.above(place) for place, h in enumerate(heights)), default=0.0)
    bottom = max((h + graph.below(place) for place, h in enumerate(heights)), default=0.0)
    heights = [height - top for height in heights]
    segments = _segments(graph, ports, heights)
    bands = _bands(graph, order, heights, segments)
    centres = tuple(
        (sum(bands[graph.layer[vertex]]) / 2, heights[vertex]) for vertex in range(len(graph.boxes))
    )

    def side(place: int, sign: int) -> float:
        """x of the right (+1) or left (−1) side of a box; bends stand at the end of their band."""
        if graph.is_bend(place):
            return bands[graph.layer[place]][1]
        return centres[place][0] + sign * graph.boxes[place].width / 2

    wires = tuple(
        Wire(
            source=graph.owner[place],
            at_source=not graph.is_bend(place),
            edge=edge,
            start=(side(place, 1), heights[place]),
            bend_start=bands[graph.layer[place]][1],
            bend_end=bands[graph.layer[following]][0],
            end=(side(following, -1), height),
        )
        for place, following, edge, height in segments
    )
    junctions = tuple(
        (graph.owner[place], (side(place, 1), heights[place]))
        for place in range(len(graph.boxes), len(graph.layer))
        if len(graph.after[place]) > 1
    )
    width = bands[-1][1] if bands else 0.0
    return Layout(centres, tuple(ports), wires, junctions, width, bottom - top)


# From a place to a place of the next layer, the edge that ends there if any, the height of the end.
_Segment = tuple[int, int, int | None, float]


def _segments(graph: LayeredGraph, ports: list[int], heights: list[float]) -> list[_Segment]:
    segments: list[_Segment] = []
    for bend in range(len(graph.boxes), len(graph.layer)):
        segments.append((graph.before[bend][0], bend, None, heights[bend]))
    for edge, (_, target) in enumerate(graph.edges):
        port = graph.boxes[target].ports[ports[edge]]
        segments.append((graph.entry[edge], target, edge, heights[target] + port))
    return segments


def _bands(
    graph: LayeredGraph, order: Order, heights: list[float], segments: list[_Segment]
) -> list[tuple[float, float]]:
    """Left and right side of each layer; steep wires get a wider gap."""
    rises = [0.0] * graph.num_layers
    for place, _, _, height in segments:
        index = graph.layer[place]
        rises[index] = max(rises[index], abs(height - heights[place]))
    bands: list[tuple[float, float]] = []
    left = 0.0
    for layer, rise in zip(order, rises, strict=True):
        width = max(0.0 if graph.is_bend(place) else graph.boxes[place].width for place in layer)
        bands.append((left, left + width))
        left += width + min(MAX_LAYER_GAP, LAYER_GAP + GAP_PER_RISE * rise)
    return bands
