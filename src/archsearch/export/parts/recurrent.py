"""A cell over time, and layers one above the other."""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

State = dict[str, Tensor]


def over_time(
    step: Callable[[Tensor, State], tuple[Tensor, State]], x: Tensor, state: State
) -> tuple[Tensor, State]:
    """All y_t of step(x_t, state) -> (y_t, next state), and the last state."""
    outputs = []
    for x_t in x.unbind():
        y_t, state = step(x_t, state)
        outputs.append(y_t)
    return torch.stack(outputs), state


def positional_encoding(t: Tensor, width: int) -> Tensor:
    """PE(t) (H,), in float64: sines and cosines of t / 10000^(2i / H) in turns."""
    even = torch.arange(0, width, 2, dtype=torch.float64, device=t.device)
    angle = t / 10000.0 ** (even / width)
    return torch.stack((angle.sin(), angle.cos()), -1).flatten()[:width]


class Layer(nn.Module):
    """A cell over time: x (T, B, X) -> all h_t (T, B, H), and the last state."""

    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Start from `state`; None: zeros. To go on, hand over the last one."""
        if state is None:
            state = self.cell.initial_state(x[0])
        return over_time(self.cell, x, state)


class SideBySide(nn.Module):
    """n cells that share the units of a layer: h_t (B, n·H) has a share (B, H) of each.

    A matrix that multiplies h_{t−1} multiplies that of the whole layer. In the state,
    memory c of cell k is "ck".
    """

    def __init__(self, cells: Iterable[nn.Module]) -> None:
        super().__init__()
        self.cells = nn.ModuleList(cells)

    def initial_state(self, x_t: Tensor) -> State:
        """Zeros for x_t (B, X)."""
        states = [cell.initial_state(x_t) for cell in self.cells]
        return self._joined(torch.cat([state["h"] for state in states], 1), states)

    def forward(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """x_t (B, X) -> h_t (B, n·H), and the next state."""
        whole_h_tm1 = state["h"]
        shares = whole_h_tm1.chunk(len(self.cells), 1)
        outputs, states = [], []
        for k, (cell, h_tm1) in enumerate(zip(self.cells, shares, strict=True)):
            ends = ("", str(k))
            own = {name[0]: a for name, a in state.items() if name[1:] in ends}
            h_t, after = cell(x_t, own | {"h": h_tm1}, whole_h_tm1)
            outputs.append(h_t)
            states.append(after)
        h_t = torch.cat(outputs, 1)
        return h_t, self._joined(h_t, states)

    def _joined(self, h: Tensor, states: Sequence[State]) -> State:
        joined = {"h": h}
        for k, state in enumerate(states):
            for name, value in state.items():
                joined.setdefault(name if name in "hxt" else f"{name}{k}", value)
        return joined


def through(
    layers: Iterable[nn.Module], x: Tensor, states: Sequence[State] | None
) -> tuple[Tensor, list[State]]:
    """x (T, B, X) through layers one above the other; also the last state of each.

    states: where they start from, one a layer; None: zeros.
    """
    after = []
    for i, layer in enumerate(layers):
        x, state = layer(x, None if states is None else states[i])
        after.append(state)
    return x, after
