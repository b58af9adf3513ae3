"""The agent of the incremental generator: grows expressions of the DSL and learns from rewards."""

import random
from collections.abc import Callable, Mapping, Sequence
from statistics import mean

import torch
from torch import nn

from archsearch.search.tree_policy import Growth, Tokens, TreePolicy
from archsearch.space import DSLSpace
from archsearch.space.expression import Expression, arity, from_prefix
from archsearch.space.parameters import require


class ExpressionAgent:
    """A tree policy over the tokens that the space allows at each place, trained by REINFORCE.

    rng: for the first weights and for all draws.
    epsilon: how often a token is drawn from all that are allowed, all alike.
    """

    def __init__(
        self,
        space: DSLSpace,
        rng: random.Random,
        *,
        width: int,
        epsilon: float,
        learning_rate: float,
        clip_norm: float,
    ) -> None:
        require("width", width, 1, float("inf"), integer=True)
        require("epsilon", epsilon, 0, 1)
        require("learning_rate", learning_rate, 0, float("inf"))
        require("clip_norm", clip_norm, 0, float("inf"))
        self._space = space
        self._rng = rng
        self._epsilon = epsilon
        self._clip_norm = clip_norm
        self._names = (*space.operators, *space.sources)
        self._numbers = {name: number for number, name in enumerate(self._names)}
        self._arities = [arity(name) for name in self._names]
        generator = torch.Generator().manual_seed(rng.getrandbits(63))
        self._policy = TreePolicy(self._arities, width, generator)
        self._optimizer = torch.optim.Adam(self._policy.parameters(), learning_rate)

    def pretrain(
        self,
        mark: Callable[[Expression], float],
        *,
        goal: float,
        num_trees: int,
        max_updates: int,
    ) -> None:
        """REINFORCE with marks as rewards, until the mean mark of `num_trees` trees reaches the
        goal. The batch's mean is the baseline."""
        for _ in range(max_updates):
            growths = self._policy.grow(num_trees, self._allowed, self._rng, self._epsilon)
            marks = [mark(self.expression(growth.tokens)) for growth in growths]
            baseline = mean(marks)
            if baseline >= goal:
                return
            self._update(growths, [each - baseline for each in marks])

    def grow(self, epsilon: float) -> Tokens:
        """A new tree, with another epsilon than in training."""
        with torch.no_grad():
            (growth,) = self._policy.grow(1, self._allowed, self._rng, epsilon)
        return growth.tokens

    def reinforce(self, trees: Sequence[Tokens], advantages: Sequence[float]) -> None:
        """One step of REINFORCE, with the probabilities that the agent as it is now gives to the
        trees, be they its own or others'."""
        self._update(self._policy.recall(trees, self._allowed, self._epsilon), advantages)

    def expression(self, tokens: Tokens) -> Expression:
        """What was grown by these tokens."""
        return from_prefix([self._names[token] for token in tokens])

    def tokens(self, expression: Expression) -> Tokens:
        """Those that grow the expression."""
        return tuple(self._numbers[token] for token in expression.tokens)

    def _update(self, growths: Sequence[Growth], advantages: Sequence[float]) -> None:
        """One step along the gradient of the mean of advantage × log-probability, which is as long
        as `clip_norm` allows: no single reward moves the agent further than others."""
        log_probabilities = torch.stack([growth.log_probability for growth in growths])
        loss = -(torch.tensor(advantages) * log_probabilities).mean()
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._policy.parameters(), self._clip_norm)
        self._optimizer.step()

    def _allowed(self, tokens: Tokens) -> list[int]:
        """What the space allows at the place that comes after these tokens in prefix order."""
        path: list[tuple[int, int]] = []  # operators that lack arguments: token, finished ones
        for token in tokens:
            path.append((token, 0))
            while path and path[-1][1] == self._arities[path[-1][0]]:
                path.pop()
                if path:
                    path[-1] = (path[-1][0], path[-1][1] + 1)
        parent, argument = (self._names[path[-1][0]], path[-1][1]) if path else (None, 0)
        room = self._space.max_operators - sum(self._arities[token] > 0 for token in tokens)
        names = self._space.allowed(parent, argument, len(path), room)
        return [self._numbers[name] for name in names]


class Priors:
    """What a generator of expressions should know before it sees a result: the weighted mean of
    several marks, each from 0 to 1, that need no training of the cell.

    Schrimpf et al. 2017, section 4.2: "intuitive priors", which "include enforcing well formed"
    cells and "moderate depth restrictions". The text at hand has lost the rest; these are from
    memory.

    weights: by name:
        well_formed: 1 if the space has a cell with this tree;
        depth: 1 if the height is at least `min_depth` and at most `max_depth`;
        inputs: the share of x_t and h_tm1 that is used;
        stacking: the share of operators that do not stand directly over their like.
    """

    def __init__(
        self, space: DSLSpace, weights: Mapping[str, float], min_depth: int, max_depth: int
    ) -> None:
        marks: dict[str, Callable[[Expression], float]] = {
            "well_formed": lambda tree: bool(space.memory_places(tree)),
            "depth": lambda tree: min_depth <= tree.height <= max_depth,
            "inputs": lambda tree: len({"x_t", "h_tm1"}.intersection(tree.tokens)) / 2,
            "stacking": _share_not_stacked,
        }
        if not set(weights) <= set(marks):
            raise ValueError(
                f"priors: expected weights of {', '.join(marks)}, got {', '.join(weights)}"
            )
        for name, weight in weights.items():
            require(f"priors.{name}", weight, 0, float("inf"))
        require("max_depth", max_depth, 1, float("inf"), integer=True)
        require("min_depth", min_depth, 0, max_depth, integer=True)
        total = sum(weights.values())
        if not total:
            raise ValueError("priors: expected at least one weight above 0, got none")
        self._marks = [(marks[name], weight / total) for name, weight in weights.items()]

    def __call__(self, tree: Expression) -> float:
        return sum(share * mark(tree) for mark, share in self._marks)


def _share_not_stacked(tree: Expression) -> float:
    operators = [node for node in tree.nodes() if node.args]
    stacked = [any(arg.token == node.token for arg in node.args) for node in operators]
    return 1 - sum(stacked) / max(1, len(operators))
