"""A convolutional network as a standalone SVG picture: no scripts, no external references.

One column of boxes from the image at the top to the classes at the bottom. What a layer reads from
the one right above it is a straight arrow. Everything else runs beside the column: each box that
is read further down has one lane, of one colour, from which an arrow leads into every reader.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from archsearch.architecture.convolutional import IMAGE, ConvLayer, ConvNetwork, LayerKind
from archsearch.drawing.layout import Point
from archsearch.drawing.svg_document import svg_document
from archsearch.drawing.svg_figures import FONT_SIZE, NAME_SIZE, Look, string_width
from archsearch.drawing.svg_paths import ARROW, px, rounded

MARGIN = 24.0
BOX_HEIGHT = 32.0  # where few lanes meet the box
BOX_GAP = 22.0
NUMBER_WIDTH = 34.0  # the strip of a box where its number stands
LANE_GAP = 15.0
PORT_GAP = 10.0  # between the ends of lanes at one side of a box
CORNER = 7.0  # radius
LEGEND_ROW = 24.0
END_LOOK = Look("#eeeeee", "#666666", "#666666", 14)  # image and classes

LOOKS = {
    LayerKind.CONV: Look("#dcecf7", "#0072b2", "#0072b2", 4),
    LayerKind.MAX_POOL: Look("#fbe3d3", "#d55e00", "#d55e00", 4),
    LayerKind.BATCH_NORM: Look("#d5efe5", "#009e73", "#009e73", 4),
    LayerKind.LOCAL_CONTRAST_NORM: Look("#f6e2ee", "#b8588e", "#b8588e", 4),
}
LEGEND = {
    LayerKind.CONV: "convolution, batch normalisation, ReLU",
    LayerKind.MAX_POOL: "max pooling",
    LayerKind.BATCH_NORM: "batch normalisation",
    LayerKind.LOCAL_CONTRAST_NORM: "local contrast normalisation",
}
FIRST_TEXT, LAST_TEXT = "image", "average over all places, softmax"
LANE_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b8588e", "#b07d00", "#3f9fd8", "#555555")


def to_svg(network: ConvNetwork) -> str:
    """The text of an SVG document that shows the network from top to bottom."""
    return _Canvas(network).document()


@dataclass(slots=True)
class _Box:
    """A layer, the image or the classes; y is its top."""

    text: str
    look: Look
    number: str = ""
    y: float = 0.0
    height: float = BOX_HEIGHT
    ports: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def port(self, side: int, source: int) -> float:
        """The height at which the lane of box `source` meets this box's side."""
        ports = self.ports[side]
        middle = (len(ports) - 1) / 2
        return self.y + self.height / 2 + PORT_GAP * (ports.index(source) - middle)


@dataclass(frozen=True, slots=True)
class _Lane:
    """The way beside the column from a box to those that read it; boxes by number, 0 the image."""

    source: int
    readers: tuple[int, ...]
    side: int  # 0 left, 1 right
    track: int  # 0 is next to the column

    @property
    def colour(self) -> str:
        """That of no other lane near it, as those that meet at a box have tracks of their own."""
        return LANE_COLOURS[(2 * self.track + self.side) % len(LANE_COLOURS)]


class _Canvas:
    """Puts the pieces of one picture together; coordinates are final."""

    def __init__(self, network: ConvNetwork) -> None:
        self.network = network
        # Box i + 1 is layer i. The classes read what no layer reads.
        self.reads = [(), *(layer.inputs for layer in network.layers), network.outputs]
        self.boxes = [
            _Box(FIRST_TEXT, END_LOOK),
            *(_Box(layer_text(x), LOOKS[x.kind], str(i)) for i, x in enumerate(network.layers)),
            _Box(LAST_TEXT, END_LOOK),
        ]
        self.lanes = _assign_lanes(_skips(self.reads))
        self._place_boxes()
        widest = max(string_width(box.text, FONT_SIZE) for box in self.boxes)
        self.box_width = widest + 2 * NUMBER_WIDTH
        self.kinds = [kind for kind in LayerKind if any(x.kind is kind for x in network.layers)]
        margins = [MARGIN + self._lanes_width(side) for side in (0, 1)]
        columns_width = margins[0] + self.box_width + margins[1]
        legend_width = max(26 + string_width(LEGEND[kind], NAME_SIZE) for kind in self.kinds)
        self.width = max(columns_width, legend_width + 2 * MARGIN)
        self.left = margins[0] + (self.width - columns_width) / 2
        self.height = self.boxes[-1].bottom + MARGIN + LEGEND_ROW * len(self.kinds) + MARGIN / 2

    def _place_boxes(self) -> None:
        # Lanes are listed from the column outwards. A lane that ends above the next further out
        # is not crossed by it; a box's own lane leaves below all that end there.
        for lane in self.lanes:
            for reader in lane.readers:
                self.boxes[reader].ports[lane.side].append(lane.source)
        for lane in self.lanes:
            self.boxes[lane.source].ports[lane.side].append(lane.source)
        y = MARGIN
        for box in self.boxes:
            box.y = y
            box.height = max(BOX_HEIGHT, PORT_GAP * (max(map(len, box.ports)) + 1))
            y = box.bottom + BOX_GAP

    def _lanes_width(self, side: int) -> float:
        tracks = [lane.track + 1 for lane in self.lanes if lane.side == side]
        return LANE_GAP * (max(tracks) + 1) if tracks else 0.0

    def document(self) -> str:
        title, described = f"Convolutional network {self.network.key}", self.network.equations()
        pieces = (
            *self._straight_arrows(),
            *self._skip_arrows(),
            *self._boxes(),
            *self._legend(),
        )
        return svg_document(self.width, self.height, title, described, pieces)

    def _straight_arrows(self) -> Iterator[str]:
        x = self.left + self.box_width / 2
        for number, (above, box) in enumerate(zip(self.boxes, self.boxes[1:], strict=False)):
            if number + IMAGE in self.reads[number + 1]:
                yield (
                    f'<path d="M{px(x)} {px(above.bottom)}V{px(box.y - ARROW)}" fill="none"'
                    ' stroke="#555555" stroke-width="1.6"/>'
                    f'<path d="M{px(x)} {px(box.y)}l-3.8 {px(-ARROW)}h7.6z" fill="#555555"/>'
                )

    def _skip_arrows(self) -> Iterator[str]:
        for lane in self.lanes:
            outwards = 1 if lane.side else -1
            edge = self.left + (self.box_width if lane.side else 0.0)
            lane_x = edge + outwards * LANE_GAP * (lane.track + 1)
            start = self.boxes[lane.source].port(lane.side, lane.source)
            pieces = []
            for reader in lane.readers:
                y = self.boxes[reader].port(lane.side, lane.source)
                end: list[Point] = [(lane_x, y), (edge + outwards * ARROW, y)]
                if reader == lane.readers[-1]:
                    line = rounded([(edge, start), (lane_x, start), *end], CORNER)
                else:  # branches off the line to the last reader
                    line = rounded([(lane_x, y - 2 * CORNER), *end], CORNER)
                pieces.append(
                    f'<path d="{line}"/><path d="M{px(edge)} {px(y)}l{px(outwards * ARROW)}'
                    f' -3.4v6.8z" fill="{lane.colour}" stroke="none"/>'
                )
            yield (
                f'<g data-lane="{lane.source}" fill="none" stroke="{lane.colour}"'
                f' stroke-width="1.5">{"".join(pieces)}</g>'
            )

    def _boxes(self) -> Iterator[str]:
        for number, box in enumerate(self.boxes):
            x, y = self.left + self.box_width / 2, box.y + box.height / 2
            yield (
                f'<g data-box="{number}"><rect x="{px(self.left)}" y="{px(box.y)}"'
                f' width="{px(self.box_width)}" height="{px(box.height)}"'
                f' rx="{px(box.look.corner)}" fill="{box.look.fill}" stroke="{box.look.stroke}"'
                ' stroke-width="1.4"/>'
                f'<text x="{px(x)}" y="{px(y + 0.35 * FONT_SIZE)}" text-anchor="middle"'
                f' fill="#111111">{box.text}</text>'
                f'<text x="{px(self.left + NUMBER_WIDTH / 2)}" y="{px(y + 0.35 * NAME_SIZE)}"'
                f' text-anchor="middle" font-size="{px(NAME_SIZE)}" fill="#666666">'
                f"{box.number}</text></g>"
            )

    def _legend(self) -> Iterator[str]:
        y = self.height - MARGIN / 2 - LEGEND_ROW * len(self.kinds) + LEGEND_ROW / 2
        for kind in self.kinds:
            look = LOOKS[kind]
            yield (
                f'<rect x="{px(MARGIN)}" y="{px(y - 7)}" width="20" height="14" rx="4"'
                f' fill="{look.fill}" stroke="{look.stroke}"/>'
                f'<text x="{px(MARGIN + 26)}" y="{px(y + 4)}" font-size="{px(NAME_SIZE)}"'
                f' fill="#333333">{LEGEND[kind]}</text>'
            )
            y += LEGEND_ROW


def layer_text(layer: ConvLayer) -> str:
    """What a layer is, on one line: `3×5, 36 filters, stride 2`."""
    if not layer.kind.has_window:
        return LEGEND[layer.kind]
    window = f"{layer.height}×{layer.width}"
    filters = "" if layer.num_filters is None else f", {layer.num_filters} filters"
    what = "max pooling " if layer.kind is LayerKind.MAX_POOL else ""
    stride = f"{layer.stride_height}"
    if layer.stride_height != layer.stride_width:
        stride += f"×{layer.stride_width}"
    return f"{what}{window}{filters}" + ("" if stride == "1" else f", stride {stride}")


def _skips(reads: list[tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
    """For each box the boxes that read it, but for the one right below."""
    readers: dict[int, list[int]] = {}
    for box, inputs in enumerate(reads):
        for source in inputs:
            if source - IMAGE != box - 1:
                readers.setdefault(source - IMAGE, []).append(box)
    return {source: tuple(boxes) for source, boxes in sorted(readers.items())}


def _assign_lanes(skips: dict[int, tuple[int, ...]]) -> list[_Lane]:
    """Short ways next to the column, long ones around them, both sides about equally."""
    lanes: list[_Lane] = []
    for source in sorted(skips, key=lambda source: skips[source][-1] - source):
        last = skips[source][-1]
        tracks = []
        for side in (0, 1):
            beside = [
                lane.track + 1
                for lane in lanes
                if lane.side == side and lane.source <= last and source <= lane.readers[-1]
            ]
            tracks.append(max(beside, default=0))
        side = tracks.index(min(tracks))
        lanes.append(_Lane(source, skips[source], side, tracks[side]))
    return sorted(lanes, key=lambda lane: lane.track)
