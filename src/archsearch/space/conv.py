"""The convolutional space of NAS: layer by layer, with skip connections.

Zoph & Le, Neural Architecture Search with Reinforcement Learning (2016), sections 3.1, 3.3 and 4.1.
For each layer the controller decides filter height, filter width, stride height, stride width and
number of filters (figure 2), then at an anchor point which earlier layers it reads (figure 4).
Where there are several layer types, it decides the type first, then what belongs to that type. What
has a single option is fixed and not decided.

Broken graphs are repaired as in section 3.3: a layer that reads no other reads the image; layers
that nothing reads are concatenated before the classifier; inputs of different sizes are padded with
zeros, which is left to the network.

What the paper leaves open, as decided here:
- The anchor point comes last in a layer. The first layer has one too, without anything to choose:
  later layers attend to it.
- A pooling layer has one decision, the size of its square window, which is its stride too. The
  normalising layers have none.
- The learning rate comes after all layers.
- The number of layers is part of the genome. The controller's schedule sets it; others draw it.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from archsearch.architecture import Architecture
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
from archsearch.space.decisions import (
    Choice,
    Decisions,
    DecisionSpace,
    Option,
    Question,
    Questions,
    Size,
    Subset,
)
from archsearch.space.parameters import require

LEARNING_RATE = "learning rate"


class ConvSpace(DecisionSpace):
    """Networks of `min_layers` to `max_layers` layers.

    strides: those of convolutions, each way.
    layer_types: among "conv", "max_pool", "local_contrast_norm" and "batch_norm".
    pool_sizes: of the windows of pooling layers.
    learning_rates: each network is trained with one of them; where empty, with the trainer's.
    """

    def __init__(
        self,
        min_layers: int = 6,
        max_layers: int = 20,
        filter_heights: Sequence[int] = (1, 3, 5, 7),
        filter_widths: Sequence[int] = (1, 3, 5, 7),
        num_filters: Sequence[int] = (24, 36, 48, 64),
        strides: Sequence[int] = (1,),
        layer_types: Sequence[str] = ("conv",),
        pool_sizes: Sequence[int] = (2, 3),
        learning_rates: Sequence[float] = (),
    ) -> None:
        require("max_layers", max_layers, 1, MAX_LAYERS, integer=True)
        require("min_layers", min_layers, 1, max_layers, integer=True)
        known_types = [kind.value for kind in LayerKind]
        if not layer_types or not set(layer_types) <= set(known_types):
            raise ValueError(
                f"layer_types: expected some of {', '.join(known_types)}, got {[*layer_types]}"
            )
        for rate in learning_rates:
            require("learning_rates", rate, 0, float("inf"))
        self.min_layers = min_layers
        self.max_layers = max_layers
        self._options: dict[str, tuple[Option, ...]] = {
            "layer type": _different("layer_types", layer_types),
            "filter height": _sizes("filter_heights", filter_heights, MAX_WINDOW),
            "filter width": _sizes("filter_widths", filter_widths, MAX_WINDOW),
            "stride height": _sizes("strides", strides, MAX_STRIDE),
            "stride width": _sizes("strides", strides, MAX_STRIDE),
            "number of filters": _sizes("num_filters", num_filters, MAX_FILTERS),
            "pool size": _sizes("pool_sizes", pool_sizes, MAX_STRIDE),
        }
        self._learning_rates = _different("learning_rates", [float(r) for r in learning_rates])

    def questions(self) -> Questions:
        num_layers = yield Size("number of layers", self.min_layers, self.max_layers)
        for layer in range(num_layers):
            layer_type = yield from self._choose("layer type", layer)
            if layer_type == LayerKind.CONV:
                yield from self._choose("filter height", layer)
                yield from self._choose("filter width", layer)
                yield from self._choose("stride height", layer)
                yield from self._choose("stride width", layer)
                yield from self._choose("number of filters", layer)
            elif layer_type == LayerKind.MAX_POOL:
                yield from self._choose("pool size", layer)
            yield Subset("inputs", layer)
        if len(self._learning_rates) > 1:
            yield Choice(LEARNING_RATE, 0, self._learning_rates)

    def _choose(self, kind: str, layer: int) -> Generator[Question, Any, Option]:
        options = self._options[kind]
        if len(options) == 1:
            return options[0]
        option: Option = yield Choice(kind, layer, options)
        return option

    @property
    def vocabulary(self) -> Mapping[tuple[str, int], int]:
        vocabulary = {(LEARNING_RATE, 0): len(self._learning_rates)}
        for layer in range(self.max_layers):
            for kind, options in self._options.items():
                vocabulary[kind, layer] = len(options)
            vocabulary["inputs", layer] = layer
        return vocabulary

    def decode(self, genome: Decisions) -> ConvNetwork:
        answers = self.answers(genome)

        def chosen(kind: str, layer: int) -> Any:
            return answers.get((kind, layer), self._options[kind][0])

        layers = []
        for layer in range(answers["number of layers", 0]):
            kind = LayerKind(chosen("layer type", layer))
            inputs = answers["inputs", layer] or (IMAGE,)
            if kind is LayerKind.CONV:
                layers.append(
                    ConvLayer(
                        kind,
                        inputs,
                        height=chosen("filter height", layer),
                        width=chosen("filter width", layer),
                        num_filters=chosen("number of filters", layer),
                        stride_height=chosen("stride height", layer),
                        stride_width=chosen("stride width", layer),
                    )
                )
            elif kind is LayerKind.MAX_POOL:
                size = chosen("pool size", layer)
                layers.append(ConvLayer(kind, inputs, size, size, None, size, size))
            else:
                layers.append(ConvLayer(kind, inputs))
        return ConvNetwork(tuple(layers))

    def hyperparameters(self, genome: Decisions) -> Mapping[str, Any]:
        if not self._learning_rates:
            return {}
        answers = self.answers(genome)
        return {"learning_rate": answers.get((LEARNING_RATE, 0), self._learning_rates[0])}

    def encode(self, architecture: Architecture) -> Decisions | None:
        """The learning rate, which no architecture knows, is the first option."""
        if not isinstance(architecture, ConvNetwork):
            return None
        answers: dict[tuple[str, int], Any] = {
            ("number of layers", 0): len(architecture.layers),
            (LEARNING_RATE, 0): next(iter(self._learning_rates), None),
        }
        for place, layer in enumerate(architecture.layers):
            answers |= {
                ("layer type", place): layer.kind.value,
                ("filter height", place): layer.height,
                ("filter width", place): layer.width,
                ("stride height", place): layer.stride_height,
                ("stride width", place): layer.stride_width,
                ("number of filters", place): layer.num_filters,
                ("pool size", place): layer.height,
                ("inputs", place): () if layer.inputs == (IMAGE,) else layer.inputs,
            }
        genome = self.decide(lambda question: answers[question.kind, question.place])
        return self.expressing(genome, architecture)


def _sizes(name: str, sizes: Sequence[int], largest: int) -> tuple[Option, ...]:
    if not sizes:
        raise ValueError(f"{name}: expected at least one, got none")
    for size in sizes:
        require(name, size, 1, largest, integer=True)
    return _different(name, sizes)


def _different(name: str, options: Sequence[Option]) -> tuple[Option, ...]:
    if len(set(options)) < len(options):
        raise ValueError(f"{name}: expected different options, got {[*options]}")
    return tuple(options)
