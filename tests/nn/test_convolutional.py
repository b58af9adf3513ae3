"""Networks of convolutional architectures: against plain loops, and whether they learn."""

import os
from itertools import product
from math import ceil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F
from toy_conv_networks import conv_networks

from archsearch.architecture import ConvNetwork, read_conv
from archsearch.nn.convolutional import ConvolutionalNetwork
from archsearch.nn.convolutional_layers import LocalContrastNorm, concatenate

PLAIN_LOOPS = settings(max_examples=25, deadline=None)


def network_of(text: str, num_classes: int = 10, seed: int = 0, **options) -> ConvolutionalNetwork:
    generator = torch.Generator().manual_seed(seed)
    return ConvolutionalNetwork(read_conv(text), num_classes, generator=generator, **options)


def normal(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


class TestNetwork:
    @PLAIN_LOOPS
    @given(conv_networks(), st.integers(1, 9), st.integers(1, 9))
    def test_of_any_architecture_classifies_and_trains(
        self, architecture: ConvNetwork, height: int, width: int
    ):
        network = ConvolutionalNetwork(
            architecture, 5, in_channels=2, generator=torch.Generator().manual_seed(0)
        )
        logits = network(normal(3, 2, height, width).float())
        assert logits.shape == (3, 5)
        F.cross_entropy(logits, torch.tensor([0, 1, 2])).backward()
        for parameter in network.parameters():
            assert parameter.grad is not None
            assert parameter.grad.isfinite().all()

    @PLAIN_LOOPS
    @given(conv_networks())
    def test_counts_the_same_parameters_without_memory(self, architecture: ConvNetwork):
        real = ConvolutionalNetwork(architecture, 7, generator=torch.Generator())
        with torch.device("meta"):
            counted = ConvolutionalNetwork(architecture, 7, generator=torch.Generator())
        assert all(parameter.is_meta for parameter in counted.parameters())
        shapes = [[tuple(p.shape) for p in network.parameters()] for network in (real, counted)]
        assert shapes[0] == shapes[1]

    def test_concatenates_what_nothing_reads_before_the_classifier(self):
        network = network_of("conv 3x3x4 <- image; 3x3x5 <- 0; 1x1x6 <- image")
        assert network.weight.shape == (10, 5 + 6)
        assert [layer.weight.shape[1] for layer in network.layers] == [3, 4, 3]

    def test_reads_images_beside_layers_that_made_them_smaller(self):
        network = network_of("conv max_pool 2x2 /2 <- image; local_contrast_norm <- image, 0")
        images = normal(2, 3, 5, 4).float()
        shrunk = F.max_pool2d(F.pad(images, (0, 0, 0, 1), value=-torch.inf), 2)
        assert shrunk.shape == (2, 3, 3, 2)
        read = torch.cat([images, F.pad(shrunk, (1, 1, 1, 1))], dim=1)
        expected = LocalContrastNorm()(read).mean(dim=(2, 3)) @ network.weight.T
        torch.testing.assert_close(network(images), expected)

    def test_is_drawn_from_its_generator_alone(self):
        text = "conv 3x3x8 <- image; 5x5x8 <- 0"
        before = torch.random.get_rng_state()
        one, same, other = (network_of(text, seed=seed).state_dict() for seed in (1, 1, 2))
        assert torch.equal(torch.random.get_rng_state(), before)
        assert all(torch.equal(one[name], same[name]) for name in one)
        for name in ("layers.0.weight", "layers.1.weight", "weight"):
            assert not torch.equal(one[name], other[name])

    def test_starts_with_weights_as_large_as_rectifiers_need(self):
        network = network_of("conv 3x5x400 <- image; 1x1x400 <- 0", num_classes=100)
        fan_ins = {"layers.0.weight": 3 * 15, "layers.1.weight": 400}
        for name, fan_in in fan_ins.items():
            variance = network.state_dict()[name].var().item()
            assert variance == pytest.approx(2 / fan_in, rel=0.05)
        assert network.weight.var().item() == pytest.approx(1 / 400, rel=0.05)

    def test_refuses_images_of_other_channels(self):
        with pytest.raises(ValueError, match=r"\(batch, 3, height, width\), got \(2, 1, 8, 8\)"):
            network_of("conv 3x3x8 <- image")(torch.zeros(2, 1, 8, 8))

    @pytest.mark.parametrize("name", ["num_classes", "in_channels"])
    def test_refuses_to_have_none(self, name: str):
        with pytest.raises(ValueError, match=f"{name}: expected at least 1, got 0"):
            network_of("conv 3x3x8 <- image", **{name: 0})


class TestLayers:
    """Each kind of layer against a loop over every pixel and window."""

    sizes = st.tuples(*[st.integers(1, 6)] * 4, *[st.integers(1, 3)] * 2)

    @PLAIN_LOOPS
    @given(sizes)
    def test_convolution_is_the_normalised_rectified_sum_over_the_window(self, sizes):
        height, width, down, right, *strides = sizes
        text = f"conv {down}x{right}x2 /{strides[0]}x{strides[1]} <- image"
        network = network_of(text, in_channels=2).double()
        weight = network.layers[0].weight.detach().numpy()
        x = normal(2, 2, height, width)
        sums = over_windows(x.numpy(), (down, right), strides, 0.0, weight)
        spread = np.sqrt(sums.var(axis=(0, 2, 3), keepdims=True) + 1e-5)
        expected = np.maximum(0.0, (sums - sums.mean(axis=(0, 2, 3), keepdims=True)) / spread)
        actual = network.layers[0](x).detach().numpy()
        np.testing.assert_allclose(actual, expected, atol=1e-9)

    @PLAIN_LOOPS
    @given(sizes)
    def test_max_pooling_is_the_largest_of_the_window(self, sizes):
        height, width, down, right, *strides = sizes
        text = f"conv max_pool {down}x{right} /{strides[0]}x{strides[1]} <- image"
        x = normal(2, 3, height, width) - 3.0  # below zero, as what pads it must not win
        expected = over_windows(x.numpy(), (down, right), strides, -np.inf, None)
        np.testing.assert_array_equal(network_of(text).layers[0](x).numpy(), expected)

    @pytest.mark.parametrize("shape", [(2, 3, 12, 5), (1, 1, 1, 1), (1, 4, 20, 20)])
    def test_local_contrast_is_what_the_paper_defines(self, shape: tuple[int, ...]):
        x = normal(*shape)
        actual = LocalContrastNorm().double()(x).numpy()
        centred = x.numpy() - local_mean(x.numpy())
        deviation = np.sqrt(local_mean(centred**2) + 1e-5)
        typical = deviation.mean(axis=(1, 2, 3), keepdims=True)
        expected = centred / np.maximum(deviation, typical)
        np.testing.assert_allclose(actual, expected, atol=1e-6)

    def test_local_contrast_is_blind_to_brightness_and_overall_contrast(self):
        x = normal(2, 3, 16, 16)
        norm = LocalContrastNorm().double()
        torch.testing.assert_close(norm(100 * x + 7), norm(10 * x), atol=1e-4, rtol=0)

    def test_local_contrast_of_a_flat_image_is_none_and_has_a_gradient(self):
        x = torch.full((1, 2, 8, 8), 0.5, requires_grad=True)
        y = LocalContrastNorm()(x)
        y.square().sum().backward()
        assert y.abs().max() < 1e-4
        assert x.grad.isfinite().all()

    def test_concatenation_pads_the_smaller_on_all_sides(self):
        small, large = torch.ones(1, 2, 1, 2), torch.full((1, 1, 4, 3), 2.0)
        both = concatenate(small, large)
        assert both.shape == (1, 3, 4, 3)
        assert both[0, 0].tolist() == [[0, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 0]]
        assert torch.equal(both[:, 2:], large)


def over_windows(x, window, strides, border, weight):
    """The filtered sums, or without weights the largest, of windows of the bordered x."""
    batch, channels, height, width = x.shape
    bordered = np.full((batch, channels, height + 40, width + 40), border)
    bordered[:, :, 20:-20, 20:-20] = x
    depth = channels if weight is None else len(weight)
    result = np.empty((batch, depth, ceil(height / strides[0]), ceil(width / strides[1])))
    for row, column in product(*map(range, result.shape[2:])):
        top = 20 + row * strides[0] - (window[0] - 1) // 2
        left = 20 + column * strides[1] - (window[1] - 1) // 2
        seen = bordered[:, :, top : top + window[0], left : left + window[1]]
        if weight is None:
            result[:, :, row, column] = seen.max(axis=(2, 3))
        else:
            result[:, :, row, column] = np.einsum("bchw,fchw->bf", seen, weight)
    return result


def local_mean(x):
    """Over all channels and the Gaussian window, as far as it lies inside: (B, 1, H, W)."""
    _, _, height, width = x.shape
    result = np.empty_like(x[:, :1])
    for row, column in product(range(height), range(width)):
        rows = np.abs(np.arange(height) - row)[:, None]
        columns = np.abs(np.arange(width) - column)[None]
        bell = np.exp(-(rows**2 + columns**2) / (2 * (9 / 4) ** 2))
        bell = np.where((rows <= 4) & (columns <= 4), bell, 0.0)
        mean = (x * bell).sum(axis=(1, 2, 3)) / (bell.sum() * x.shape[1])
        result[:, 0, row, column] = mean
    return result


def train(network: ConvolutionalNetwork, images: Tensor, labels: Tensor, epochs: int) -> None:
    """As section 4.1 does, with batches of 50 and a learning rate that falls from 0.1 to zero."""
    optimizer = torch.optim.SGD(
        network.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4
    )
    num_batches = epochs * ceil(len(images) / 50)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, num_batches)
    order = torch.Generator().manual_seed(0)
    network.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(images), generator=order).split(50):
            optimizer.zero_grad()
            F.cross_entropy(network(images[batch]), labels[batch]).backward()
            optimizer.step()
            schedule.step()


@torch.no_grad()
def accuracy(network: ConvolutionalNetwork, images: Tensor, labels: Tensor) -> float:
    network.eval()
    return (network(images).argmax(dim=1) == labels).double().mean().item()


def bars(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Noisy images (count, 1, 12, 12) of a bar each, and which of four directions it has."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(4, (count,), generator=generator)
    places = torch.randint(3, 9, (count, 2), generator=generator)
    steps = torch.tensor([(0, 1), (1, 0), (1, 1), (1, -1)])
    images = 0.3 * torch.randn(count, 1, 12, 12, generator=generator)
    for image, label, place in zip(images, labels, places, strict=True):
        for distance in range(-3, 4):
            row, column = (place + distance * steps[label]).tolist()
            if 0 <= row < 12 and 0 <= column < 12:
                image[0, row, column] += 1.0
    return images, labels


@pytest.mark.parametrize(
    "text",
    [
        "conv 3x3x8 <- image; max_pool 2x2 /2 <- 0; 3x3x8 <- 1, 0",
        "conv local_contrast_norm <- image; 5x3x8 /2 <- 0; 3x5x8 <- image; batch_norm <- 1, 2;"
        "3x3x8 <- 3",
    ],
)
def test_a_tiny_network_learns_directions(text: str):
    network = network_of(text, num_classes=4, in_channels=1)
    train(network, *bars(600, seed=0), epochs=10)
    assert accuracy(network, *bars(400, seed=1)) > 0.9


@pytest.mark.slow
def test_a_small_network_learns_from_photographs():
    """0.52 of unseen images were right, where chance is 0.10, after a minute on one core."""
    images, labels = photographs()
    network = network_of(
        "conv 3x3x24 /2 <- image; 3x3x24 <- 0; 3x3x36 /2 <- 0, 1; 5x3x48 <- 2; 3x3x48 /2 <- 2, 3"
    )
    train(network, images[:3_200], labels[:3_200], epochs=12)
    seen = accuracy(network, images[:800], labels[:800])
    unseen = accuracy(network, images[3_200:], labels[3_200:])
    assert seen > 0.6
    assert unseen > 0.45


def photographs() -> tuple[Tensor, Tensor]:
    """4,000 images of CIFAR-10 (4000, 3, 32, 32), each channel standardised, and their classes."""
    folder = os.environ.get("ARCHSEARCH_DATA")
    if not folder:
        pytest.skip("ARCHSEARCH_DATA does not say where the data sets are")
    path = Path(folder) / "cifar10" / "cifar10_train_first4000.npz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    with np.load(path, allow_pickle=False) as file:
        images = torch.from_numpy(file["images"]).permute(0, 3, 1, 2).float()
        labels = torch.from_numpy(file["labels"]).long()
    deviation, mean = torch.std_mean(images, dim=(0, 2, 3), keepdim=True)
    return (images - mean) / deviation, labels
