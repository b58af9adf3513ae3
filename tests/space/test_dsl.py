import json
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.cell import parse, zoo
from archsearch.space import DSLSpace, GenomeError
from archsearch.space.dsl import RULES
from archsearch.space.expression import SOURCES, Expression, from_prefix, operator_tokens

CORE = DSLSpace()
EXTENDED = DSLSpace(operator_tokens())


def expression(text: str) -> Expression:
    """From the paper's notation, such as "Tanh(Add(x_t,c_tm1))|3"."""
    tree, _, number = text.partition("|")
    found = from_prefix([token for token in _spaced(tree).split() if token != ")"])
    if not number:
        return found
    by_level = sorted((path for path, _ in found.walk()), key=lambda path: -len(path))
    return found.with_memory(by_level[int(number) - 1])


def _spaced(text: str) -> str:
    return text.replace("(", " ").replace(")", " ) ").replace(",", " ")


LINEAR = "Add(MM(h_tm1),MM(x_t))"
BC3 = (  # section 4.1; it was found under these rules
    f"Gate3(Tanh(Gate3(MM(x_t),Mult(MM(Mult(MM(c_tm1),MM(x_t))),MM(x_t)),{LINEAR})),h_tm1,{LINEAR})|22"
)


def test_the_papers_best_cell_is_in_the_space() -> None:
    genome = expression(BC3)
    assert CORE.check(genome) is None
    assert (genome.num_nodes, genome.height) == (19, 7)
    assert CORE.decode(genome) == parse(
        "z = Mult(MM(Mult(MM(c_tm1), MM(x_t))), MM(x_t));"
        "c_t = Tanh(Gate3(MM(x_t), z, Linear(x_t, h_tm1)));"
        "h_t = Gate3(c_t, h_tm1, Linear(x_t, h_tm1))"
    )


@given(st.integers(0, 2**32), st.sampled_from([CORE, EXTENDED]))
@settings(max_examples=60, deadline=None)
def test_samples_are_valid_cells_in_the_papers_notation(seed: int, space: DSLSpace) -> None:
    genome = space.sample(random.Random(seed))
    cell = space.decode(genome)
    assert space.check(genome) is None
    assert parse(str(genome)).with_folded_linears() == cell
    assert expression(str(genome)) == genome
    assert space.from_json(json.loads(json.dumps(space.to_json(genome)))) == genome
    assert (len(cell.memories) == 1) == genome.uses_memory
    assert genome == space.sample(random.Random(seed))


def test_samples_are_of_every_size_and_use_everything() -> None:
    rng = random.Random(1)
    genomes = [EXTENDED.sample(rng) for _ in range(400)]
    tokens = Counter(token for genome in genomes for token in genome.tokens)
    assert set(tokens) == {*operator_tokens(), *SOURCES}
    assert {genome.height for genome in genomes} >= set(range(2, 9))
    assert min(genome.num_nodes for genome in genomes) < 6
    assert max(genome.num_nodes for genome in genomes) > 19
    assert 0.3 < sum(genome.uses_memory for genome in genomes) / 400 < 0.9


def test_samples_without_a_memory() -> None:
    rng = random.Random(2)
    for _ in range(50):
        genome = CORE.sample_plain(rng)
        assert CORE.check(genome) is None
        assert CORE.decode(genome).memories == ()


# What each rule rejects, and no other rule does.
REJECTED = {
    "nodes": (
        f"Mult({','.join([f'Gate3({LINEAR},Tanh({LINEAR}),{LINEAR})'] * 2)})",
        "expected at most 21 nodes, got 25",
    ),
    "height": (
        "Tanh(MM(" * 4 + "Add(h_tm1,x_t)" + "))" * 4,
        "expected a height of at most 8, got 9",
    ),
    "inputs": ("Tanh(Add(MM(x_t),x_tm1))", "h_t does not depend on h_tm1"),
    "gate": ("Gate3(h_tm1,x_t,Sigmoid(MM(x_t)))", "the sigmoid of a Sigmoid"),
    "stacking": ("Tanh(MM(MM(Add(h_tm1,x_t))))", "MM of MM in MM(MM(Add(h_tm1,x_t)))"),
    "memory recurrence": (
        f"Mult(Tanh({LINEAR}),c_tm1)|6",
        "c_t = Tanh(Add(MM(h_tm1),MM(x_t))) does not depend on c_tm1",
    ),
    "memory nodes": (
        "Add(MM(c_tm1),Mult(MM(h_tm1),x_t))|5",
        "c_t = MM(c_tm1): expected at least 3 nodes, got 2",
    ),
    "repeated map": (
        "Tanh(MM(Add(MM(Add(h_tm1,x_t)),MM(Add(h_tm1,x_t)))))",
        "a matrix of the same argument twice in Add(MM(Add(h_tm1,x_t)),MM(Add(h_tm1,x_t)))",
    ),
    "zero signal": ("Add(Mult(MM(h_tm1),c_tm1),x_t)|4", "c_tm1 would stay 0"),
    "canonical order": (
        "Gate3(x_t,h_tm1,MM(x_t))",
        "expected Gate3(h_tm1,x_t,MM(x_t)), got Gate3(x_t,h_tm1,MM(x_t))",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rejection_names_its_rule_which_can_be_switched_off(rule: str) -> None:
    text, reason = REJECTED[rule]
    genome = expression(text)
    rejection = CORE.check(genome)
    assert rejection is not None
    assert rejection.rule == rule
    assert reason in rejection.reason
    lenient = DSLSpace(rules=[other for other in RULES if other != rule])
    assert lenient.check(genome) is None
    assert lenient.decode(genome) == parse(text).with_folded_linears()


@pytest.mark.parametrize(
    ("text", "rule", "reason"),
    [
        ("Tanh(Sub(h_tm1,x_t))", "tokens", "expected an operator among MM, .*, got Sub"),
        ("Tanh(Add(Exp,Add(h_tm1,x_t)))", "tokens", "expected a source among x_t, .*, got Exp"),
        ("x_t", "tokens", "h_t = x_t: expected an operator"),
        (f"Mult({LINEAR},c_tm1)", "memory", "c_tm1 is used, and c_t comes from 0 nodes"),
        (f"Mult(Tanh({LINEAR}),x_t)|6", "memory", "c_tm1 is not used, and c_t comes from 1"),
        ("Add(MM(h_tm1),Mult(c_tm1,x_t))|6", "memory", "c_t comes from h_t or from a source"),
        ("Add(MM(h_tm1),Mult(c_tm1,x_t))|1", "memory", "c_t comes from h_t or from a source"),
    ],
)
def test_what_is_no_cell_of_the_language_is_always_rejected(
    text: str, rule: str, reason: str
) -> None:
    rejection = DSLSpace(rules=[]).check(expression(text))
    assert rejection is not None
    assert rejection.rule == rule
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(rejection.reason)


def test_every_inner_node_that_can_is_a_place_of_the_memory() -> None:
    tree = expression("Add(Mult(Tanh(Add(MM(c_tm1),x_t)),h_tm1),MM(x_t))")
    places = CORE.memory_places(tree)
    assert [place.memory and place.memory.text for place in places] == [
        "Mult(Tanh(Add(MM(c_tm1),x_t)),h_tm1)",
        "Tanh(Add(MM(c_tm1),x_t))",
        "Add(MM(c_tm1),x_t)",
    ]
    assert CORE.memory_places(places[1]) == places


def test_places_in_equal_parts_are_one_and_plain_cells_need_none() -> None:
    twice = expression("Mult(Add(MM(c_tm1),x_t),Add(MM(c_tm1),x_t))")
    (place,) = DSLSpace(rules=[rule for rule in RULES if rule != "inputs"]).memory_places(twice)
    assert place.memory_path == (1,)
    plain = expression("Tanh(Add(x_t,h_tm1))")
    assert CORE.memory_places(plain) == [plain.ordered()]
    assert CORE.memory_places(expression("Tanh(Add(x_t,x_t))")) == []


def test_what_may_stand_at_a_place() -> None:
    sources = ("x_t", "x_tm1", "h_tm1", "c_tm1")
    assert CORE.allowed(None, 0, 0, 21) == CORE.operators
    assert CORE.allowed("Tanh", 0, 8, 10) == CORE.allowed("Tanh", 0, 1, 0) == sources
    assert CORE.allowed("Tanh", 0, 8, 10, memory=False) == sources[:3]
    assert CORE.allowed("Add", 1, 7, 1) == tuple(
        token for token in (*CORE.operators, *sources) if token != "Add"
    )
    assert "Sigmoid" in CORE.allowed("Gate3", 1, 1, 9)
    assert "Sigmoid" not in CORE.allowed("Gate3", 2, 1, 9)
    lenient = DSLSpace(rules=[])
    assert {"Gate3", "Sigmoid"} <= set(lenient.allowed("Gate3", 2, 100, 9))


@given(st.integers(0, 2**32), st.sampled_from([CORE, EXTENDED]))
@settings(max_examples=30, deadline=None)
def test_mutation_changes_little(seed: int, space: DSLSpace) -> None:
    rng = random.Random(seed)
    genome = space.sample(rng)
    mutant = space.mutate(genome, rng)
    before, after = Counter(genome.tokens), Counter(mutant.tokens)
    assert (before - after).total() <= 20
    assert space.check(mutant) is None


def test_mutation_edits_in_every_way() -> None:
    rng = random.Random(4)
    genome = expression(BC3)
    grown, moved = Counter[int](), 0
    for _ in range(200):
        mutant = CORE.mutate(genome, rng)
        assert mutant != genome
        grown[mutant.num_nodes - genome.num_nodes] += 1
        moved += mutant.text == genome.text
    assert moved > 10
    assert grown[0] > moved
    assert grown[1] > 0
    assert grown[-1] > 0


def test_cells_that_the_dsl_can_and_cannot_express() -> None:
    assert CORE.encode(CORE.decode(expression(BC3))) == expression(BC3)
    twice = parse("a = Tanh(MM(x_t)); h_t = Add(Mult(a, a), MM(h_tm1))")
    assert CORE.encode(twice) is None  # a shared node with weights
    shared = parse("a = Tanh(x_t); h_t = Add(Mult(a, a), MM(h_tm1))")
    assert str(CORE.encode(shared)) == "Add(MM(h_tm1),Mult(Tanh(x_t),Tanh(x_t)))"
    assert CORE.encode(parse("h_t = Add(MM(x_t, bias=1), h_tm1)")) is None
    assert CORE.encode(parse("h_t = Add(MM(x_t), Max(h_tm1, x_t))")) is None
    for name in ("lstm", "gru", "nascell"):
        assert CORE.encode(zoo[name]) is None  # too many nodes, OneMinus, too many nodes


def test_a_linear_of_several_arguments_is_a_sum() -> None:
    assert str(CORE.encode(zoo["rnn"])) == "Tanh(Add(MM(h_tm1),MM(x_t)))"
    assert CORE.encode(zoo["bc3"]) == expression(BC3)
    three = parse("h_t = Add(x_t, Linear(x_t, x_tm1, h_tm1))")
    assert CORE.encode(three) is None  # Add of Add
    assert str(EXTENDED.encode(three)) == "Add(Sub(MM(x_t),Add(MM(h_tm1),MM(x_tm1))),x_t)"


def test_what_gives_the_memory_is_no_part_of_a_larger_sum() -> None:
    inner = expression("Sub(Add(MM(c_tm1),MM(x_t)),MM(Mult(h_tm1,x_t)))|8")
    assert EXTENDED.decode(inner) == parse(
        "c_t = Linear(x_t, c_tm1); h_t = Sub(c_t, Linear(Mult(x_t, h_tm1)))"
    )
    twice = expression("Sub(Add(MM(Mult(h_tm1,x_t)),MM(c_tm1)),MM(Mult(h_tm1,x_t)))|10")
    assert EXTENDED.check(twice) is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, 'expected an object with "h" and "c", got None'),
        ({"h": ["Tanh"]}, 'expected an object with "h" and "c"'),
        ({"h": "Tanh", "c": None}, 'expected "h" as a list of tokens'),
        ({"h": ["Tanh", 3], "c": None}, 'expected "h" as a list of tokens'),
        ({"h": ["Tanh"], "c": None}, "expected 1 arguments after Tanh at position 0, got 0"),
        ({"h": ["Tanh", "x_t", "x_t"], "c": None}, "expected the tokens of one expression"),
        ({"h": [], "c": None}, "expected the tokens of one expression, got those of 0"),
        ({"h": ["MM"] * 100_000, "c": None}, "expected at most 64 tokens, got 100000"),
        ({"h": ["Tanh", "x_t"], "c": True}, 'expected "c" as null or an index'),
        ({"h": ["Tanh", "x_t"], "c": 2}, 'expected "c" as null or an index'),
        ({"h": ["Tanh", "x_t"], "c": None}, "not in this space, inputs: h_t does not depend on"),
    ],
)
def test_json_that_is_no_genome(data: Any, message: str) -> None:
    with pytest.raises(GenomeError, match=message):
        CORE.from_json(data)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"operators": ["Tanh", "Blur"]}, "operators: expected different ones of MM, .*'Blur'"),
        ({"operators": []}, "expected x_t and h_tm1, and one operator at least"),
        ({"sources": ["x_t", "c_tm1"]}, "expected x_t and h_tm1, and one operator at least"),
        ({"rules": ["gate", "gate"]}, "rules: expected different ones of nodes, height, .*'gate'"),
        ({"max_nodes": 3}, "max_nodes: expected an integer between 5 and 1000, got 3"),
        ({"max_height": 0}, "max_height: expected an integer between 1 and 250, got 0"),
    ],
)
def test_parameters_out_of_range(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DSLSpace(**parameters)


def test_a_space_without_cells_says_so() -> None:
    with pytest.raises(GenomeError, match="no valid expression in 10000 draws from MM, Tanh over"):
        DSLSpace(["MM", "Tanh"]).sample(random.Random(1))


def test_without_any_switchable_rule_samples_are_still_cells() -> None:
    rng, lenient = random.Random(5), DSLSpace(rules=[])
    for _ in range(20):
        genome = lenient.sample(rng)
        assert lenient.check(genome) is None
        assert parse(str(genome)).with_folded_linears() == lenient.decode(genome)
