"""RecurrentLayer: states, dropout, initial values, dtypes, errors.

Shapes: T time steps, B batch, X input features, H hidden features.
"""

import copy
import gc
import math
import pickle
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from archsearch.cell import parse, zoo
from archsearch.cell.cell import Cell
from archsearch.compiler.backends.cpu.weight_gradients import Factors
from archsearch.nn import RecurrentLayer

T, B, X, H = 7, 3, 4, 5
EXACT = {"rtol": 1e-10, "atol": 1e-10}
# Every kind of state: h, memories, a delayed input and the position.
ALL_STATES = parse(
    "d_t = Tanh(Linear(h_tm1, x_tm1, d_tm1)); c_t = Add(Mult(c_tm1, Sigmoid(d_t)), PosEnc(x_tm1));"
    "h_t = Tanh(Add(LayerNorm(c_t), Linear(x_t, PosEnc(h_tm1))))"
)
CELLS = {**zoo, "all states": ALL_STATES}


def layer_of(cell: Cell, input_size: int = X, **settings: object) -> RecurrentLayer:
    generator = torch.Generator().manual_seed(0)
    return RecurrentLayer(cell, input_size, H, generator=generator, **settings).double()


def draw(*shape: int, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("input_size", [X, H])
@pytest.mark.parametrize("name", CELLS)
def test_chunks_with_the_carried_state_give_the_whole(name: str, input_size: int) -> None:
    layer = layer_of(CELLS[name], input_size)
    x = draw(T, B, input_size)
    y, after = layer(x)
    parts, state = [], None
    for chunk in x.split([1, 4, 2]):
        part, state = layer(chunk, state)
        parts.append(part)
    torch.testing.assert_close(torch.cat(parts), y, **EXACT)
    assert list(state) == list(after)
    for key, value in after.items():
        torch.testing.assert_close(state[key], value, **EXACT)


def test_state_has_the_last_input_and_the_time_where_the_cell_needs_them() -> None:
    x = draw(T, B, X)
    _, state = layer_of(ALL_STATES)(x)
    assert set(state) == {"h", "c", "d", "x", "t"}
    assert torch.equal(state["x"], x[-1])
    assert state["t"].item() == T
    assert state["t"].dtype == torch.int64
    assert set(layer_of(zoo["lstm"])(x)[1]) == {"h", "c"}


@pytest.mark.parametrize("name", CELLS)
def test_reference_backend_agrees(name: str) -> None:
    layer = layer_of(CELLS[name])
    reference = layer_of(CELLS[name], backend="reference")
    x = draw(T, B, X)
    with torch.no_grad():
        (y, after), (y_, after_) = layer(x), reference(x)
    torch.testing.assert_close(y, y_, **EXACT)
    torch.testing.assert_close(after, after_, **EXACT)


def test_reference_backend_says_that_it_cannot_train() -> None:
    with pytest.raises(ValueError, match=r"no gradients.*no_grad"):
        layer_of(zoo["rnn"], backend="reference")(draw(T, B, X))


@pytest.mark.parametrize("name", CELLS)
def test_gradients_pass_from_chunk_to_chunk_through_the_state(name: str) -> None:
    layer = layer_of(CELLS[name])
    x = draw(T, B, X)
    parameters = list(layer.parameters())
    whole = torch.autograd.grad(layer(x)[0].square().sum(), parameters)
    first, state = layer(x[:3])
    second, _ = layer(x[3:], state)
    chunks = torch.autograd.grad(first.square().sum() + second.square().sum(), parameters)
    torch.testing.assert_close(chunks, whole, **EXACT)


def test_one_layer_used_twice_in_one_graph_sums_both_gradients() -> None:
    layer = layer_of(zoo["gru"], H)
    first, second = draw(T, B, H, seed=1), draw(2, 1, H, seed=2)
    parameters = list(layer.parameters())

    def gradients(*losses: Tensor) -> list[Tensor]:
        return list(torch.autograd.grad(sum(losses), parameters))

    both = gradients(layer(first)[0].sum(), layer(second)[0].sum())
    one, other = gradients(layer(first)[0].sum()), gradients(layer(second)[0].sum())
    torch.testing.assert_close(both, [a + b for a, b in zip(one, other, strict=True)], **EXACT)
    stacked = gradients(layer(layer(first)[0])[0].sum())
    assert all(torch.isfinite(gradient).all() for gradient in stacked)


def test_a_graph_may_be_walked_twice() -> None:
    layer = layer_of(zoo["lstm"])
    loss = layer(draw(T, B, X))[0].sum()
    parameters = list(layer.parameters())
    first = torch.autograd.grad(loss, parameters, retain_graph=True)
    torch.testing.assert_close(torch.autograd.grad(loss, parameters), first, rtol=0.0, atol=0.0)


def test_layout_and_length_of_the_input_do_not_matter() -> None:
    layer = layer_of(zoo["lstm"])
    x = draw(T, B, X)
    y, _ = layer(x)
    strided = x.transpose(0, 1).contiguous().transpose(0, 1)
    assert not strided.is_contiguous()
    torch.testing.assert_close(layer(strided)[0], y, **EXACT)
    torch.testing.assert_close(layer(x[:1])[0], y[:1], **EXACT)
    torch.testing.assert_close(layer(x[:, :1])[0], y[:, :1], **EXACT)


@pytest.mark.parametrize("name", CELLS)
def test_no_grad_gives_the_same_values(name: str) -> None:
    layer = layer_of(CELLS[name])
    x = draw(T, B, X)
    with torch.no_grad():
        y, _ = layer(x)
    assert not y.requires_grad
    torch.testing.assert_close(y, layer(x)[0], rtol=0.0, atol=0.0)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.1)])
@pytest.mark.parametrize("name", CELLS)
def test_other_dtypes(name: str, dtype: torch.dtype, tolerance: float) -> None:
    layer = layer_of(CELLS[name])
    x = draw(T, B, X)
    expected = layer(x)[0]
    layer.to(dtype)
    y, state = layer(x.to(dtype))
    assert y.dtype == dtype
    assert all(v.dtype == dtype for k, v in state.items() if k != "t")
    torch.testing.assert_close(y.double(), expected, rtol=tolerance, atol=tolerance)
    y.sum().backward()


def test_autocast_takes_float32_input_and_trains() -> None:
    layer = layer_of(zoo["lstm"]).float()
    with torch.autocast("cpu", torch.bfloat16):
        y, state = layer(draw(T, B, X).float())
        y, _ = layer(draw(T, B, X).float(), state)
    y.float().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in layer.parameters())


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_layers_can_be_copied(copier: Callable[[nn.Module], nn.Module]) -> None:
    layer = layer_of(ALL_STATES, recurrent_dropout=0.5)
    x = draw(T, B, X)
    torch.testing.assert_close(copier(layer)(x)[0], layer(x)[0], rtol=0.0, atol=0.0)


def test_weights_start_uniform_and_biases_at_what_the_cell_says() -> None:
    layer = RecurrentLayer(zoo["lstm_b"], 50, 100)
    bound = 1.0 / math.sqrt(100)
    for weight in layer.weights:
        assert weight.abs().max() <= bound
        assert weight.std().item() == pytest.approx(bound / math.sqrt(3.0), rel=0.05)
    assert sorted(bias.mean().item() for bias in layer.biases) == [0.0, 0.0, 0.0, 1.0]


def test_forget_bias_is_added_to_gates_that_remember_and_taken_from_those_that_forget() -> None:
    cell = zoo["mgu"]  # h_t = (1 − f) ∘ h_tm1 + …: its gate forgets
    biases = [b.mean().item() for b in RecurrentLayer(cell, X, H, forget_bias=2.0).biases]
    assert sorted(biases) == [-2.0, 0.0]
    biases = [b.mean().item() for b in RecurrentLayer(zoo["lstm"], X, H, forget_bias=2.0).biases]
    assert sorted(biases) == [0.0, 0.0, 0.0, 2.0]


def test_generator_decides_the_initial_weights() -> None:
    def weights(seed: int) -> list[Tensor]:
        generator = torch.Generator().manual_seed(seed)
        return list(RecurrentLayer(zoo["gru"], X, H, generator=generator).weights)

    state = torch.get_rng_state()
    assert all(torch.equal(a, b) for a, b in zip(weights(3), weights(3), strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(weights(3), weights(4), strict=True))
    assert torch.equal(torch.get_rng_state(), state)


def test_recurrent_weights_are_those_whose_operand_depends_on_the_state() -> None:
    cell = parse("a = Linear(Tanh(Linear(x_t)), x_tm1); h_t = Tanh(Linear(a, Mult(a, h_tm1)))")
    layer = RecurrentLayer(cell, X, H)
    recurrent = []
    for weight in layer.recurrent_weights:
        linear, argument = layer.slots[weight]
        operand = cell.nodes[cell.nodes[cell.linears[linear]].args[argument]]
        recurrent.append(operand.op)
    assert recurrent == ["Mult"]


def test_weight_dropout_zeroes_entries_of_recurrent_matrices_alone() -> None:
    """The rows of the identity, as inputs or as states, read the matrices off the outputs."""
    layer = layer_of(parse("h_t = Linear(x_t, h_tm1)"), weight_dropout=0.5)
    of_inputs, of_states = layer.weights
    x, h = torch.eye(X, dtype=torch.float64), torch.eye(H, dtype=torch.float64)

    def read() -> tuple[Tensor, Tensor]:
        from_x, _ = layer(x[None])
        from_h, _ = layer(torch.zeros(1, H, X, dtype=torch.float64), {"h": h})
        return from_x[0].T, from_h[0].T

    (x_first, first), (x_second, second) = read(), read()
    torch.testing.assert_close(x_first, of_inputs)
    torch.testing.assert_close(x_second, of_inputs)
    dropped = first == 0.0
    assert 0.2 < dropped.double().mean() < 0.8
    torch.testing.assert_close(first[~dropped], 2.0 * of_states[~dropped])
    assert not torch.equal(first, second)
    layer.eval()
    for seen, weight in zip(read(), layer.weights, strict=True):
        torch.testing.assert_close(seen, weight)


def test_recurrent_dropout_draws_one_mask_a_call_for_each_operand() -> None:
    # z: what the matrices multiply. Both read h_tm1; the third reads r ∘ h_tm1, a value of its own.
    cell = parse(
        "r = Sigmoid(Linear(x_t, h_tm1)); z = Sigmoid(Linear(x_t, h_tm1));"
        "n = Tanh(Linear(x_t, Mult(r, h_tm1))); h_t = Blend(z, h_tm1, n)"
    )
    layer = layer_of(cell, recurrent_dropout=0.5)
    masks = [layer._draw_masks(B, draw(T, B, X)) for _ in range(2)]
    for drawn in masks:
        assert set(drawn) == set(layer.recurrent_weights)
        assert len({id(mask) for mask in drawn.values()}) == 2
        for mask in drawn.values():
            assert mask.shape == (B, H)
            assert set(mask.unique().tolist()) == {0.0, 2.0}
    assert not all(torch.equal(masks[0][w], masks[1][w]) for w in masks[0])
    layer.eval()
    assert layer._draw_masks(B, draw(T, B, X)) == {}


def test_recurrent_mask_is_the_same_at_every_step() -> None:
    # h_t = W h_tm1 with W = 1: a feature is either kept, and doubled, at every step, or lost.
    layer = layer_of(parse("h_t = Linear(h_tm1)"), recurrent_dropout=0.5)
    with torch.no_grad():
        layer.weights[0].copy_(torch.eye(H))
    start = {"h": torch.ones(B, H, dtype=torch.float64)}
    ends = []
    for _ in range(4):
        y, _ = layer(draw(T, B, X), start)
        kept = y[0] > 0.0
        for t in range(T):
            assert torch.equal(y[t], torch.where(kept, 2.0 ** (t + 1), 0.0).double())
        ends.append(kept)
    assert not all(torch.equal(ends[0], kept) for kept in ends[1:])
    layer.eval()
    assert torch.equal(layer(draw(T, B, X), start)[0], start["h"].expand(T, B, H))


@pytest.mark.parametrize(
    "cell",
    [
        zoo["gru"],
        zoo["mgu"],
        zoo["mut1"],
        parse("c_t = Mult(c_tm1, Sigmoid(Linear(h_tm1)));h_t = Mult(Tanh(Linear(x_t)), c_t)"),
    ],
)
def test_recurrent_dropout_never_erases_a_memory(cell: Cell) -> None:
    # With every gate held, what is remembered passes the whole sequence bit for bit.
    layer = layer_of(cell, recurrent_dropout=0.9, forget_bias=1000.0)
    memory = cell.outputs[-1][0]
    start = {name: draw(B, H, seed=i) for i, (name, _) in enumerate(cell.outputs)}
    _, after = layer(draw(T, B, X), start)
    assert torch.equal(after[memory], start[memory])


def test_plain_and_reference_drop_alike() -> None:
    x = draw(T, B, X)
    layers = [
        layer_of(ALL_STATES, backend=backend, weight_dropout=0.3, recurrent_dropout=0.5)
        for backend in ("plain", "reference")
    ]
    with torch.no_grad():
        torch.testing.assert_close(layers[0](x), layers[1](x), **EXACT)


def test_repr_tells_of_a_source_with_a_linear_map_of_its_own() -> None:
    assert "Tanh(Linear(x_t))" in repr(layer_of(zoo["mut1"], X))
    assert len(layer_of(zoo["mut1"], X).weights) == len(layer_of(zoo["mut1"], H).weights) + 1
    assert "Tanh(x_t)" in repr(layer_of(zoo["mut1"], H))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"input_size": 0}, "input_size.*at least 1, got 0"),
        ({"hidden_size": -3}, "hidden_size.*at least 1, got -3"),
        ({"hidden_size": 2.0}, "hidden_size.*integer.*got 2.0"),
        ({"weight_dropout": 1.0}, "weight_dropout.*below 1, got 1.0"),
        ({"recurrent_dropout": -0.1}, "recurrent_dropout.*at least 0"),
        ({"recurrent_dropout": math.nan}, "recurrent_dropout.*got nan"),
        ({"forget_bias": math.inf}, "finite forget_bias, got inf"),
        ({"backend": "fast"}, 'no backend "fast"'),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, object], message: str) -> None:
    sizes = {"input_size": X, "hidden_size": H}
    with pytest.raises(ValueError, match=message):
        RecurrentLayer(zoo["rnn"], **{**sizes, **settings})


@pytest.mark.parametrize(
    "shape", [(), (X,), (B, X), (T, B, X + 1), (T, B, 1), (1, T, B, X), (0, B, X), (T, 0, X)]
)
@pytest.mark.parametrize("name", ["rnn", "all states"])
def test_input_of_a_wrong_shape_is_refused(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected x of shape \(T, B, 4\).*got"):
        layer_of(CELLS[name])(torch.zeros(shape, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.int64])
def test_input_of_a_wrong_dtype_is_refused(dtype: torch.dtype) -> None:
    with pytest.raises(ValueError, match=r"expected x of dtype torch\.float64"):
        layer_of(zoo["rnn"])(torch.zeros(T, B, X, dtype=dtype))


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        ("h", (B, H + 1)), ("h", (1, H)), ("h", (H,)), ("h", (1, B, H)), ("c", (B + 1, H)),
        ("x", (B, H)), ("x", (1, X)), ("t", (1,)), ("t", (B, H)), ("k", (B, H)),
    ],
)  # fmt: skip
def test_state_of_a_wrong_shape_is_refused(key: str, shape: tuple[int, ...]) -> None:
    state = {key: torch.zeros(shape, dtype=torch.float64)}
    with pytest.raises(ValueError, match=f'expected .*state.*"{key}"'):
        layer_of(ALL_STATES)(draw(T, B, X), state)


def test_state_of_a_wrong_dtype_is_refused() -> None:
    for key, shape in (("h", (B, H)), ("t", ())):
        with pytest.raises(ValueError, match=rf'expected state "{key}" of dtype .*float32'):
            layer_of(ALL_STATES)(draw(T, B, X), {key: torch.zeros(shape)})


def test_a_cell_without_weights_runs() -> None:
    layer = RecurrentLayer(parse("h_t = Tanh(Add(x_t, h_tm1))"), X, X)
    y, _ = layer(torch.ones(2, 1, X))
    assert y[1, 0, 0].item() == pytest.approx(math.tanh(1.0 + math.tanh(1.0)))


@pytest.mark.parametrize("backend", ["plain", "cpu", "auto"])
@pytest.mark.parametrize("masked", [False, True])
def test_pieces_of_a_sequence_give_what_the_whole_gives(backend: str, masked: bool) -> None:
    """Values and all gradients, through one and two steps at a time, twice over one binding."""
    cell = parse(
        "c_t = Tanh(Linear(x_t, c_tm1)); d_t = PosEnc(Linear(x_tm1, h_tm1));"
        "h_t = Add(Mult(c_t, Linear(d_t, c_tm1)), x_t)"
    )
    layer = RecurrentLayer(
        cell, 5, 4, backend=backend, recurrent_dropout=0.5 * masked, weight_dropout=0.3 * masked,
        generator=torch.Generator().manual_seed(0),
    ).double()  # fmt: skip
    x = torch.randn(5, 3, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def gradients(pieces: list[int]) -> list[torch.Tensor]:
        layer._own_generator.manual_seed(7)
        run, state, ys = layer.bind(x[0]), {}, []
        for piece in x.split(pieces):
            y, state = run(piece, state)
            ys.append(y)
        y = torch.cat(ys)
        loss = y.sin().sum() + sum(value.cos().sum() for value in state.values())
        once = torch.autograd.grad(loss, list(layer.parameters()), retain_graph=True)
        twice = torch.autograd.grad(loss, list(layer.parameters()))
        assert all(torch.equal(a, b) for a, b in zip(once, twice, strict=True))
        return [y, *once]

    whole = gradients([5])
    for pieces in ([1, 1, 1, 1, 1], [2, 1, 2]):
        for piecewise, right in zip(gradients(pieces), whole, strict=True):
            torch.testing.assert_close(piecewise, right)
    layer._own_generator.manual_seed(7)
    y, _ = layer(x)
    torch.testing.assert_close(y, whole[0])


def test_pieces_refuse_gradients_of_gradients() -> None:
    layer = RecurrentLayer(zoo["rnn"], 3, 3, backend="cpu")
    run = layer.bind(torch.zeros(1, 3))
    y, _ = run(torch.ones(1, 1, 3), {})
    (gradient,) = torch.autograd.grad(y.sum(), [layer.weights[0]], create_graph=True)
    with pytest.raises(RuntimeError, match="gradients of gradients"):
        gradient.sum().backward()


def test_nothing_outlives_the_pieces_of_a_sequence() -> None:
    """Not even where the garbage collector cannot look: it does not see circles through tensors."""
    layer = RecurrentLayer(zoo["lstm"], 3, 3, backend="cpu")
    run, state = layer.bind(torch.zeros(1, 3)), {}
    for _ in range(2):
        y, state = run(torch.ones(1, 1, 3), state)
    y.sum().backward()
    del run, y, state
    gc.collect()
    assert not any(type(it) is Factors for it in gc.get_objects())
