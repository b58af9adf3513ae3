"""`trainer.precision`: what bfloat16 is, and how `auto` is resolved once for a run."""

import json
from functools import partial
from typing import ClassVar

import pytest
import torch
from pytorch_lightning import Callback

from archsearch.cell import zoo
from archsearch.nn import LanguageModel
from archsearch.train import (
    Budget,
    Precision,
    Recipe,
    StepTimer,
    Training,
    fit,
    metric_on_test,
    resolve_precision,
)

LSTM = zoo["lstm"]
SMOKE = Budget(
    "smoke", epochs=2, num_layers=1, hidden_size=16, batch_size=16, unroll_steps=10,
    max_train_symbols=1900,
)  # fmt: skip


@pytest.fixture
def training(adam):
    """A way to train, in a precision."""
    return lambda precision: Training("adam", adam.schedule, clip_norm=1.0, precision=precision)


@pytest.fixture
def recipe(task, model, training):
    """The same of a whole recipe."""
    return lambda precision: Recipe(task, model, SMOKE, training(precision))


def timer_of(float32: float, bfloat16: float):
    """Steps whose first round is slow, and which note the order of the calls in `calls`."""

    def timer(precision: Precision) -> float:
        timer.calls.append(precision)
        seconds = {Precision.FLOAT32: float32, Precision.BFLOAT16: bfloat16}[precision]
        return seconds if len(timer.calls) > 2 else 1000.0

    timer.calls = []
    return timer


def no_timer(precision: Precision) -> float:
    pytest.fail("measured again")


@pytest.mark.parametrize(
    ("float32", "bfloat16", "chosen"),
    [(2.0, 1.0, "bfloat16"), (1.05, 1.0, "float32"), (1.0, 9.0, "float32")],
)
def test_auto_is_measured_once_in_turns_and_kept(
    recipe, tmp_path, capsys, float32, bfloat16, chosen
):
    timer = timer_of(float32, bfloat16)
    resolved = resolve_precision(recipe("auto"), tmp_path, timer)
    assert resolved == recipe(chosen)
    assert timer.calls[::2] == ["float32"] * 6
    assert timer.calls[1::2] == ["bfloat16"] * 6
    record = json.loads((tmp_path / "precision.json").read_text())
    seconds = {"float32_seconds": float32, "bfloat16_seconds": bfloat16}
    assert record == {"precision": chosen, **seconds}
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    for part in (f"precision: {chosen};", f"{float32:.3g} s", f"{bfloat16:.3g} s"):
        assert part in printed

    assert resolve_precision(recipe("auto"), tmp_path, no_timer) == resolved
    assert f"precision: {chosen}, as chosen when this run began" in capsys.readouterr().out


def test_a_precision_that_is_given_is_neither_measured_nor_written(recipe, tmp_path, capsys):
    for given in ("float32", "bfloat16"):
        assert resolve_precision(recipe(given), tmp_path, no_timer) == recipe(given)
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("text", ["", "[]", '{"precision": "half"}'])
def test_a_choice_that_cannot_be_read_is_named_and_not_replaced(recipe, tmp_path, text):
    path = tmp_path / "precision.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"precision\.json: expected the precision .* got "):
        resolve_precision(recipe("auto"), tmp_path, no_timer)
    assert path.read_text() == text


class Watched(LanguageModel):
    """Notes its weights and torch's threads at every forward pass."""

    seen: ClassVar[list[tuple[int, torch.Tensor]]] = []

    def forward(self, *inputs):
        weights = torch.cat([weight.detach().flatten() for weight in self.parameters()])
        self.seen.append((torch.get_num_threads(), weights))
        return super().forward(*inputs)


def test_the_timer_trains_without_effect_and_without_a_word(task, training, capfd):
    timer = StepTimer(Recipe(task, partial(Watched, tied=True), SMOKE, training("auto")), threads=2)
    for precision in (Precision.FLOAT32, Precision.BFLOAT16):
        assert timer(precision) > 0
    threads, weights = zip(*Watched.seen, strict=True)
    assert set(threads) == {2}
    assert all(torch.equal(each, weights[0]) for each in weights)
    assert torch.get_num_threads() == 1
    assert capfd.readouterr() == ("", "")


class Autocast(Callback):
    """Notes in which dtype products would be computed, in forward and in backward passes."""

    def __init__(self) -> None:
        self.forward, self.backward = set(), set()

    def setup(self, trainer, pl_module, stage) -> None:
        def note(seen) -> None:
            enabled = torch.is_autocast_enabled("cpu")
            seen.add((stage, torch.get_autocast_dtype("cpu") if enabled else None))

        network = pl_module.module.network
        network.register_forward_pre_hook(lambda *_: note(self.forward))
        for layer in network.layers:
            layer.register_full_backward_hook(lambda *_: note(self.backward))


def test_bfloat16_trains_tests_and_validates_near_float32(recipe):
    done = {p: fit(recipe(p), LSTM, 1) for p in ("float32", "bfloat16")}
    exact, rounded = ([e.valid_metric for e in fit_.curve] for fit_ in done.values())
    assert rounded != exact
    assert rounded == pytest.approx(exact, rel=0.02)
    module = done["bfloat16"].module
    tested = [metric_on_test(recipe(p), module) for p in done]
    assert tested[0] != tested[1] == pytest.approx(tested[0], rel=0.02)
    moments = [v for state in module._optimizer.state.values() for v in state.values()]
    assert {t.dtype for t in (*module.state_dict().values(), *moments)} == {torch.float32}


def test_bfloat16_is_for_forward_passes_in_training_and_validation(recipe):
    seen = Autocast()
    fit(recipe("bfloat16"), LSTM, 1, callbacks=[seen])
    assert seen.forward == {("fit", torch.bfloat16)}
    assert seen.backward == {("fit", None)}


def test_wrong_and_unresolved_precisions_say_what_is_possible(recipe):
    with pytest.raises(ValueError, match=r"expected float32 or bfloat16 or auto, got 'half'"):
        recipe("half")
    with pytest.raises(ValueError, match=r"expected float32 or bfloat16, got 'auto'; .*resolve"):
        fit(recipe("auto"), LSTM, 1)
