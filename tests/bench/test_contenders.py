"""The contenders compute the same thing, take turns, and their memory is counted."""

import random
from dataclasses import replace
from itertools import islice

import pytest
import torch

from archsearch.bench import fresh_process
from archsearch.bench.cells import cell_spaces, chosen_cells, draw_cells
from archsearch.bench.contenders import AutogradLoop, StockModel
from archsearch.bench.measuring import WARM_UP_ROUNDS, take_turns
from archsearch.bench.record import Times
from archsearch.bench.settings import LanguageSize, Shape
from archsearch.cell import parse, zoo
from archsearch.nn import LanguageModel, RecurrentLayer

CELLS = {
    **{name: zoo[name] for name in ("lstm", "nascell", "bc3", "mut1")},
    "position": parse("h_t = Tanh(Linear(PosEnc(x_tm1), h_tm1))"),
}
WIDTH = 6


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


@pytest.mark.parametrize("name", CELLS)
def test_the_autograd_loop_computes_what_a_layer_computes(name):
    layer = RecurrentLayer(CELLS[name], WIDTH, WIDTH, backend="plain", generator=generator())
    loop = AutogradLoop(CELLS[name], WIDTH, generator())
    loop.load_state_dict(layer.state_dict())
    x = torch.randn(4, 3, WIDTH, generator=generator()).requires_grad_()
    results = []
    for module in (layer, loop):
        y, _ = module(x)
        results.append((y, *torch.autograd.grad(y.square().sum(), [x, *module.parameters()])))
    for ours, naive in zip(*results, strict=True):
        torch.testing.assert_close(naive, ours)


def test_contenders_take_turns_and_warm_up():
    calls = []
    contenders = {name: lambda name=name: calls.append(name) for name in "ab"}
    times = take_turns(contenders, min_rounds=3, min_seconds=0.0)
    assert calls == ["a", "b"] * (WARM_UP_ROUNDS + 3)
    assert {name: len(taken.rounds) for name, taken in times.items()} == {"a": 3, "b": 3}


def test_a_ratio_is_the_median_over_rounds():
    # The machine was ten times as slow in the last two rounds, for both.
    slow, fast = Times((2.0, 2.0, 20.0, 22.0)), Times((1.0, 1.0, 10.0, 10.0))
    assert slow.over(fast) == 2.0
    assert (slow.median, slow.minimum) == (11.0, 2.0)


def test_drawn_cells_depend_on_seed_and_space_alone():
    def keys(names, seed):
        drawn = [named for named in chosen_cells(names, seed) if named.drawn]
        return {
            space: [named.cell.key for named in drawn if named.name == space]
            for space in cell_spaces()
        }

    few, more, others = (
        keys(("random:3",), 1),
        keys(("lstm", "random:4"), 1),
        keys(("random:3",), 2),
    )
    assert {space: its_keys[:3] for space, its_keys in more.items()} == few
    assert all(others[space] != few[space] for space in few)


@pytest.mark.parametrize("name", cell_spaces())
def test_every_space_gives_different_cells(name):
    cells = list(islice(draw_cells(cell_spaces()[name], random.Random(1)), 20))
    assert len({cell.key for cell in cells}) == 20


def test_the_stock_model_has_the_parameters_of_ours():
    size = LanguageSize(20, 2, Shape(3, 2, 8))
    ours = LanguageModel(zoo["lstm"], 20, hidden_size=8, generator=generator())
    stock = StockModel(size)
    # torch.nn's layers have a second bias each, which adds nothing.
    own = sum(p.numel() for name, p in stock.named_parameters() if "bias_hh" not in name)
    assert own == sum(parameter.numel() for parameter in ours.parameters())


@pytest.mark.skipif(fresh_process.cannot_measure() is not None, reason="needs Linux's /proc")
def test_the_memory_of_a_step_is_that_of_its_gradients_and_more():
    size = LanguageSize(5000, 1, Shape(4, 2, 256))
    gradients = 4 * 2 * 5000 * 256  # of embedding and decoder, in bytes
    small = fresh_process.peak_bytes("torch.nn float32", size, 1, 1)
    assert gradients < small < 2.5 * gradients
    longer = replace(size, shape=Shape(68, 2, 256))
    logits = 4 * 64 * 2 * 5000
    assert fresh_process.peak_bytes("torch.nn float32", longer, 1, 1) > small + logits


def test_without_proc_there_is_a_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(fresh_process, "RESET", tmp_path / "missing" / "clear_refs")
    assert "as Linux has" in fresh_process.cannot_measure()
