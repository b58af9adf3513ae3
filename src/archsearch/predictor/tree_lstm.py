"""The network of DSL's ranking function: a TreeLSTM as deep as the cell, unrolled one step.

Schrimpf et al. 2017, "Filtering candidate architectures using a ranking function" and the appendix
on hyperparameters; the TreeLSTM is Tai, Socher & Manning 2015, section 3. A node that several
others use is computed once: in the tree all its copies would have the same vectors. All cells of a
batch go up one level at a time together.

What the paper leaves open, as decided here:

An operator's learned function is what Tai et al.'s input x_j is to their node: a vector of the
operator that enters all gates. Each gate sums over arguments (child-sum, their equations 2 to 8)
by weights that all operators share; in operators whose arguments have an order the second, third …
argument has weights of its own beside them (N-ary, their equations 9 to 14). The initial bias of a
Linear enters as a number with a learned vector.

Unrolling: h_{t−1} and the memories are replaced by the vectors of the nodes that feed them, which
come from a first pass where they are learned vectors. x_t and x_{t−1} stay what they are in both.

Shapes: N nodes, C cells, E arguments, D the width.
"""

import torch
from torch import Tensor, nn

from archsearch.cell import OPERATORS
from archsearch.predictor.cell_batch import KINDS, CellBatch

_MAX_ORDERED_ARGUMENTS = max(
    op.max_args for op in OPERATORS.values() if op.max_args > 1 and not op.commutative
)
_IS_ORDERED = torch.tensor(
    [kind in OPERATORS and not OPERATORS[kind].commutative for kind in KINDS]
)
_INITIAL_FORGET_BIAS = 1.0  # a node begins by keeping what its arguments remember


class TreeLSTM(nn.Module):
    """From cells to one number each: hidden vectors of `width`, `dropout` before the last layer."""

    def __init__(self, width: int, dropout: float, generator: torch.Generator) -> None:
        super().__init__()
        self.width = width
        self._dropout = dropout
        self._generator = generator

        def normal(*shape: int, std: float) -> nn.Parameter:
            return nn.Parameter(std * torch.randn(*shape, generator=generator))

        # By kind: the gates' inputs i, o, u and f of an operator; h and c of a source.
        self.operators = normal(len(KINDS), 4 * width, std=0.5)
        self.sources = normal(len(KINDS), 2 * width, std=0.5)
        self.bias = nn.Parameter(torch.zeros(4 * width))
        self.weight = normal(width, 4 * width, std=0.7 / width**0.5)
        self.later = nn.Parameter(torch.zeros(_MAX_ORDERED_ARGUMENTS - 1, width, 4 * width))
        self.last_weight = normal(width, std=width**-0.5)
        self.last_bias = nn.Parameter(torch.zeros(()))

    def forward(self, batch: CellBatch) -> Tensor:
        """(C,)"""
        levels = [_Level(self, batch, start, stop) for start, stop in batch.levels]
        num_sources = levels[0].start if levels else batch.num_nodes
        sources = self.sources[torch.from_numpy(batch.kind[:num_sources])]
        h, c = self._pass(levels, batch.num_nodes, sources)
        feeds = torch.from_numpy(batch.feeds)
        unrolled = torch.cat([h[feeds], c[feeds]], dim=1)
        sources = sources.index_copy(0, torch.from_numpy(batch.state_sources), unrolled)
        h, _ = self._pass(levels, batch.num_nodes, sources)
        top = h[torch.from_numpy(batch.outputs)]
        if self.training:
            kept = torch.rand(top.shape, generator=self._generator) >= self._dropout
            top = top * kept / (1.0 - self._dropout)
        return top @ self.last_weight + self.last_bias

    def _pass(
        self, levels: "list[_Level]", num_nodes: int, sources: Tensor
    ) -> tuple[Tensor, Tensor]:
        """h and c of every node, (N, D) each, from those of the sources."""
        h = sources.new_empty(num_nodes, self.width)
        c = sources.new_empty(num_nodes, self.width)
        h[: len(sources)], c[: len(sources)] = sources.chunk(2, dim=1)
        for level in levels:
            nodes = slice(level.start, level.stop)
            h[nodes], c[nodes] = self._level(level, h[level.arguments], c[level.arguments])
        return h, c

    def _level(self, level: "_Level", h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """h and c of the nodes of one height, from those of their arguments, (E, D) each."""
        messages = h @ self.weight
        for position, places in level.later:
            messages = messages.index_add(0, places, h[places] @ self.later[position - 1])
        inputs = level.inputs
        forget = torch.sigmoid(
            messages[:, 3 * self.width :] + inputs[level.users, 3 * self.width :]
        )
        gates = inputs[:, : 3 * self.width].index_add(0, level.users, messages[:, : 3 * self.width])
        input_, output, update = gates.chunk(3, dim=1)
        new = torch.sigmoid(input_) * torch.tanh(update)
        c = new.index_add(0, level.users, forget * c)
        return torch.sigmoid(output) * torch.tanh(c), c


class _Level:
    """The nodes start … stop − 1, all of one height.

    arguments: their numbers, (E,). users: the number of each one's user, counted from start, (E,).
    later: for each position from 1 up in an ordered operator, the places in `arguments` there.
    inputs: what the operators add to the gates, (stop − start, 4·D).
    """

    def __init__(self, network: TreeLSTM, batch: CellBatch, start: int, stop: int) -> None:
        edges = batch.edges(start, stop)
        kinds = torch.from_numpy(batch.kind[start:stop])
        arity = torch.from_numpy(batch.first[start + 1 : stop + 1] - batch.first[start:stop])
        self.start, self.stop = start, stop
        self.arguments = torch.from_numpy(batch.arguments[edges])
        self.users = torch.repeat_interleave(torch.arange(stop - start), arity)
        position = torch.from_numpy(batch.positions[edges]) * _IS_ORDERED[kinds][self.users]
        self.later = [
            (p, (position == p).nonzero().squeeze(1)) for p in range(1, int(position.max()) + 1)
        ]
        bias = torch.tanh(torch.from_numpy(batch.bias[start:stop]).to(network.bias.dtype))
        self.inputs = network.operators[kinds] + bias[:, None] * network.bias
        self.inputs[:, 3 * network.width :] += _INITIAL_FORGET_BIAS
