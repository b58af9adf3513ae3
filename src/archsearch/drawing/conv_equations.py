"""A convolutional network as the system of equations that a paper would print."""

from collections.abc import Sequence
from dataclasses import dataclass

from archsearch.architecture.convolutional import IMAGE, ConvLayer, ConvNetwork, LayerKind
from archsearch.drawing.notation import Symbol


@dataclass(frozen=True, slots=True)
class _Notation:
    """The spelling of everything that is not a number."""

    latex: bool
    times: str
    convolved: str
    space: str  # between an equation and the sizes of its layer

    def symbol(self, base: str, index: int) -> str:
        symbol = Symbol(base, (str(index),))
        return symbol.latex() if self.latex else symbol.unicode()

    def function(self, name: str) -> str:
        return rf"\operatorname{{{name}}}" if self.latex else name

    def words(self, text: str) -> str:
        return rf"\text{{{text}}}" if self.latex else text


_UNICODE = _Notation(latex=False, times="×", convolved="∗", space="    ")
_LATEX = _Notation(latex=True, times=r" \times ", convolved=r"\ast", space=r" \quad ")


def equations(network: ConvNetwork, style: str = "unicode") -> str:
    """One equation for each layer, a line each, then that of the classifier.

    style: "unicode" for plain text, "latex" for an `aligned` environment (amsmath, math mode).
    x is the image, y_i what layer i gives, W_i the filters of layer i, ∗ a convolution whose border
    is padded with zeros, [a, b] a concatenation in depth, BN batch normalisation, LCN local
    contrast normalisation, maxpool the largest of each window.
    """
    if style not in ("unicode", "latex"):
        raise ValueError(f'style of equations: expected "unicode" or "latex", got {style!r}')
    notation = _LATEX if style == "latex" else _UNICODE
    lines = [
        (notation.symbol("y", index), _right_side(layer, index, notation))
        for index, layer in enumerate(network.layers)
    ]
    lines.append(("p", _classifier(network.outputs, notation)))
    if style == "latex":
        rows = [f"{left} &= {right}" for left, right in lines]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"
    width = max(len(left) for left, _ in lines)
    return "\n".join(f"{left:<{width}} = {right}" for left, right in lines)


def _right_side(layer: ConvLayer, index: int, notation: _Notation) -> str:
    read = _concatenated(layer.inputs, notation)
    match layer.kind:
        case LayerKind.CONV:
            relu, norm = notation.function("ReLU"), notation.function("BN")
            filters = notation.symbol("W", index)
            value = f"{relu}({norm}({filters} {notation.convolved} {read}))"
        case LayerKind.MAX_POOL:
            value = f"{notation.function('maxpool')}({read})"
        case LayerKind.BATCH_NORM:
            value = f"{notation.function('BN')}({read})"
        case LayerKind.LOCAL_CONTRAST_NORM:
            value = f"{notation.function('LCN')}({read})"
    sizes = _sizes(layer, notation)
    return f"{value}{notation.space}{sizes}" if sizes else value


def _sizes(layer: ConvLayer, notation: _Notation) -> str:
    """What the equation itself leaves unsaid: 36 filters 3×5, stride 2."""
    parts = []
    if layer.kind.has_window:
        what = "window " if layer.num_filters is None else f"{layer.num_filters} filters "
        parts.append(f"{notation.words(what)}{layer.height}{notation.times}{layer.width}")
    if layer.stride_height != 1 or layer.stride_width != 1:
        stride = str(layer.stride_height)
        if layer.stride_height != layer.stride_width:
            stride += f"{notation.times}{layer.stride_width}"
        parts.append(f"{notation.words('stride ')}{stride}")
    return ", ".join(parts)


def _classifier(outputs: Sequence[int], notation: _Notation) -> str:
    """The average over all places, a linear map, and the softmax."""
    softmax, mean = notation.function("softmax"), notation.function("mean")
    return f"{softmax}(W {mean}({_concatenated(outputs, notation)}) + b)"


def _concatenated(inputs: Sequence[int], notation: _Notation) -> str:
    symbols = ["x" if i == IMAGE else notation.symbol("y", i) for i in inputs]
    return symbols[0] if len(symbols) == 1 else f"[{', '.join(symbols)}]"
