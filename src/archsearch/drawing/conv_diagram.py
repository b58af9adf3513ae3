"""A convolutional network as a diagram: the image, its layers in order, the classes."""

from archsearch.architecture.convolutional import IMAGE, ConvLayer, ConvNetwork, LayerKind
from archsearch.drawing.conv_equations import equations
from archsearch.drawing.diagram import Diagram, Edge, Figure, Kind, Text
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
    stride = f"{layer.stride_height}"
    if layer.stride_height != layer.stride_width:
        stride += f"×{layer.stride_width}"
    return words if stride == "1" else [*words, f"stride {stride}"]
