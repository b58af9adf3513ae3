import random

import pytest
from toy_landscape import GP_TREE, drive

from archsearch.cell import zoo
from archsearch.search.listed import Listed


def test_cells_come_in_their_order_and_then_again() -> None:
    cells = [zoo["gru"], "zoo/rnn", str(zoo["lstm"])]
    strategy = Listed(GP_TREE, random.Random(1), cells)
    trials = drive(strategy, lambda _: 0.0, 5, window=2)
    names = ["gru", "rnn", "lstm", "gru", "rnn"]
    assert [t.candidate.key for t in trials] == [zoo[name].key for name in names]


def test_no_cells() -> None:
    with pytest.raises(ValueError, match=r"search\.cells: expected one cell at least"):
        Listed(GP_TREE, random.Random(1), [])
