import math
import os
import re
import subprocess
import sys

import pytest

from archsearch.data import DataError, Recall

SMALL = Recall(num_symbols=3, length=4, delay=2, train_episodes=50, valid_episodes=20)


def text(corpus, split: str) -> str:
    return "".join(corpus.vocabulary[number] for number in getattr(corpus, split).tolist())


def test_every_episode_says_again_what_it_read() -> None:
    characters = text(SMALL(), "train")
    assert len(characters) == 50 * SMALL.period
    episodes = re.findall(r"<([abc]{4})\.\.>\1", characters)
    assert len(episodes) == 50
    assert {symbol for episode in episodes for symbol in episode} == set("abc")
    assert re.fullmatch(r"(<[a-d]{3}>[a-d]{3})+", text(Recall()(), "train"))


def test_splits_and_seeds_differ_and_sizes_do_not_matter() -> None:
    corpus = SMALL()
    beginnings = {text(corpus, split)[:100] for split in ("train", "valid", "test")}
    assert len(beginnings) == 3
    assert text(Recall(seed=1)(), "train")[:100] != text(Recall()(), "train")[:100]
    assert text(Recall()(), "train").startswith(text(Recall(train_episodes=9)(), "train"))


def test_same_text_in_every_process() -> None:
    program = "from archsearch.data import Recall; print(*Recall()().train[:80].tolist())"
    printed = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "17"},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert [int(number) for number in printed.split()] == Recall()().train[:80].tolist()


@pytest.mark.parametrize("probability", [1.0, 0.95, 0.5, 1 / 3])
def test_perplexity_tells_with_which_probability_symbols_are_recalled(probability: float) -> None:
    """Of one who guesses what is read, and is sure of all but the recalled symbols."""
    nats = 0.0
    for place in range(SMALL.period):
        if 1 <= place <= 4:
            nats += math.log(3)
        elif place >= SMALL.period - 4:
            nats -= math.log(probability)
    perplexity = math.exp(nats / SMALL.period)
    assert SMALL.recalled(perplexity) == pytest.approx(probability)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"num_symbols": 1}, "num_symbols: expected 2 or more, got 1"),
        ({"length": 0}, "length: expected 1 or more, got 0"),
        ({"delay": -1}, "delay: expected 0 or more, got -1"),
        ({"valid_episodes": 0}, "valid_episodes: expected 1 or more, got 0"),
        ({"num_symbols": 27}, "num_symbols: expected at most 26 letters, got 27"),
    ],
)
def test_numbers_out_of_range(parameters: dict[str, int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Recall(**parameters)()
