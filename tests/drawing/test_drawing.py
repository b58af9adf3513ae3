"""Drawings: what every picture keeps to, whatever the cell; and labels that try to break out."""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from archsearch.cell import Cell, CellError, Node, parse, zoo
from archsearch.drawing.cell_diagram import diagram
from archsearch.drawing.layout import Layout, layered_layout
from archsearch.drawing.layout_order import Box
from archsearch.drawing.svg_figures import figure_box

SVG = "{http://www.w3.org/2000/svg}"
Graph = tuple[list[Node], list[tuple[str, int]]]


@dataclass(frozen=True)
class Frame:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Frame") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@pytest.fixture(scope="module")
def cells(random_graph: Callable[[random.Random], Graph]) -> list[Cell]:
    """The zoo, random cells, and a few that are large or odd."""
    rng = random.Random(2)
    cells = [*zoo.values(), parse("h_tm1"), parse("c_t = x_t; h_t = Add(c_tm1, x_t)")]
    while len(cells) < 60:
        try:
            cells.append(Cell.build(*random_graph(rng)))
        except CellError:
            continue
    return [*cells, _tree(9), _chain(120)]


def _tree(height: int) -> Cell:
    def grow(height: int) -> str:
        if height == 1:
            return "Linear(x_t, h_tm1)"
        return f"{'Add' if height % 2 else 'Mult'}({grow(height - 1)}, {grow(height - 1)})"

    return parse(grow(height))


def _chain(length: int) -> Cell:
    nodes = [Node("x_t"), Node("h_tm1")]
    for _ in range(length):
        nodes += [Node("Linear", (0, len(nodes) - 1)), Node("Tanh", (len(nodes),))]
    return Cell.build(nodes, [("h", len(nodes) - 1)])


@pytest.fixture(scope="module")
def svgs(cells: list[Cell]) -> list[tuple[Cell, str]]:
    return [(cell, cell.to_svg()) for cell in cells]


def _frames(svg: str) -> dict[int, Frame]:
    """The frame of each figure; every figure must be there once."""
    frames: dict[int, Frame] = {}
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        if "data-figure" not in group.attrib:
            continue
        (rect,) = group.findall(f"{SVG}rect")
        x, y, width, height = (float(rect.attrib[k]) for k in ("x", "y", "width", "height"))
        number = int(group.attrib["data-figure"])
        assert number not in frames
        frames[number] = Frame(x, y, x + width, y + height)
    return frames


def test_svg_draws_every_node_and_output_once_without_overlaps(
    svgs: list[tuple[Cell, str]],
) -> None:
    for cell, svg in svgs:
        frames = _frames(svg)
        assert set(frames) == set(range(cell.num_nodes + len(cell.outputs)))
        numbers = sorted(frames)
        for i in numbers:
            assert not any(frames[i].meets(frames[j]) for j in numbers if j < i), cell
        _, _, width, height = map(float, ElementTree.fromstring(svg).attrib["viewBox"].split())
        for frame in frames.values():
            assert min(frame.left, frame.top, width - frame.right, height - frame.bottom) >= 0


def test_svg_is_standalone_and_described() -> None:
    svg = zoo["lstm"].to_svg()
    root = ElementTree.fromstring(svg)
    assert [child.tag for child in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert root.findtext(f"{SVG}desc") == zoo["lstm"].equations()
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "g", "rect", "path", "circle", "text", "tspan"}
    assert not re.search(r"href|url\(|<style|@import|on\w+=", svg)


def test_drawings_are_the_same_every_time() -> None:
    again = parse(str(zoo["nascell"]))
    assert again.to_svg() == zoo["nascell"].to_svg()
    assert again.to_dot() == zoo["nascell"].to_dot()


def test_svg_tells_kinds_apart() -> None:
    root = ElementTree.fromstring(zoo["lstm"].to_svg())
    kinds = [group.attrib["data-kind"] for group in root.iter(f"{SVG}g") if group.get("data-kind")]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts == {"input": 1, "hidden": 2, "memory": 2, "product": 4, "elementwise": 9}
    texts = {"".join(text.itertext()) for text in root.iter(f"{SVG}text")}
    assert {"Wf xt", "Uf ht−1", "σ", "tanh", "×", "+", "ct", "ct−1"} <= texts


def test_recurrent_edges_are_dashed_and_run_around_all_figures(
    svgs: list[tuple[Cell, str]],
) -> None:
    for cell, svg in svgs:
        frames = _frames(svg).values()
        dashed = re.findall(r'<path d="([^"]+)" stroke="[^"]+" stroke-dasharray', svg)
        read_states = {node.state for node in cell.nodes} - {None}
        assert len(dashed) == len(read_states)
        for path in dashed:
            numbers = [float(number) for number in re.findall(r"-?[0-9.]+", path)]
            points = list(zip(numbers[::2], numbers[1::2], strict=True))
            for (x0, y0), (x1, y1) in pairwise(points):
                # A frame may be touched where the edge starts, not entered.
                step = Frame(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
                inner = Frame(step.left + 0.01, step.top, step.right - 0.01, step.bottom + 0.01)
                assert not any(inner.meets(frame) for frame in frames)


def test_every_edge_touches_the_frames_at_its_ends() -> None:
    cell = parse(
        "a_name_wider_than_its_frame = Tanh(x_t); h_t = Linear(a_name_wider_than_its_frame, h_tm1)"
    )
    svg = cell.to_svg()
    frames = _frames(svg)
    starts = re.findall(r'<path d="M([0-9.]+) ', svg)
    tips = re.findall(r'<path d="M([0-9.]+) [0-9.]+l-7 ', svg)
    for edge in diagram(cell).edges:
        assert f"{frames[edge.source].right:g}" in starts
        assert any(abs(frames[edge.target].left - float(tip)) < 0.1 for tip in tips)


def _layout(cell: Cell) -> tuple[list[Box], list[tuple[int, int]], Layout]:
    picture = diagram(cell)
    boxes = [figure_box(figure) for figure in picture.figures]
    edges = [(edge.source, edge.target) for edge in picture.edges]
    return boxes, edges, layered_layout(boxes, edges, picture.outputs)


def _placed(boxes: list[Box], layout: Layout) -> Iterator[Frame]:
    for box, (x, y) in zip(boxes, layout.centres, strict=True):
        yield Frame(x - box.width / 2, y - box.above, x + box.width / 2, y + box.below)


def test_wires_join_their_ends_and_avoid_all_other_boxes(cells: list[Cell]) -> None:
    for cell in cells:
        boxes, edges, layout = _layout(cell)
        frames = list(_placed(boxes, layout))
        assert sorted(w.edge for w in layout.wires if w.edge is not None) == [*range(len(edges))]
        # A wire begins at the right side of its source, or where another wire of that source ends.
        beginnings = {(wire.source, wire.end) for wire in layout.wires if wire.edge is None}
        for i, (frame, (_, y)) in enumerate(zip(frames, layout.centres, strict=True)):
            beginnings.add((i, (frame.right, y)))
        for wire in layout.wires:
            assert (wire.source, wire.start) in beginnings
            if wire.edge is not None:
                source, target = edges[wire.edge]
                assert wire.source == source
                port = boxes[target].ports[layout.ports[wire.edge]]
                expected = (frames[target].left, layout.centres[target][1] + port)
                assert wire.end == pytest.approx(expected)
            (x0, y0), (x1, y1) = wire.start, wire.end
            level_pieces = Frame(x0, y0, wire.bend_start, y0), Frame(wire.bend_end, y1, x1, y1)
            gap = Frame(wire.bend_start, float("-inf"), wire.bend_end, float("inf"))
            for piece in (*level_pieces, gap):
                shrunk = Frame(piece.left + 0.01, piece.top, piece.right - 0.01, piece.bottom)
                assert not any(shrunk.meets(frame) for frame in frames)


def test_ports_of_a_box_are_taken_once(cells: list[Cell]) -> None:
    for cell in cells:
        boxes, edges, layout = _layout(cell)
        taken = [(target, port) for (_, target), port in zip(edges, layout.ports, strict=True)]
        assert len(set(taken)) == len(taken)
        assert all(port < len(boxes[target].ports) for target, port in taken)


def test_a_tree_is_drawn_without_crossings() -> None:
    leaves, boxes, edges = 16, [Box(20, 10, 10)] * 16, []
    level = list(range(leaves))
    random.Random(3).shuffle(level)
    while len(level) > 1:
        above = []
        for left, right in zip(level[::2], level[1::2], strict=True):
            edges += [(left, len(boxes)), (right, len(boxes))]
            above.append(len(boxes))
            boxes.append(Box(20, 10, 10, (-4.0, 4.0)))
        level = above
    layout = layered_layout(boxes, edges, level)
    for first in layout.wires:
        for second in layout.wires:
            if first.bend_start == second.bend_start and first.start[1] < second.start[1]:
                assert first.end[1] < second.end[1]


def test_a_chain_of_a_thousand_is_one_straight_line() -> None:
    boxes = [Box(20, 10, 10), *[Box(20, 10, 10, (0.0,))] * 1000]
    layout = layered_layout(boxes, [(i, i + 1) for i in range(1000)], [1000])
    assert {y for _, y in layout.centres} == {10.0}


# One statement of DOT, with strings replaced by "".
_STATEMENT = re.compile(
    r'digraph "" \{|\}|rankdir=LR;|(node|edge|n\d+|n\d+ -> n\d+)( \[[\w=, ."]*\])?;'
    r"|\{ rank=(source|sink); (n\d+; ?)*\}"
)


def test_dot_has_every_node_and_edge(cells: list[Cell]) -> None:
    for cell in cells:
        dot = cell.to_dot()
        for line in dot.splitlines():
            assert _STATEMENT.fullmatch(re.sub(r'"([^"\\]|\\.)*"', '""', line.strip())), line
        assert re.findall(r"^  n(\d+) \[label", dot, re.M) == [
            str(i) for i in range(cell.num_nodes + len(cell.outputs))
        ]
        arguments = sum(len(node.args) for node in cell.nodes)
        recurrent = dot.count("style=dashed, constraint=false")
        assert recurrent == len({node.state for node in cell.nodes} - {None})
        assert dot.count(" -> ") == arguments + len(cell.outputs) + recurrent
