"""Convolutional networks as values: text, key, equations and drawing."""

import re
from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_conv_networks import conv_networks

from archsearch.architecture import (
    IMAGE,
    Architecture,
    ConvLayer,
    ConvNetwork,
    LayerKind,
    read_architecture,
    read_conv,
)
from archsearch.cell import Cell, CellError

SVG = "{http://www.w3.org/2000/svg}"
TEXT = """conv 3x5x36 <- image;
3x3x48 /2 <- image, 0;
max_pool 2x2 /2x1 <- 1;
batch_norm <- 0, 2;
local_contrast_norm <- 1"""
NETWORK = ConvNetwork(
    (
        ConvLayer(LayerKind.CONV, (IMAGE,), 3, 5, 36),
        ConvLayer(LayerKind.CONV, (IMAGE, 0), 3, 3, 48, 2, 2),
        ConvLayer(LayerKind.MAX_POOL, (1,), 2, 2, None, 2, 1),
        ConvLayer(LayerKind.BATCH_NORM, (0, 2)),
        ConvLayer(LayerKind.LOCAL_CONTRAST_NORM, (1,)),
    )
)


class TestText:
    def test_is_the_layers_in_order_one_a_line_where_they_are_long(self):
        assert str(NETWORK) == TEXT
        assert str(ConvNetwork(NETWORK.layers[:2])) == (
            "conv 3x5x36 <- image; 3x3x48 /2 <- image, 0"
        )

    @given(conv_networks())
    def test_reads_back(self, network: ConvNetwork):
        again = read_architecture(str(network))
        assert again == network
        assert again.key == network.key
        assert isinstance(again, Architecture)

    def test_may_be_spelt_freely(self):
        text = "conv\t3x05x36<-image ; # first\n3x3x48 /2x2<-0,image;max_pool 2x2/2x1 <- 1;"
        assert read_conv(text).layers == NETWORK.layers[:3]

    def test_of_a_cell_whose_node_is_called_conv_is_still_a_cell(self):
        text = "conv = Linear(x_t, h_tm1); h_t = Add(conv, Tanh(conv))"
        cell = read_architecture(text)
        assert isinstance(cell, Cell)
        assert str(cell) == text

    @pytest.mark.parametrize(
        ("text", "column", "problem"),
        [
            ("convolutional 3x3x8 <- image", 1, "expected the word conv, got convolutional"),
            ("conv", 5, "expected a filter such as 3x5x36, or .*, got the end of the text"),
            ("conv ; 3x3x8 <- image", 6, "expected a filter such as 3x5x36"),
            ("conv maxpool 2x2 <- image", 6, r"got maxpool; did you mean max_pool\?"),
            ("conv 3x3 <- image", 6, "expected height, width and filters .*, got 3x3"),
            ("conv max_pool 2x2x2 <- image", 15, "expected height and width .*, got 2x2x2"),
            ("conv 0x3x8 <- image", 6, "expected a number from 1 to 64, got 0"),
            ("conv 3x3x5000 <- image", 6, "expected a number from 1 to 4096, got 5000"),
            (f"conv 3x3x{'9' * 5_000} <- image", 6, "expected a number from 1 to 4096, got 9"),
            ("conv 3x3x8 /17 <- image", 13, "expected a number from 1 to 16, got 17"),
            ("conv 3x3x8 /2x2x2 <- image", 13, "expected a stride such as 2 or 2x1, got 2x2x2"),
            ("conv batch_norm /2 <- image", 17, "expected <- before the layer's inputs, got /"),
            ("conv 3x3x8; 3x3x8 <- 0", 11, "expected <- before the layer's inputs, got ;"),
            ("conv 3x3x8 <- 0", 15, "expected image, got 0"),
            ("conv 3x3x8 <- image; 1x1x8 <- 1", 31, "image, or .* from 0 to 0, got 1"),
            (f"conv 3x3x8 <- image; 1x1x8 <- {'1' * 5_000}", 31, "image, or .* from 0 to 0"),
            ("conv 3x3x8 <- image; 1x1x8 <- 0, 0", 34, "0 is already an input of this layer"),
            ("conv 3x3x8 <- image 1x1x8 <- 0", 21, "expected , or ; between layers, got 1x1x8"),
            ("conv 3x3x8 < image", 12, r"unexpected character U\+003C"),
        ],
    )
    def test_that_is_none_is_refused_with_its_place(self, text: str, column: int, problem: str):
        with pytest.raises(CellError, match=rf"line 1, column {column}: .*{problem}"):
            read_conv(text)

    def test_of_too_many_layers_is_refused(self):
        layers = ["1x1x1 <- image"] * 201
        with pytest.raises(CellError, match="expected at most 200 layers"):
            read_conv(f"conv {';'.join(layers)}")

    def test_of_the_largest_network_is_read(self):
        dense = [
            ConvLayer(LayerKind.CONV, tuple(range(IMAGE, i)), 64, 63, 4096, 16, 15)
            for i in range(200)
        ]
        network = ConvNetwork(tuple(dense))
        assert read_conv(str(network)) == network

    @given(st.text(alphabet="conv 0123x/,;<-\n#image", max_size=60))
    def test_of_any_kind_is_read_or_refused(self, text: str):
        try:
            network = read_conv(f"conv {text}")
        except CellError:
            return
        assert read_conv(str(network)) == network


class TestNetwork:
    def test_outputs_are_the_layers_that_nothing_reads(self):
        assert NETWORK.outputs == (3, 4)

    def test_depths_are_filters_or_what_a_layer_reads(self):
        assert NETWORK.depths(image_depth=3) == {IMAGE: 3, 0: 36, 1: 48, 2: 48, 3: 84, 4: 48}

    def test_key_is_the_same_in_every_process_and_version(self):
        assert NETWORK.key == "db496b027b910a2c"

    @given(conv_networks(max_layers=3), conv_networks(max_layers=3))
    def test_keys_are_equal_where_networks_are(self, one: ConvNetwork, other: ConvNetwork):
        assert (one.key == other.key) == (one == other)

    @pytest.mark.parametrize(
        ("layers", "problem"),
        [
            ([], "expected 1 to 200 layers, got 0"),
            ([ConvLayer(LayerKind.BATCH_NORM, (0,))], "layer 0: expected the image or earlier"),
        ],
    )
    def test_without_an_order_is_refused(self, layers: list[ConvLayer], problem: str):
        with pytest.raises(CellError, match=problem):
            ConvNetwork(tuple(layers))


class TestEquations:
    def test_are_one_a_layer_and_the_classifier(self):
        assert NETWORK.equations().splitlines() == [
            "y₀ = ReLU(BN(W₀ ∗ x))    36 filters 3×5",
            "y₁ = ReLU(BN(W₁ ∗ [x, y₀]))    48 filters 3×3, stride 2",
            "y₂ = maxpool(y₁)    window 2×2, stride 2×1",
            "y₃ = BN([y₀, y₂])",
            "y₄ = LCN(y₁)",
            "p  = softmax(W mean([y₃, y₄]) + b)",
        ]

    def test_in_latex_say_the_same(self):
        first, *rows, last = NETWORK.equations("latex").splitlines()
        assert (first, last) == (r"\begin{aligned}", r"\end{aligned}")
        assert rows[1] == (
            r"y_1 &= \operatorname{ReLU}(\operatorname{BN}(W_1 \ast [x, y_0]))"
            r" \quad \text{48 filters }3 \times 3, \text{stride }2 \\"
        )
        assert len(rows) == len(NETWORK.layers) + 1

    def test_in_another_style_are_refused(self):
        with pytest.raises(ValueError, match='expected "unicode" or "latex", got \'html\''):
            NETWORK.equations("html")  # type: ignore[arg-type]


class TestDrawing:
    @given(conv_networks(max_layers=12))
    def test_leads_one_arrow_along_each_connection(self, network: ConvNetwork):
        root = ElementTree.fromstring(network.to_svg())
        width, height = (float(root.attrib[side]) for side in ("width", "height"))
        frames = [_frame(group) for group in root.findall(f"{SVG}g[@data-figure]")]
        assert len(frames) == len(network.layers) + 2
        tips = [
            (float(match[1]), float(match[2]))
            for path in root.iter(f"{SVG}path")
            if (match := re.match(r"M([-\d.]+) ([-\d.]+)l.*z$", path.attrib["d"]))
        ]
        assert len(set(tips)) == len(tips)
        ends = Counter(
            number
            for x, y in tips
            for number, (left, top, _, bottom) in enumerate(frames)
            if top <= y <= bottom and abs(x - left) < 0.1
        )
        reads = [*(len(layer.inputs) for layer in network.layers), len(network.outputs)]
        assert ends == dict(enumerate(reads, start=1))
        for left, top, right, bottom in frames:
            assert min(left, top, width - right, height - bottom) > 0


def _frame(group: ElementTree.Element) -> tuple[float, float, float, float]:
    (rect,) = group.findall(f"{SVG}rect")
    x, y, width, height = (float(rect.attrib[k]) for k in ("x", "y", "width", "height"))
    return x, y, x + width, y + height
