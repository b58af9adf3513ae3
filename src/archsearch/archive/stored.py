"""Architectures as an archive holds them: not yet read."""

from dataclasses import dataclass
from typing import Literal

from archsearch.architecture import Architecture, read_architecture


@dataclass(frozen=True, slots=True)
class StoredArchitecture:
    """The text and the key at once, everything else when it is asked for.

    An `Architecture`; its other methods raise CellError where the text is none, such as that of a
    damaged archive.
    """

    text: str
    key: str

    def __str__(self) -> str:
        return self.text

    def read(self) -> Architecture:
        """The cell, layer or network itself."""
        return read_architecture(self.text)

    def equations(self, style: Literal["unicode", "latex"] = "unicode") -> str:
        return self.read().equations(style)

    def to_dot(self) -> str:
        return self.read().to_dot()

    def to_svg(self) -> str:
        return self.read().to_svg()

    _repr_svg_ = to_svg  # by this name notebooks ask for it
