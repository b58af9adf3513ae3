"""Random convolutional networks of every form, wilder than what a space draws."""

from hypothesis import strategies as st

from archsearch.architecture import IMAGE, ConvLayer, ConvNetwork, LayerKind


@st.composite
def conv_networks(draw: st.DrawFn, max_layers: int = 8) -> ConvNetwork:
    count = draw(st.integers(1, max_layers))
    return ConvNetwork(tuple(draw(_layers(index)) for index in range(count)))


@st.composite
def _layers(draw: st.DrawFn, index: int) -> ConvLayer:
    kind = draw(st.sampled_from(LayerKind))
    earlier = st.integers(IMAGE, index - 1)
    inputs = tuple(sorted(draw(st.sets(earlier, min_size=1, max_size=3))))
    if not kind.has_window:
        return ConvLayer(kind, inputs)
    height, width = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    num_filters = draw(st.integers(1, 6)) if kind is LayerKind.CONV else None
    strides = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return ConvLayer(kind, inputs, height, width, num_filters, *strides)
