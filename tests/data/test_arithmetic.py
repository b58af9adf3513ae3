import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archsearch.data import Arithmetic, DataError
from archsearch.data.arithmetic import draw_exercise


@given(st.integers())
def test_the_result_is_that_of_the_exercise_without_its_letters(seed: int) -> None:
    exercise, result = draw_exercise(random.Random(seed))
    plain = re.sub("[a-k]", "", exercise)
    first, sign, second = re.fullmatch(r"(\d{1,8})([+-])(\d{1,8})=", plain).groups()
    expected = int(first) + int(second) if sign == "+" else int(first) - int(second)
    assert int(result) == expected
    assert str(int(first)) == first
    assert not re.search("[a-k]{4}", exercise)


def test_only_results_are_to_be_predicted() -> None:
    corpus = Arithmetic(train_exercises=50, valid_exercises=5, test_exercises=5)()
    assert not corpus.all_scored
    written = "".join(corpus.vocabulary[max(n, ~n)] for n in corpus.train.tolist())
    assert written.count(".") == 50
    scored = "".join(corpus.vocabulary[n] if n >= 0 else " " for n in corpus.train.tolist())
    results = re.findall(r"=(-?\d+\.)", written)
    assert scored.split() == results
    assert len(results) == 50


def test_splits_differ_and_a_seed_gives_the_same_text() -> None:
    first, again, other = (Arithmetic(20, 20, 20, seed)() for seed in (1, 1, 2))
    assert first.train.equal(again.train)
    assert not first.train.equal(other.train)
    assert not first.train[:50].equal(first.valid[:50])
    with pytest.raises(DataError, match="valid_exercises: expected 1 or more, got 0"):
        Arithmetic(valid_exercises=0)()
