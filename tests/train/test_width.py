from dataclasses import replace

import pytest

from archsearch.architecture import HeterogeneousLayer
from archsearch.cell import zoo
from archsearch.train import LanguageTask, Recipe, count_parameters, matched_width
from archsearch.train.width import read_count


@pytest.mark.parametrize(
    ("text", "count"),
    [("20M", 20_000_000), ("1.5M", 1_500_000), ("500k", 500_000), (7, 7), ("1_000", 1000)],
)
def test_counts(text, count) -> None:
    assert read_count(text) == count


@pytest.mark.parametrize("text", ["", "M", "-3", "0", "2 M", "1e6", "many"])
def test_no_counts(text) -> None:
    with pytest.raises(ValueError, match="expected a number such as 20M"):
        read_count(text)


@pytest.mark.parametrize("name", ["rnn", "lstm", "nascell", "layer"])
def test_cells_are_brought_to_one_size(name, task, budget, model, adam) -> None:
    layer = HeterogeneousLayer((zoo["gru"], zoo["rnn"], zoo["lstm"]))
    cell = layer if name == "layer" else zoo[name]
    matched = matched_width(Recipe(task, model, budget(), adam), cell, 30_000)
    assert 28_000 < count_parameters(matched, cell) <= 30_000
    if name == "layer":
        assert matched.budget.hidden_size % 3 == 0


def test_a_network_without_a_width(task, budget, model, adam, monkeypatch) -> None:
    monkeypatch.setattr(
        task, "network", lambda _, budget, *rest: LanguageTask.network(
            task, zoo["rnn"], replace(budget, hidden_size=4), *rest
        )
    )  # fmt: skip
    with pytest.raises(ValueError, match="does not depend on the hidden size"):
        matched_width(Recipe(task, model, budget(), adam), zoo["rnn"], 30_000)
