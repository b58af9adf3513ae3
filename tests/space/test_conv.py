import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.architecture import read_architecture
from archsearch.cell import zoo
from archsearch.space import ConvSpace, GenomeError

PLAIN = ConvSpace()
RICH = ConvSpace(
    min_layers=2,
    max_layers=5,
    strides=(1, 2, 3),
    layer_types=("conv", "max_pool", "local_contrast_norm", "batch_norm"),
    learning_rates=(0.1, 0.01),
)


def small(**parameters: Any) -> ConvSpace:
    return ConvSpace(min_layers=1, max_layers=3, **parameters)


def test_decisions_come_in_the_order_of_figures_2_and_4() -> None:
    space = small(strides=(1, 2, 3))
    genome = (2, 3, 5, 1, 2, 36, (), 7, 1, 2, 2, 48, (0,))
    assert str(space.decode(genome)) == "conv 3x5x36 /1x2 <- image; 7x1x48 /2 <- 0"
    assert [str(question.kind) for question, _ in space.steps(genome)[:7]] == [
        "number of layers",
        "filter height",
        "filter width",
        "stride height",
        "stride width",
        "number of filters",
        "inputs",
    ]


def test_a_layer_without_inputs_reads_the_image_and_loose_ends_are_outputs() -> None:
    network = small().decode((3, 3, 3, 24, (), 1, 1, 24, (), 5, 5, 24, (0,)))
    assert str(network) == "conv 3x3x24 <- image; 1x1x24 <- image; 5x5x24 <- 0"
    assert network.outputs == (1, 2)


def test_types_of_layers_have_decisions_of_their_own() -> None:
    genome = (4, "conv", 3, 3, 1, 1, 24, (), "max_pool", 2, (0,), "local_contrast_norm", (1,),
              "batch_norm", (0, 2), 0.01)  # fmt: skip
    assert RICH.check(genome) is None
    assert str(RICH.decode(genome)) == (
        "conv 3x3x24 <- image; max_pool 2x2 /2 <- 0; local_contrast_norm <- 1; batch_norm <- 0, 2"
    )


def test_the_learning_rate_is_a_decision_where_it_is_asked_for() -> None:
    decisions = (1, 3, 3, 24, ())
    assert small().hyperparameters(decisions) == {}
    assert small(learning_rates=[0.1]).hyperparameters(decisions) == {"learning_rate": 0.1}
    chosen = small(learning_rates=[0.1, 0.01]).hyperparameters((*decisions, 0.01))
    assert chosen == {"learning_rate": 0.01}


def test_what_has_one_option_is_not_decided() -> None:
    space = small(filter_heights=[3], filter_widths=[5], num_filters=[24, 36], strides=[2])
    assert str(space.decode((1, 36, ()))) == "conv 3x5x36 /2 <- image"


@given(st.sampled_from([PLAIN, RICH]), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_samples_are_networks_that_survive_json_and_encoding(space: ConvSpace, seed: int) -> None:
    genome = space.sample(random.Random(seed))
    network = space.decode(genome)
    assert space.from_json(json.loads(json.dumps(space.to_json(genome)))) == genome
    assert space.min_layers <= len(network.layers) <= space.max_layers
    encoded = space.encode(network)
    assert encoded is not None
    assert space.decode(encoded) == network
    assert genome == space.sample(random.Random(seed))


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_mutation_leaves_all_but_one_layer_and_new_ones_as_they_are(seed: int) -> None:
    rng = random.Random(seed)
    genome = RICH.sample(rng)
    mutant = RICH.mutate(genome, rng)
    assert RICH.check(mutant) is None
    assert mutant != genome
    before, after = RICH.decode(genome).layers, RICH.decode(mutant).layers
    assert abs(len(before) - len(after)) <= 1
    assert sum(a != b for a, b in zip(before, after, strict=False)) <= 1


@pytest.mark.parametrize(
    "text",
    [
        "conv 3x3x25 <- image",  # such a number of filters is not on offer
        "conv 3x3x24 /2 <- image",
        "conv 3x3x24 <- image; max_pool 2x2 /2 <- 0",
        "conv 3x3x24 <- image; 3x3x24 <- image, 0",  # the image only where there is nothing else
        "; ".join(["conv 3x3x24 <- image", *["3x3x24 <- image"] * 3]),  # too deep
    ],
)
def test_networks_of_another_form_are_not_in_the_space(text: str) -> None:
    assert small().encode(read_architecture(text)) is None


def test_a_cell_is_not_in_the_space() -> None:
    assert PLAIN.encode(zoo["lstm"]) is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([0], "expected 1 to 3 as number of layers, got 0"),
        ([1, 4, 3, 24, []], "expected one of 1, 3, 5, 7 as filter height 0, got 4"),
        ([1, 3, 3, 24, [0]], r"expected rising numbers below 0 as inputs 0, got \(0,\)"),
        ([1, 3, 3, 24, 0], "as inputs 0, got 0"),
        ([1, 3, 3, 24, [], 3], "expected 5 decisions, got 6"),
        ([2, 3, 3, 24, [], 3, 3, 24, [0, 0]], r"below 1 as inputs 1, got \(0, 0\)"),
    ],
)
def test_json_that_is_no_genome(data: Any, message: str) -> None:
    with pytest.raises(GenomeError, match=message):
        small().from_json(data)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"min_layers": 21}, "min_layers: expected an integer between 1 and 20, got 21"),
        ({"layer_types": ["conv", "dense"]}, "layer_types: expected some of conv, max_pool"),
        ({"filter_heights": []}, "filter_heights: expected at least one, got none"),
        ({"strides": [1, 1]}, "strides: expected different options"),
        ({"learning_rates": [0.1, -1]}, "learning_rates: expected a number 0 or more, got -1"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ConvSpace(**parameters)
