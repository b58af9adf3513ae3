"""What a generator of expressions should know before it sees a result.

Schrimpf et al. 2017, section 4.2: it is trained beforehand on "intuitive priors", which "include
enforcing well formed" cells and "moderate depth restrictions". The text at hand has lost the rest
of the list; the four here are from memory.
"""

from collections.abc import Callable, Mapping

from archsearch.space import DSLSpace
from archsearch.space.expression import Expression
from archsearch.space.parameters import require


class Priors:
    """The weighted mean of several marks, each from 0 to 1, that need no training of the cell.

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
