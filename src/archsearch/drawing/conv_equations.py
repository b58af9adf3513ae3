"""A convolutional network as the system of equations that a paper would print."""

from collections.abc import Sequence

from archsearch.architecture.convolutional import IMAGE, ConvLayer, ConvNetwork, LayerKind
from archsearch.drawing.formula import LATEX, Notation, notation_of, system
from archsearch.drawing.notation import Symbol


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
        stride = str(layer.stride_height)
        if layer.stride_height != layer.stride_width:
            stride += f"{times}{layer.stride_width}"
        parts.append(f"{notation.words('stride ')}{stride}")
    return ", ".join(parts)


def _classifier(outputs: Sequence[int], notation: Notation) -> str:
    """The average over all places, a linear map, and the softmax."""
    softmax, mean = notation.function("softmax"), notation.function("mean")
    return f"{softmax}(W {mean}({_concatenated(outputs, notation)}) + b)"


def _concatenated(inputs: Sequence[int], notation: Notation) -> str:
    symbols = ["x" if i == IMAGE else _output(i, notation) for i in inputs]
    return symbols[0] if len(symbols) == 1 else f"[{', '.join(symbols)}]"
