"""A convolutional network as the equations that a paper would print, and as a diagram: the image,
its layers in order, the classes."""

from collections.abc import Sequence

from archsearch.architecture.convolutional import IMAGE, ConvLayer, ConvNetwork, LayerKind
from archsearch.drawing.diagram import Diagram, Edge, Figure, Kind, Text
from archsearch.drawing.formula import LATEX, Notation, notation_of, system
from archsearch.drawing.notation import Symbol

END = Kind("end", "image and classes", "#eeeeee", "#666666", "#666666", 14)
KINDS = {
    LayerKind.CONV: Kind(
        "conv", "convolution, batch normalisation, ReLU", "#dcecf7", "#0072b2", "#0072b2", 4
    ),
    LayerKind.MAX_POOL: Kind("pool", "max pooling", "#fbe3d3", "#d55e00", "#d55e00", 4),
    LayerKind.BATCH_NORM: Kind("norm", "batch normalisation", "#d5efe5", "#009e73", "#009e73", 4),
    LayerKind.LOCAL_CONTRAST_NORM: Kind(
        "contrast", "local contrast normalisation", "#f6e2ee", "#b8588e", "#b8588e", 4
    ),
}


def equations(network: ConvNetwork, style: str = "unicode") -> str:
    """One equation for each layer, a line each, then that of the classifier.

    style: "unicode" for plain text, "latex" for an `aligned` environment (amsmath, math mode).
    x is the image, y_i what layer i gives, W_i the filters of layer i, ∗ a convolution whose border
    is padded with zeros, [a, b] a concatenation in depth, BN batch normalisation, LCN local
    contrast normalisation, maxpool the largest of each window.
    """
    notation = notation_of(style)
    lines = [
        (_output(index, notation), _right_side(layer, index, notation))
        for index, layer in enumerate(network.layers)
    ]
    return system([*lines, ("p", _classifier(network.outputs, notation))], notation)


def _output(index: int, notation: Notation) -> str:
    return notation.symbol(Symbol("y", (str(index),)))


def _right_side(layer: ConvLayer, index: int, notation: Notation) -> str:
    read = _concatenated(layer.inputs, notation)
    match layer.kind:
        case LayerKind.CONV:
            relu, norm = notation.function("ReLU"), notation.function("BN")
            convolved = r"\ast" if notation is LATEX else "∗"
            filters = notation.symbol(Symbol("W", (str(index),)))
            value = f"{relu}({norm}({filters} {convolved} {read}))"
        case LayerKind.MAX_POOL:
            value = f"{notation.function('maxpool')}({read})"
        case LayerKind.BATCH_NORM:
            value = f"{notation.function('BN')}({read})"
        case LayerKind.LOCAL_CONTRAST_NORM:
            value = f"{notation.function('LCN')}({read})"
    sizes = _sizes(layer, notation)
    space = r" \quad " if notation is LATEX else "    "
    return f"{value}{space}{sizes}" if sizes else value


def _sizes(layer: ConvLayer, notation: Notation) -> str:
    """What the equation itself leaves unsaid: 36 filters 3×5, stride 2."""
    parts, times = [], r" \times " if notation is LATEX else "×"
    if layer.kind.has_window:
        what = "window " if layer.num_filters is None else f"{layer.num_filters} filters "
        parts.append(f"{notation.words(what)}{layer.height}{times}{layer.width}")
    if layer.stride_height != 1 or layer.stride_width != 1:
        parts.append(f"{notation.words('stride ')}{_stride(layer, times)}")
    return ", ".join(parts)


def _classifier(outputs: Sequence[int], notation: Notation) -> str:
    """The average over all places, a linear map, and the softmax."""
    softmax, mean = notation.function("softmax"), notation.function("mean")
    return f"{softmax}(W {mean}({_concatenated(outputs, notation)}) + b)"


def _concatenated(inputs: Sequence[int], notation: Notation) -> str:
    symbols = ["x" if i == IMAGE else _output(i, notation) for i in inputs]
    return symbols[0] if len(symbols) == 1 else f"[{', '.join(symbols)}]"


def diagram(network: ConvNetwork) -> Diagram:
    """Figure 0 is the image, figure i + 1 is layer i; the classes read what no layer reads."""
    figures = [
        Figure(END, (("image",),), "image", 0),
        *(_layer_figure(number, layer) for number, layer in enumerate(network.layers)),
        Figure(
            END, (("average over all places",), ("softmax",)), "average over all places, softmax",
            len(network.outputs),
        ),
    ]  # fmt: skip
    reads = [layer.inputs for layer in network.layers] + [network.outputs]
    edges = tuple(
        Edge(source - IMAGE, target, argument)
        for target, inputs in enumerate(reads, start=1)
        for argument, source in enumerate(inputs)
    )
    title = f"Convolutional network {network.key}"
    return Diagram(title, equations(network), tuple(figures), edges, (len(figures) - 1,))


def _layer_figure(number: int, layer: ConvLayer) -> Figure:
    words = _words(layer)
    rows: tuple[Text, ...] = tuple((word,) for word in words)
    label = ", ".join(words)
    name = Symbol("y", (str(number),))
    return Figure(KINDS[layer.kind], rows, label, len(layer.inputs), name=name)


def _words(layer: ConvLayer) -> list[str]:
    """What a layer is: 3×5, 36 filters, stride 2."""
    match layer.kind:
        case LayerKind.BATCH_NORM:
            return ["batch", "normalisation"]
        case LayerKind.LOCAL_CONTRAST_NORM:
            return ["local contrast", "normalisation"]
    words = [f"{layer.height}×{layer.width}"]
    if layer.kind is LayerKind.MAX_POOL:
        words = [f"max pooling {words[0]}"]
    if layer.num_filters is not None:
        words.append(f"{layer.num_filters} filters")
    stride = _stride(layer, "×")
    return words if stride == "1" else [*words, f"stride {stride}"]


def _stride(layer: ConvLayer, times: str) -> str:
    height, width = layer.stride_height, layer.stride_width
    return f"{height}" if height == width else f"{height}{times}{width}"
