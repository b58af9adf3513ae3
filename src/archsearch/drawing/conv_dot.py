"""A convolutional network as text in Graphviz's DOT language."""

from archsearch.architecture.convolutional import IMAGE, ConvNetwork
from archsearch.drawing.cell_dot import digraph, quoted
from archsearch.drawing.conv_svg import (
    END_LOOK,
    FIRST_TEXT,
    LAST_TEXT,
    LOOKS,
    layer_text,
)
from archsearch.drawing.svg_figures import Look


def to_dot(network: ConvNetwork) -> str:
    """A digraph from the image down to the classes; n0, n1, … are the layers."""
    nodes = [
        _node("image", FIRST_TEXT, END_LOOK),
        *(
            _node(f"n{number}", f"{number}: {layer_text(layer)}", LOOKS[layer.kind])
            for number, layer in enumerate(network.layers)
        ),
        _node("classes", LAST_TEXT, END_LOOK),
    ]
    edges = [
        f"{_name(source)} -> n{number};"
        for number, layer in enumerate(network.layers)
        for source in layer.inputs
    ]
    edges += [f"{_name(source)} -> classes;" for source in network.outputs]
    return digraph(f"convolutional network {network.key}", [*nodes, *edges])


def _name(source: int) -> str:
    return "image" if source == IMAGE else f"n{source}"


def _node(name: str, text: str, look: Look) -> str:
    return (
        f'{name} [label={quoted(text)}, shape=box, style="rounded,filled",'
        f' fillcolor="{look.fill}", color="{look.stroke}"];'
    )
