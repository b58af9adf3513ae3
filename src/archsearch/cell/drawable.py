"""What an architecture shows of itself, by the renderers of `archsearch.drawing`."""

from typing import Literal


class Drawable:
    """Equations, graph and drawing of a value, for its user and for notebooks.

    Renderers know the values, so they lie above them. This is the one place that looks up.
    """

    __slots__ = ()

    def equations(self, style: Literal["unicode", "latex"] = "unicode") -> str:
        """What it computes as mathematics, one equation a line."""
        from archsearch import drawing

        return drawing.RENDERERS[type(self)].equations(self, style)

    def to_dot(self) -> str:
        """Its graph in Graphviz's DOT language."""
        from archsearch import drawing

        return drawing.RENDERERS[type(self)].to_dot(self)

    def to_svg(self) -> str:
        """A drawing."""
        from archsearch import drawing

        return drawing.RENDERERS[type(self)].to_svg(self)

    _repr_svg_ = to_svg  # by this name notebooks ask for it
