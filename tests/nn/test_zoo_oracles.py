"""Zoo cells against torch.nn, and against plain transcriptions of their equations.

Each text here names its Linear nodes, so that the labels of the cell lead to their parameters.

Shapes: T time steps, B batch, X input features, H hidden features.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from archsearch.cell import parse, zoo
from archsearch.nn import RecurrentLayer

T, B, X, H = 6, 3, 4, 5
EXACT = {"rtol": 1e-10, "atol": 1e-10}

State = dict[str, Tensor]
# linear("i", x=…, h=…): the Linear labelled i, of these values of its arguments
Linear = Callable[..., Tensor]

TEXTS = {
    "rnn": "n = Linear(x_t, h_tm1); h_t = Tanh(n)",
    "lstm": "i = Linear(x_t, h_tm1); f = Linear(x_t, h_tm1); g = Linear(x_t, h_tm1);"
    "o = Linear(x_t, h_tm1); c_t = Add(Mult(Sigmoid(f), c_tm1), Mult(Sigmoid(i), Tanh(g)));"
    "h_t = Mult(Sigmoid(o), Tanh(c_t))",
    "gru": "r = Linear(x_t, h_tm1); z = Linear(x_t, h_tm1); n = Linear(x_t); m = Linear(h_tm1);"
    "u = Sigmoid(z);"
    "h_t = Add(Mult(u, h_tm1), Mult(OneMinus(u), Tanh(Add(n, Mult(Sigmoid(r), m)))))",
    "mgu": "f = Linear(x_t, h_tm1); s = Sigmoid(f); n = Linear(x_t, Mult(s, h_tm1));"
    "h_t = Add(Mult(OneMinus(s), h_tm1), Mult(s, Tanh(n)))",
    "mut1": "z = Linear(x_t); r = Linear(x_t, h_tm1); n = Linear(Mult(Sigmoid(r), h_tm1));"
    "u = Sigmoid(z); h_t = Add(Mult(Tanh(Add(n, Tanh(x_t))), u), Mult(h_tm1, OneMinus(u)))",
    "mut2": "z = Linear(x_t, h_tm1); r = Linear(h_tm1);"
    "n = Linear(Mult(Sigmoid(Add(x_t, r)), h_tm1), x_t); u = Sigmoid(z);"
    "h_t = Add(Mult(Tanh(n), u), Mult(h_tm1, OneMinus(u)))",
    "mut3": "z = Linear(x_t, Tanh(h_tm1)); r = Linear(x_t, h_tm1);"
    "n = Linear(Mult(Sigmoid(r), h_tm1), x_t); u = Sigmoid(z);"
    "h_t = Add(Mult(Tanh(n), u), Mult(h_tm1, OneMinus(u)))",
    "nascell": "a = Linear(x_t, h_tm1); b = Linear(x_t, h_tm1); k = Linear(x_t, h_tm1);"
    "u = Linear(x_t); v = Linear(h_tm1); l = Linear(x_t, h_tm1); m = Linear(x_t, h_tm1);"
    "n = Linear(x_t, h_tm1); o = Linear(x_t, h_tm1);"
    "q0 = Tanh(Mult(Sigmoid(a), ReLU(b))); q1 = Tanh(Add(Sigmoid(k), ReLU(Mult(u, v))));"
    "q2 = Tanh(Mult(Tanh(l), Sigmoid(m))); q3 = Sigmoid(Add(Tanh(n), Sigmoid(o)));"
    "c_t = Mult(Tanh(Add(q0, c_tm1)), q1); h_t = Tanh(Mult(c_t, Tanh(Add(q2, q3))))",
    "bc3": "f = Linear(x_t, h_tm1); xz = Linear(c_tm1); uz = Linear(x_t);"
    "vz = Linear(Mult(xz, uz)); wz = Linear(x_t); wg = Linear(x_t); o = Linear(x_t, h_tm1);"
    "c_t = Tanh(Gate3(wg, Mult(vz, wz), f)); h_t = Gate3(c_t, h_tm1, o)",
}


def layer_of(name: str, input_size: int) -> RecurrentLayer:
    cell = parse(TEXTS[name])
    assert cell == zoo[name]
    generator = torch.Generator().manual_seed(0)
    layer = RecurrentLayer(cell, input_size, H, generator=generator).double()
    for bias in layer.biases:
        nn.init.normal_(bias, generator=generator)
    return layer


def parameters_of(layer: RecurrentLayer, label: str) -> tuple[dict[str, int], int]:
    """Of the Linear with that label: argument ("x", "h", "c", or "v" for a value) -> number of
    its weight, and the number of its bias."""
    node = layer.cell.labels.index(label)
    linear = layer.cell.linears.index(node)
    weights = {}
    for weight, (owner, argument) in enumerate(layer.slots):
        if owner == linear:
            operand = layer.cell.nodes[layer.cell.nodes[node].args[argument]]
            weights["v" if operand.args else operand.op[0]] = weight
    return weights, linear


def draw(*shape: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)


def test_rnn_is_torch_rnn() -> None:
    assert_same(layer_of("rnn", X), nn.RNN(X, H).double(), ["n"], ["n"])


def test_lstm_is_torch_lstm() -> None:
    assert_same(layer_of("lstm", X), nn.LSTM(X, H).double(), list("ifgo"), list("ifgo"))


def test_gru_is_torch_gru() -> None:
    assert_same(layer_of("gru", X), nn.GRU(X, H).double(), ["r", "z", "n"], ["r", "z", "m"])


def assert_same(layer: RecurrentLayer, module: nn.RNNBase, over_x: list[str], over_h: list[str]):
    """Equal outputs, states and gradients, with the module's gates over x and h as labelled."""
    pairs = []  # parameter of the layer, rows of the module's
    with torch.no_grad():
        for kind, source, labels in (("ih", "x", over_x), ("hh", "h", over_h)):
            for gate, label in enumerate(labels):
                weights, linear = parameters_of(layer, label)
                rows = slice(gate * H, (gate + 1) * H)
                pairs.append((layer.weights[weights[source]], f"weight_{kind}_l0", rows))
                bias = getattr(module, f"bias_{kind}_l0")
                if source == "x" or label not in over_x:
                    pairs.append((layer.biases[linear], f"bias_{kind}_l0", rows))
                else:
                    bias[rows] = 0.0
        for parameter, name, rows in pairs:
            getattr(module, name)[rows] = parameter
    x, states = draw(T, B, X, seed=1), {n: draw(B, H, seed=2) for n, _ in layer.cell.outputs}
    y, after = layer(x, states)
    x_, states_ = (
        x.detach().clone().requires_grad_(),
        {name: state.detach()[None].clone().requires_grad_() for name, state in states.items()},
    )
    given = tuple(states_.values()) if len(states_) > 1 else states_["h"]
    y_, after_ = module(x_, given)
    torch.testing.assert_close(y, y_, **EXACT)
    for state, state_ in zip(after.values(), after_ if len(states) > 1 else [after_], strict=True):
        torch.testing.assert_close(state, state_[0], **EXACT)

    upstream = draw(T, B, H, seed=3).detach()
    sum([(y * upstream).sum(), *[(s * s).sum() for s in after.values()]]).backward()
    ends = after_ if len(states) > 1 else [after_]
    sum([(y_ * upstream).sum(), *[(s * s).sum() for s in ends]]).backward()
    torch.testing.assert_close(x.grad, x_.grad, **EXACT)
    for name in states:
        torch.testing.assert_close(states[name].grad, states_[name].grad[0], **EXACT)
    for parameter, name, rows in pairs:
        torch.testing.assert_close(parameter.grad, getattr(module, name).grad[rows], **EXACT)


def mgu(linear: Linear, x: Tensor, s: State) -> State:
    f = torch.sigmoid(linear("f", x=x, h=s["h"]))
    n = torch.tanh(linear("n", x=x, v=f * s["h"]))
    return {"h": (1 - f) * s["h"] + f * n}


def mut1(linear: Linear, x: Tensor, s: State) -> State:
    z = torch.sigmoid(linear("z", x=x))
    r = torch.sigmoid(linear("r", x=x, h=s["h"]))
    return {"h": torch.tanh(linear("n", v=r * s["h"]) + torch.tanh(x)) * z + s["h"] * (1 - z)}


def mut2(linear: Linear, x: Tensor, s: State) -> State:
    z = torch.sigmoid(linear("z", x=x, h=s["h"]))
    r = torch.sigmoid(x + linear("r", h=s["h"]))
    return {"h": torch.tanh(linear("n", v=r * s["h"], x=x)) * z + s["h"] * (1 - z)}


def mut3(linear: Linear, x: Tensor, s: State) -> State:
    z = torch.sigmoid(linear("z", x=x, v=torch.tanh(s["h"])))
    r = torch.sigmoid(linear("r", x=x, h=s["h"]))
    return {"h": torch.tanh(linear("n", v=r * s["h"], x=x)) * z + s["h"] * (1 - z)}


def nascell(linear: Linear, x: Tensor, s: State) -> State:
    a, b, k, l_, m, n, o = (linear(gate, x=x, h=s["h"]) for gate in "abklmno")
    q0 = torch.tanh(torch.sigmoid(a) * relu(b))
    q1 = torch.tanh(torch.sigmoid(k) + relu(linear("u", x=x) * linear("v", h=s["h"])))
    q2 = torch.tanh(torch.tanh(l_) * torch.sigmoid(m))
    q3 = torch.sigmoid(torch.tanh(n) + torch.sigmoid(o))
    c = torch.tanh(q0 + s["c"]) * q1
    return {"h": torch.tanh(c * torch.tanh(q2 + q3)), "c": c}


def bc3(linear: Linear, x: Tensor, s: State) -> State:
    f = torch.sigmoid(linear("f", x=x, h=s["h"]))
    z = linear("vz", v=linear("xz", c=s["c"]) * linear("uz", x=x)) * linear("wz", x=x)
    c = torch.tanh(f * linear("wg", x=x) + (1 - f) * z)
    o = torch.sigmoid(linear("o", x=x, h=s["h"]))
    return {"h": o * c + (1 - o) * s["h"], "c": c}


@pytest.mark.parametrize("step", [mgu, mut1, mut2, mut3, nascell, bc3])
def test_zoo_cell_follows_its_equations(step: Callable[[Linear, Tensor, State], State]) -> None:
    name = step.__name__
    # mut1 and mut2 use x_t elementwise.
    layer = layer_of(name, H if zoo[name].elementwise_sources else X)

    def linear(label: str, **arguments: Tensor) -> Tensor:
        weights, number = parameters_of(layer, label)
        assert set(weights) == set(arguments)
        products = [value @ layer.weights[weights[a]].t() for a, value in arguments.items()]
        return sum(products) + layer.biases[number]

    x = draw(T, B, layer.input_size, seed=1)
    state = {s: draw(B, H, seed=2) for s, _ in layer.cell.outputs}
    inputs = [x, *state.values(), *layer.parameters()]
    y, after = layer(x, state)
    gradients = torch.autograd.grad((y * y).sum(), inputs)

    outputs, now = [], state
    for t in range(T):
        now = step(linear, x[t], now)
        outputs.append(now["h"])
    y_ = torch.stack(outputs)
    torch.testing.assert_close(y, y_, **EXACT)
    torch.testing.assert_close(after, now, **EXACT)
    for gradient, expected in zip(
        gradients, torch.autograd.grad((y_ * y_).sum(), inputs), strict=True
    ):
        torch.testing.assert_close(gradient, expected, **EXACT)
