"""Text to convolutional network.

    network = "conv" layer (";" layer)* [";"]
    layer   = (filter | "max_pool" window | "local_contrast_norm" | "batch_norm")
              [stride] "<-" input ("," input)*
    filter  = height "x" width "x" number of filters            such as 3x5x36
    window  = height "x" width                                  such as 2x2
    stride  = "/" both   |   "/" height "x" width               such as /2
    input   = "image" | the number of an earlier layer, counted from 0

Blanks, newlines and comments (# to the end of the line) may stand between any two words. Inputs
may stand in any order: what is concatenated has none.
"""

import re
from typing import NoReturn

from archsearch.architecture.convolutional import (
    IMAGE,
    MAX_FILTERS,
    MAX_LAYERS,
    MAX_STRIDE,
    MAX_WINDOW,
    ConvLayer,
    ConvNetwork,
    LayerKind,
)
from archsearch.cell import CellError
from archsearch.cell.errors import did_you_mean, shown
from archsearch.cell.scanner import Token, error_at, scan

MAX_TEXT_LENGTH = 200_000  # characters; the largest network has fewer

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n]+|\#[^\n]*)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<size>[0-9]+(?:x[0-9]+)*)
      | (?P<sign><-|[/,;])""",
    re.VERBOSE,
)
_NAMED_KINDS = {str(kind): kind for kind in LayerKind if kind is not LayerKind.CONV}


def read_conv(text: str) -> ConvNetwork:
    """The convolutional network that the text describes.

    Raises CellError, with line, column and what was expected, if it describes none.
    """
    if len(text) > MAX_TEXT_LENGTH:
        raise CellError(f"the text has {len(text)} characters; expected at most {MAX_TEXT_LENGTH}")
    return _Reader(text).network()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = scan(text, _TOKEN, "a name, a size such as 3x5x36, or one of <- / , ;")
        self.position = 0

    def network(self) -> ConvNetwork:
        first = self._take("name", "the word conv")
        if first.text != "conv":
            self._fail(first, f"expected the word conv, got {first}")
        layers: list[ConvLayer] = []
        while not layers or self._token.kind != "end":
            if len(layers) == MAX_LAYERS:
                self._fail(self._token, f"expected at most {MAX_LAYERS} layers")
            layers.append(self._layer(len(layers)))
            if self._token.kind != "end":
                self._take(";", ", or ; between layers")
        return ConvNetwork(tuple(layers))

    def _layer(self, index: int) -> ConvLayer:
        kind = self._kind()
        height, width, num_filters = 1, 1, None
        if kind is LayerKind.CONV:
            limits = (MAX_WINDOW, MAX_WINDOW, MAX_FILTERS)
            height, width, num_filters = self._size(
                "height, width and filters such as 3x5x36", limits
            )
        elif kind.has_window:
            height, width = self._size("height and width such as 2x2", (MAX_WINDOW, MAX_WINDOW))
        strides = self._strides() if kind.has_window else (1, 1)
        self._take("<-", "<- before the layer's inputs")
        inputs = self._inputs(index)
        return ConvLayer(kind, inputs, height, width, num_filters, *strides)

    def _kind(self) -> LayerKind:
        if self._token.kind == "size":
            return LayerKind.CONV
        expected = "a filter such as 3x5x36, or the name of another kind of layer"
        word = self._take("name", expected)
        if word.text not in _NAMED_KINDS:
            hint = did_you_mean(word.text, _NAMED_KINDS)
            self._fail(word, f"expected {expected}, got {word}; {hint}")
        return _NAMED_KINDS[word.text]

    def _strides(self) -> tuple[int, int]:
        if self._token.kind != "/":
            return 1, 1
        self.position += 1
        num_given = 2 if "x" in self._token.text else 1
        strides = self._size("a stride such as 2 or 2x1", (MAX_STRIDE,) * num_given)
        return strides[0], strides[-1]

    def _size(self, expected: str, limits: tuple[int, ...]) -> list[int]:
        """The numbers of a word such as 3x5, one for each limit, from 1 to that limit."""
        token = self._take("size", expected)
        parts = token.text.split("x")
        if len(parts) != len(limits):
            self._fail(token, f"expected {expected}, got {token}")
        return [self._number(token, *pair) for pair in zip(parts, limits, strict=True)]

    def _number(self, token: Token, digits: str, limit: int) -> int:
        significant = digits.lstrip("0")
        # Python refuses to read thousands of digits.
        if not significant or len(significant) > 9 or int(significant) > limit:
            self._fail(token, f"expected a number from 1 to {limit}, got {shown(digits)}")
        return int(significant)

    def _inputs(self, index: int) -> tuple[int, ...]:
        inputs: list[int] = []
        while True:
            token = self._token
            source = self._input(token, index)
            if source in inputs:
                self._fail(token, f"{token} is already an input of this layer")
            inputs.append(source)
            self.position += 1
            if self._token.kind != ",":
                return tuple(sorted(inputs))
            self.position += 1

    def _input(self, token: Token, index: int) -> int:
        if token.text == "image":
            return IMAGE
        if token.text.isdecimal() and len(token.text) <= 9 and int(token.text) < index:
            return int(token.text)
        earlier = "" if index == 0 else f", or an earlier layer from 0 to {index - 1}"
        self._fail(token, f"expected image{earlier}, got {token}")

    @property
    def _token(self) -> Token:
        return self.tokens[self.position]

    def _take(self, kind: str, expected: str) -> Token:
        token = self._token
        if token.kind != kind:
            self._fail(token, f"expected {expected}, got {token}")
        self.position += 1
        return token

    def _fail(self, token: Token, problem: str) -> NoReturn:
        raise error_at(self.text, token.start, problem)
