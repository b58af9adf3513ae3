"""A policy that grows trees node by node: an LSTM tree encoder and the scores of the next token.

Schrimpf et al. 2017, section "Incremental architecture construction using reinforcement learning"
and the appendix on the generator. A tree is grown from its root downwards, the arguments of a node
from left to right. A target token stands where the next node goes:

    Gate3(Tanh(x_t), target)

The vector of a node is what the LSTM makes of a sequence: the node's token, then the vectors of its
arguments. All nodes share the weights, and the LSTM starts again in each. A linear layer on the
root's vector scores the tokens.

A finished subtree's vector does not change any more. So a new token costs one LSTM step for each
node above the target, whatever hangs below them.

Epsilon-greedy: with probability epsilon a token is any of those allowed, all alike.

What the paper leaves open, as decided here: the arguments right of the target, which are still
empty, are no part of a node's sequence, as the operator says how many there will be; the scores are
a linear function of the encoded tree; the probability of a token is that with which it is drawn,
epsilon and all. So a token that only chance would have chosen does not swamp the gradient.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

State = tuple[Tensor, Tensor]  # of the LSTM: its h and c, each (width,)
Tokens = tuple[int, ...]  # of a tree or of its beginning, in preorder

# Which tokens may follow a tree's beginning: at least one.
Allowed = Callable[[Tokens], Sequence[int]]


@dataclass(slots=True)
class _Open:
    """A node that lacks arguments; its state has read its token and the arguments so far."""

    state: State
    num_missing: int


@dataclass(slots=True)
class _Growing:
    """A tree that grows. `path` leads from the root to the place of the next token."""

    tokens: Tokens = ()
    path: list[_Open] = field(default_factory=list)
    log_probabilities: list[Tensor] = field(default_factory=list)

    @property
    def is_finished(self) -> bool:
        return self.tokens != () and not self.path


@dataclass(frozen=True, slots=True)
class Growth:
    """A tree as it was grown, and the logarithm of its probability, with gradients."""

    tokens: Tokens
    log_probability: Tensor  # ()


class TreePolicy(nn.Module):
    """Chooses the tokens of trees; `arities` has the number of arguments of each token."""

    def __init__(self, arities: Sequence[int], width: int, generator: torch.Generator) -> None:
        super().__init__()
        self._arities = tuple(arities)
        self.embedding = nn.Parameter(torch.empty(len(arities) + 1, width))  # the target comes last
        # On "meta" they do not draw weights from the global generator.
        self.lstm = nn.LSTMCell(width, width, device="meta").to_empty(device="cpu")
        self.scores = nn.Linear(width, len(arities), device="meta").to_empty(device="cpu")
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.uniform_(-(width**-0.5), width**-0.5, generator=generator)
            self.embedding.normal_(generator=generator)

    def grow(
        self, num_trees: int, allowed: Allowed, rng: random.Random, epsilon: float
    ) -> list[Growth]:
        """New trees."""
        trees = [_Growing() for _ in range(num_trees)]

        def choices(index: int) -> Sequence[int]:
            return allowed(trees[index].tokens)

        def draw(_: int, tokens: Sequence[int], probabilities: Sequence[float]) -> int:
            return rng.choices(tokens, probabilities)[0]

        return self._grow(trees, choices, draw, epsilon)

    def recall(self, trees: Sequence[Tokens], allowed: Allowed, epsilon: float) -> list[Growth]:
        """The same trees with the probabilities that they have by now. Their own tokens count as
        allowed."""
        growing = [_Growing() for _ in trees]

        def own(index: int) -> int:
            return trees[index][len(growing[index].tokens)]

        def choices(index: int) -> Sequence[int]:
            return sorted({*allowed(growing[index].tokens), own(index)})

        def repeat(index: int, _tokens: Sequence[int], _probabilities: Sequence[float]) -> int:
            return own(index)

        return self._grow(growing, choices, repeat, epsilon)

    def _grow(
        self,
        trees: Sequence[_Growing],
        choices: Callable[[int], Sequence[int]],
        pick: Callable[[int, Sequence[int], Sequence[float]], int],
        epsilon: float,
    ) -> list[Growth]:
        """All trees in lockstep, one token each at a time, which `pick` takes from the `choices` of
        the tree with that index."""
        single = self._states_of_single_tokens()
        while indices := [index for index, tree in enumerate(trees) if not tree.is_finished]:
            growing = [trees[index] for index in indices]
            open_tokens = [choices(index) for index in indices]
            probabilities = self._probabilities(growing, single[-1][0], open_tokens, epsilon)
            tokens = [
                pick(index, own, [row[token] for token in own])
                for index, own, row in zip(
                    indices, open_tokens, probabilities.tolist(), strict=True
                )
            ]
            chosen = probabilities[range(len(tokens)), tokens].log().unbind()
            for tree, token, log_probability in zip(growing, tokens, chosen, strict=True):
                tree.log_probabilities.append(log_probability)
                tree.tokens += (token,)
            self._place(growing, [single[token] for token in tokens])
        return [Growth(t.tokens, torch.stack(t.log_probabilities).sum()) for t in trees]

    def _probabilities(
        self,
        trees: Sequence[_Growing],
        target: Tensor,
        choices: Sequence[Sequence[int]],
        epsilon: float,
    ) -> Tensor:
        """(number of trees, number of tokens), 0 for those that are no choice."""
        scores: Tensor = self.scores(self._encode(trees, target))
        is_choice = torch.zeros(scores.shape)
        for row, own in enumerate(choices):
            is_choice[row, list(own)] = 1
        chosen = scores.masked_fill(is_choice == 0, -torch.inf).softmax(dim=1)
        alike = is_choice / is_choice.sum(dim=1, keepdim=True)
        return (1 - epsilon) * chosen + epsilon * alike

    def _encode(self, trees: Sequence[_Growing], target: Tensor) -> Tensor:
        """The roots' vectors, (number of trees, width), with the target where the next token goes:
        from there upwards, all trees one node at a time."""
        vectors = [target] * len(trees)
        for level in range(1, 1 + max(len(tree.path) for tree in trees)):
            rows = [row for row, tree in enumerate(trees) if level <= len(tree.path)]
            states = self._step(
                [vectors[row] for row in rows], [trees[row].path[-level].state for row in rows]
            )
            for row, (vector, _) in zip(rows, states, strict=True):
                vectors[row] = vector
        return torch.stack(vectors)

    def _place(self, trees: Sequence[_Growing], states: Sequence[State]) -> None:
        """Put the last token, which has this state, into each tree; nodes whose arguments are
        complete become arguments themselves."""
        complete: list[tuple[_Growing, Tensor]] = []
        for tree, state in zip(trees, states, strict=True):
            if arity := self._arities[tree.tokens[-1]]:
                tree.path.append(_Open(state, arity))
            elif tree.path:
                complete.append((tree, state[0]))
        while complete:
            parents = [tree.path[-1] for tree, _ in complete]
            after = self._step([vector for _, vector in complete], [p.state for p in parents])
            rising = []
            for (tree, _), parent, state in zip(complete, parents, after, strict=True):
                parent.state = state
                parent.num_missing -= 1
                if not parent.num_missing:
                    tree.path.pop()
                    if tree.path:
                        rising.append((tree, state[0]))
            complete = rising

    def _states_of_single_tokens(self) -> list[State]:
        h, c = self.lstm(self.embedding)
        return list(zip(h.unbind(), c.unbind(), strict=True))

    def _step(self, inputs: Sequence[Tensor], states: Sequence[State]) -> list[State]:
        before = (torch.stack([h for h, _ in states]), torch.stack([c for _, c in states]))
        h, c = self.lstm(torch.stack(list(inputs)), before)
        return list(zip(h.unbind(), c.unbind(), strict=True))
