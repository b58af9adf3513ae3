import json
import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.architecture.convolutional import IMAGE, ConvLayer, ConvNetwork, LayerKind
from archsearch.cell import parse, zoo
from archsearch.space import GenomeError, NASBaseSpace

BASE_2 = NASBaseSpace(2)
BASE_8 = NASBaseSpace()
LARGER = (("add", "elem_mult", "max"), ("identity", "tanh", "sigmoid", "relu", "sin"))

# The predictions of figure 5, in their order: three nodes, cell inject, cell index.
FIGURE_5 = ("add", "tanh", "elem_mult", "relu", "elem_mult", "sigmoid", "add", "relu", 1, 0)


def test_figure_5_gives_exactly_the_equations_of_the_paper() -> None:
    cell = BASE_2.decode(FIGURE_5)
    assert cell == parse(
        "a0 = Tanh(Linear(x_t, h_tm1)); p1 = Mult(Linear(x_t), Linear(h_tm1)); a1 = ReLU(p1);"
        "a0_new = ReLU(Add(a0, c_tm1)); c_t = p1; h_t = Sigmoid(Mult(a0_new, a1))"
    )
    encoded = BASE_2.encode(cell)  # perhaps with the leaves the other way round
    assert encoded is not None
    assert BASE_2.decode(encoded) == cell


def test_base_8_has_the_papers_number_of_genomes() -> None:
    count = math.prod(len(question.options) for question in BASE_8.questions())
    assert count == 8**16 * 15**2
    assert 5.5e16 < count < 6.5e16  # section 4.2: approximately 6 × 10^16


def test_nascell_as_released_is_in_base_8() -> None:
    nascell = zoo["nascell"]
    genome = BASE_8.encode(nascell)
    assert genome is not None
    assert BASE_8.decode(genome) == nascell


def test_cells_of_another_form_are_not_in_the_space() -> None:
    network = ConvNetwork((ConvLayer(LayerKind.CONV, (IMAGE,), 3, 3, 24),))
    # The last has c_tm1 injected twice.
    twice = "a = Tanh(Add(Linear(x_t, h_tm1), c_tm1)); c_t = a; h_t = Add(a, Mult(a, c_tm1))"
    for architecture in (zoo["rnn"], zoo["lstm"], zoo["nascell"], parse(twice), network):
        assert BASE_2.encode(architecture) is None


def test_a_base_that_is_no_power_of_two() -> None:
    leaf = ("add", "tanh")
    genome = (*leaf * 3, "add", "relu", "elem_mult", "sigmoid", "add", "identity", 3, 2)
    assert NASBaseSpace(3).decode(genome) == parse(
        "a = Tanh(Linear(x_t, h_tm1)); b = Tanh(Linear(x_t, h_tm1));"
        "d = Add(Tanh(Linear(x_t, h_tm1)), c_tm1);"
        "c_t = Add(a, b); h_t = Sigmoid(Mult(d, ReLU(c_t)))"
    )


def test_the_options_of_control_experiment_1() -> None:
    genome = ("max", "sin", "add", "tanh", "max", "identity", "add", "relu", 0, 2)
    assert NASBaseSpace(2, *LARGER).decode(genome) == parse(
        "p0 = Max(Linear(x_t), Linear(h_tm1)); a1 = Tanh(Linear(x_t, h_tm1)); c_t = p0;"
        "h_t = ReLU(Add(Max(Sin(p0), a1), c_tm1))"
    )
    assert BASE_2.check(genome) is not None


def test_a_memory_that_equals_the_output_is_the_output() -> None:
    genome = ("add", "tanh", "add", "tanh", "elem_mult", "identity", "add", "tanh", 2, 0)
    cell = BASE_2.decode(genome)
    assert cell.memories == ()
    encoded = BASE_2.encode(cell)
    assert encoded is not None
    assert BASE_2.decode(encoded) == cell


@given(st.integers(2, 9), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_samples_are_cells_that_survive_json_and_encoding(base_number: int, seed: int) -> None:
    space = NASBaseSpace(base_number, *LARGER)
    genome = space.sample(random.Random(seed))
    cell = space.decode(genome)
    assert space.check(genome) is None
    assert space.from_json(json.loads(json.dumps(space.to_json(genome)))) == genome
    encoded = space.encode(cell)
    assert encoded is not None
    assert space.decode(encoded) == cell
    assert 1 <= len(cell.linears) <= 2 * base_number
    assert genome == space.sample(random.Random(seed))


@given(st.integers(0, 2**32))
def test_a_mutation_changes_one_decision(seed: int) -> None:
    rng = random.Random(seed)
    genome = BASE_8.sample(rng)
    mutant = BASE_8.mutate(genome, rng)
    assert sum(a != b for a, b in zip(genome, mutant, strict=True)) == 1


def with_decision(position: int, decision: Any) -> list[Any]:
    return [*FIGURE_5[:position], decision, *FIGURE_5[position + 1 :]]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "expected a list of decisions, got None"),
        ([], "expected one of add, elem_mult as combination 0, got no more than 0 decisions"),
        (with_decision(3, "sin"), "expected one of identity, .* as activation 1, got 'sin'"),
        (with_decision(9, 3), "expected one of 0, 1, 2 as node of c_tm1 0, got 3"),
        (with_decision(9, True), "node of c_tm1 0, got True"),
        (with_decision(9, 1.0), r"node of c_tm1 0, got 1\.0"),
        (with_decision(0, [[]]), "combination 0, got"),
        ([*FIGURE_5, 0], "expected 10 decisions, got 11"),
    ],
)
def test_json_that_is_no_genome(data: Any, message: str) -> None:
    with pytest.raises(GenomeError, match=message):
        BASE_2.from_json(data)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"base_number": 1}, "base_number: expected an integer between 2 and 100, got 1"),
        (
            {"combinations": ["add", "sub"]},
            "combinations: .* different ones of add, elem_m",
        ),
        (
            {"activations": []},
            r"activations: .* different ones of identity, .* got \[\]",
        ),
        ({"activations": ["tanh", "tanh"]}, "activations: expected 1 or more different"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NASBaseSpace(**parameters)
