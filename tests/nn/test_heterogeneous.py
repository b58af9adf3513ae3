"""Layers of several cells: one recurrence, all backends alike.

Shapes: T time steps, B batch, X input features, H features of the layer, n shares of it.
"""

import pickle
import random

import pytest
import torch
from torch import Tensor
from toy_problems import Problem, random_cell, tree_cell

from archsearch.architecture import ConvLayer, ConvNetwork, HeterogeneousLayer, LayerKind
from archsearch.cell import Cell, parse, zoo
from archsearch.compiler import compile
from archsearch.compiler.backends import make_backend
from archsearch.compiler.pipeline import KERNEL_PASSES
from archsearch.nn import LanguageModel, RecurrentLayer, make_layer
from archsearch.nn.stack import detach

T, B, X, H = 7, 3, 4, 12
EXACT = {"rtol": 1e-10, "atol": 1e-10}
EVERY_STATE = parse(
    "d_t = Tanh(Linear(h_tm1, x_tm1, d_tm1)); c_t = Add(Mult(c_tm1, Sigmoid(d_t)), PosEnc(x_tm1));"
    "h_t = Tanh(Add(LayerNorm(c_t), Linear(x_t, PosEnc(h_tm1))))"
)
MIXED = HeterogeneousLayer((zoo["lstm"], EVERY_STATE, zoo["gru"], zoo["lstm"]))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, generator=generator(1), dtype=torch.float64)


def layer_of(architecture: HeterogeneousLayer | Cell, **settings: object) -> RecurrentLayer:
    return make_layer(architecture, X, H, generator=generator(), **settings).double()


def whole_weights(shares: RecurrentLayer, num_shares: int) -> list[Tensor]:
    """The weights of a layer of equal cells as those of the cell alone: the shares' rows below each
    other."""
    weights = [weight.detach() for weight in shares.weights]
    num_weights = len(weights) // num_shares
    return [torch.cat(weights[i::num_weights]) for i in range(num_weights)]


@pytest.mark.parametrize("num_shares", [1, 2, 4])
def test_equal_cells_are_one_layer_of_the_cell(num_shares: int) -> None:
    shares = layer_of(HeterogeneousLayer((zoo["lstm"],) * num_shares))
    alone = layer_of(zoo["lstm"])
    with torch.no_grad():
        for mine, its in zip(alone.weights, whole_weights(shares, num_shares), strict=True):
            mine.copy_(its)
    x = draw(T, B, X)
    y, state = shares(x)
    y_alone, state_alone = alone(x)
    torch.testing.assert_close(y, y_alone, **EXACT)
    torch.testing.assert_close(state["h"], state_alone["h"], **EXACT)
    memories = [value for name, value in state.items() if name != "h"]
    torch.testing.assert_close(torch.cat(memories, 1), state_alone["c"], **EXACT)
    assert sum(p.numel() for p in shares.parameters()) == sum(p.numel() for p in alone.parameters())


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", ["tree", "any"])
@pytest.mark.parametrize("seed", range(2))
def test_all_backends_agree_in_values_and_gradients(kind: str, seed: int, masked: bool) -> None:
    rng = random.Random(f"{kind} {seed}")
    make = tree_cell if kind == "tree" else random_cell
    layer = HeterogeneousLayer(tuple(make(rng) for _ in range(2 + seed)))
    check_backends(Problem(layer, X, 3, seed, masked=masked))  # type: ignore[arg-type]


def test_shares_that_are_always_equal_are_all_yielded() -> None:
    twins = [parse("h_t = Tanh(x_t)")] * 2 + [parse("h_t = Add(x_t, h_tm1)")] * 2
    layer = HeterogeneousLayer((*twins, zoo["rnn"]))
    check_backends(Problem(layer, 3, 3, seed=1))  # type: ignore[arg-type]


def check_backends(problem: Problem) -> None:
    expected, after = problem.reference()
    with torch.no_grad():
        for backend in ("plain", "cpu"):
            y, state = problem.run(backend)
            torch.testing.assert_close(y.numpy(), expected, **EXACT)
            for name, value in state.items():
                torch.testing.assert_close(value, torch.as_tensor(after[name]), **EXACT)
    for plain, cpu in zip(problem.gradients("plain"), problem.gradients("cpu"), strict=True):
        torch.testing.assert_close(cpu, plain, rtol=1e-7, atol=1e-9)


def test_chunks_with_the_carried_state_give_the_whole() -> None:
    layer = layer_of(MIXED)
    x = draw(T, B, X)
    y, after = layer(x)
    assert y.shape == (T, B, H)
    parts, state = [], None
    for chunk in x.split([1, 4, 2]):
        part, state = layer(chunk, state)
        (state,) = detach([state])
        parts.append(part)
    torch.testing.assert_close(torch.cat(parts), y, **EXACT)
    torch.testing.assert_close(state, after, **EXACT)


def test_products_in_bfloat16_are_close() -> None:
    """They are so where the processor has them; elsewhere they are the same."""
    layer = layer_of(MIXED).float()
    x = draw(T, B, X).float()
    with torch.autocast("cpu", torch.bfloat16):
        half, _ = layer(x)
        half.sum().backward()
    rounded = [weight.grad for weight in layer.parameters()]
    layer.zero_grad()
    y, _ = layer(x)
    y.sum().backward()
    torch.testing.assert_close(half, y, rtol=0, atol=0.02)
    for mine, weight in zip(rounded, layer.parameters(), strict=True):
        assert mine is not None
        torch.testing.assert_close(mine, weight.grad, rtol=0.1, atol=0.1)


def test_dropout_forget_bias_and_generator_are_those_of_recurrent_layers() -> None:
    settings = {"weight_dropout": 0.3, "recurrent_dropout": 0.3, "forget_bias": 1.5}
    layer, twin = layer_of(MIXED, **settings), layer_of(MIXED, **settings)
    x = draw(T, B, X)
    assert torch.equal(layer(x)[0], twin(x)[0])
    assert not torch.equal(layer(x)[0], layer.eval()(x)[0])
    assert {bias[0].item() for bias in layer.biases} == {0.0, 1.5}
    torch.testing.assert_close(layer(x)[0], pickle.loads(pickle.dumps(layer))(x)[0])


def test_a_language_model_learns_with_a_layer_in_place_of_a_cell() -> None:
    model = LanguageModel(MIXED, 5, generator=generator(), num_layers=2, hidden_size=8, tied=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    symbols = torch.arange(40).view(2, 20).t() % 5
    losses = []
    states = None
    for _ in range(40):
        features = model(symbols[:-1], states)
        states = detach(features.states)
        loss = model.loss(features, symbols[1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_shares_that_do_not_divide_the_layer_are_refused_with_what_would_do() -> None:
    with pytest.raises(ValueError, match=r"10 units .* 4 equal shares; .*hidden_size=12"):
        make_layer(MIXED, X, 10)


def test_other_architectures_are_refused() -> None:
    network = ConvNetwork((ConvLayer(LayerKind.CONV, (-1,), 3, 3, 8),))
    with pytest.raises(ValueError, match=r"expected a cell or a heterogeneous layer, got a Conv"):
        make_layer(network, X, H)


def test_a_kernel_computes_for_one_cell_alone() -> None:
    """The C compiler takes more than in proportion longer for a kernel of all cells."""
    program = compile(MIXED, KERNEL_PASSES)
    of_share = {value: name[-1] for name, value in program.outputs}  # h2 and c2: 2
    regions = [stage for stage in program.stages_of("step") if stage.kind == "region"]
    for stage in regions:
        assert len({of_share[value] for value in stage.outputs if value in of_share}) <= 1
    assert len(regions) >= len(MIXED.cells)


def test_backends_are_made_of_layers_as_of_cells() -> None:
    for name in ("cpu", "plain", "auto"):
        backend = pickle.loads(pickle.dumps(make_backend(name, MIXED)))
        assert type(backend) is type(make_backend(name, MIXED))
