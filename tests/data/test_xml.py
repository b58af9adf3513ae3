import math
import os
import random
import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsearch.data import DataError, TokenCorpus, load_xml
from archsearch.data.xml import generate_xml

TAG = re.compile(r"<(/?)([a-z]{2,10})>")
BEGINNING = "<vevnqlxiu></vevnqlxiu><dde></dde><lbwksehzbf></lbwksehzbf><suyankerj><orrvz><ys"


def text(corpus: TokenCorpus, split: str) -> str:
    return "".join(corpus.vocabulary[number] for number in getattr(corpus, split).tolist())


def whole_tags(characters: str) -> list[tuple[bool, str]]:
    """(is closing, name) of each tag; the text must be tags only, of which the last may be cut."""
    tags = list(TAG.finditer(characters))
    assert "".join(tag.group() for tag in tags) == characters[: characters.rfind(">") + 1]
    assert re.fullmatch(r"(</?[a-z]{0,10})?", characters[characters.rfind(">") + 1 :])
    return [(bool(tag[1]), tag[2]) for tag in tags]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(), num_characters=st.integers(0, 3000))
def test_tags_are_nested_and_at_most_four_deep(seed, num_characters):
    characters = generate_xml(num_characters, random.Random(seed))
    assert len(characters) == num_characters
    open_names: list[str] = []
    for closing, name in whole_tags(characters):
        if closing:
            assert open_names.pop() == name
        else:
            open_names.append(name)
            assert len(open_names) <= 4


def test_depths_and_lengths_are_distributed_as_defined():
    tags = whole_tags(generate_xml(300_000, random.Random(1)))
    depth, opened, visits = 0, [0] * 5, [0] * 5
    for closing, _ in tags:
        visits[depth] += 1
        opened[depth] += not closing
        depth += -1 if closing else 1
    assert opened[0] == visits[0]
    assert opened[4] == 0
    for inner in (1, 2, 3):
        assert opened[inner] / visits[inner] == pytest.approx(0.5, abs=0.03)
    lengths = [len(name) for closing, name in tags if not closing]
    for length in range(2, 11):
        assert lengths.count(length) / len(lengths) == pytest.approx(1 / 9, abs=0.02)


def test_perplexity_of_those_who_know_the_rules():
    """The two figures in the module's docstring, from the surprise of each whole tag."""
    characters = generate_xml(300_000, random.Random(2))
    tags = whole_tags(characters)
    depth, decisions, name_nats, closing_name_nats = 0, 0.0, 0.0, 0.0
    for closing, name in tags:
        decisions += math.log(2) if 0 < depth < 4 else 0.0
        nats = math.log(9) + len(name) * math.log(26)
        name_nats += 0.0 if closing else nats
        closing_name_nats += nats if closing else 0.0
        depth += -1 if closing else 1
    best = math.exp((decisions + name_nats) / len(characters))
    forgetful = math.exp((decisions + name_nats + closing_name_nats) / len(characters))
    assert best == pytest.approx(3.82, abs=0.02)
    assert forgetful == pytest.approx(13.7, abs=0.1)


def test_splits_have_their_sizes_and_differ():
    corpus = load_xml(train_symbols=5000, valid_symbols=3000, test_symbols=2000)
    splits = {split: text(corpus, split) for split in ("train", "valid", "test")}
    assert {split: len(characters) for split, characters in splits.items()} == {
        "train": 5000,
        "valid": 3000,
        "test": 2000,
    }
    assert len({characters[:50] for characters in splits.values()}) == 3
    assert text(load_xml(seed=1), "train")[:50] != splits["train"][:50]


def test_a_split_does_not_depend_on_the_size_of_others():
    short = load_xml(train_symbols=10, valid_symbols=50, test_symbols=10)
    assert text(load_xml(), "valid").startswith(text(short, "valid"))
    assert text(load_xml(), "train").startswith(text(short, "train"))


def test_same_text_in_every_process_and_version():
    assert text(load_xml(), "train").startswith(BEGINNING)
    program = (
        "from archsearch.data import load_xml; c = load_xml(train_symbols=80); "
        "print(*c.train.tolist(), *c.valid[:80].tolist(), *c.test[:80].tolist())"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "17"},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    corpus = load_xml()
    here = [*corpus.train[:80].tolist(), *corpus.valid[:80].tolist(), *corpus.test[:80].tolist()]
    assert [int(number) for number in printed.split()] == here


def test_empty_split_is_refused():
    with pytest.raises(DataError, match="valid_symbols: expected 1 or more, got 0"):
        load_xml(valid_symbols=0)
