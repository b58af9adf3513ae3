"""A convolutional network as a value: layers, and which earlier layers each of them reads.

Zoph & Le, Neural Architecture Search with Reinforcement Learning (2017), sections 3.1, 3.3 and 4.1.
A layer that reads several others reads their concatenation in the depth dimension; the layers that
nothing reads are concatenated before the classifier.

What the paper leaves open, as decided here:
- Every convolution is normalised over the batch and rectified (section 4.1), also where batch
  normalisation is a layer of its own (section 3.3): such a layer is one normalisation more.
- Normalising layers have no window to choose, no stride and no filters.
- The image may be read by any layer, beside others.
"""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from archsearch.cell import CellError, Drawable

IMAGE = -1  # the image as an input of a layer

MAX_LAYERS = 200
MAX_WINDOW = 64  # height or width of a filter or pooling window
MAX_STRIDE = 16
MAX_FILTERS = 4_096

_KEY_VERSION = "archsearch conv 1"
_LINE_LENGTH = 100


class LayerKind(StrEnum):
    """What a layer computes."""

    CONV = "conv"
    MAX_POOL = "max_pool"
    LOCAL_CONTRAST_NORM = "local_contrast_norm"
    BATCH_NORM = "batch_norm"

    @property
    def has_window(self) -> bool:
        """Whether the layer slides a window of its own size over what it reads."""
        return self in (LayerKind.CONV, LayerKind.MAX_POOL)


@dataclass(frozen=True, slots=True)
class ConvLayer:
    """One layer: its kind, what it reads, and the sizes that its kind has.

    inputs: earlier layers by index, IMAGE for the image; rising, at least one.
    height, width: of the filter or the pooling window, in pixels of what the layer reads.
    num_filters: of a convolution; None for every other kind.

    Sizes are within their limits: `read_conv` and the space see to it.
    """

    kind: LayerKind
    inputs: tuple[int, ...]
    height: int = 1
    width: int = 1
    num_filters: int | None = None
    stride_height: int = 1
    stride_width: int = 1

    def __str__(self) -> str:
        words = [] if self.kind is LayerKind.CONV else [str(self.kind)]
        if self.kind.has_window:
            filters = "" if self.num_filters is None else f"x{self.num_filters}"
            words.append(f"{self.height}x{self.width}{filters}")
        if self.stride_height != self.stride_width:
            words.append(f"/{self.stride_height}x{self.stride_width}")
        elif self.stride_height != 1:
            words.append(f"/{self.stride_height}")
        inputs = ", ".join("image" if i == IMAGE else str(i) for i in self.inputs)
        return f"{' '.join(words)} <- {inputs}"


@dataclass(frozen=True, slots=True)
class ConvNetwork(Drawable):
    """Layers in an order in which they can be computed, each reading the image or earlier ones.

    `str` is the text that `read_conv` reads back: `conv 3x5x36 <- image; max_pool 2x2 /2 <- 0`.

    outputs: the layers that no other reads, rising; concatenated before the classifier. The last
    layer is always among them.

    Raises CellError for no layer, too many, or one that reads itself or a later one.
    """

    layers: tuple[ConvLayer, ...]
    outputs: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        if not 1 <= len(self.layers) <= MAX_LAYERS:
            raise CellError(f"expected 1 to {MAX_LAYERS} layers, got {len(self.layers)}")
        for index, layer in enumerate(self.layers):
            if layer.inputs[-1] >= index:
                raise CellError(
                    f"layer {index}: expected the image or earlier layers as inputs, got "
                    f"{layer.inputs[-1]}; layers are counted from 0"
                )
        read = {source for layer in self.layers for source in layer.inputs}
        outputs = tuple(index for index in range(len(self.layers)) if index not in read)
        object.__setattr__(self, "outputs", outputs)

    def __str__(self) -> str:
        line = f"conv {'; '.join(map(str, self.layers))}"
        return line if len(line) <= _LINE_LENGTH else line.replace("; ", ";\n")

    @property
    def key(self) -> str:
        """16 hexadecimal digits that name the network, the same in every process."""
        lines = [_KEY_VERSION, *map(str, self.layers)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def depths(self, image_depth: int) -> dict[int, int]:
        """The channels of the image and of what each layer gives, by index.

        Pooling and normalisation give as many as they read, so that where they read each other
        the number may double with every layer.
        """
        depths = {IMAGE: image_depth}
        for index, layer in enumerate(self.layers):
            depths[index] = layer.num_filters or sum(depths[i] for i in layer.inputs)
        return depths
