"""Strategies without evaluation: a loop with the search's rule, and a landscape of known optimum.

As a program it reads the names of subjects, a line each, and answers each with a line of JSON: what
the strategy proposes.
"""

import json
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple, dataclass
from typing import Any

from toy_predictor import ToyPredictor

from archsearch.architecture import Architecture, HeterogeneousLayer
from archsearch.architecture.convolutional import ConvNetwork
from archsearch.archive import Candidate, Lesson, Status, Trial
from archsearch.cell import Cell
from archsearch.search import GPNEAT, RandomRanking, RandomSearch, Strategy
from archsearch.search.exploration import Exploration, LogUniform, OneOf
from archsearch.search.heterogeneous import Heterogeneous
from archsearch.search.local_search import LocalSearch
from archsearch.search.nas_controller import NASController
from archsearch.search.regularized_evolution import RegularizedEvolution
from archsearch.search.rl_generator import RLGenerator
from archsearch.space import (
    CellSpace,
    ConvSpace,
    DSLSpace,
    GPTreeSpace,
    GraphSpace,
    NASBaseSpace,
    tree_distance,
)
from archsearch.space.decisions import DecisionSpace
from archsearch.space.heterogeneous import HeterogeneousSpace

Landscape = Callable[[Architecture], float | None]


@dataclass(frozen=True)
class Subject:
    """A strategy on a space that it claims, with all that its conformance needs.

    make: the strategy from a seed.
    learner: the same as it must be to find better architectures than random search does, where
        that takes longer to make.
    num_trials: in which it does so.
    likeness: how much two architectures of the space have in common, 0 to 1.
    """

    space: CellSpace[Any]
    make: Callable[[int], Strategy]
    learner: Callable[[int], Strategy] | None = None
    num_trials: int = 150
    likeness: Callable[[Any, Any], float] | None = None


def cell_likeness(cell: Cell, target: Cell) -> float:
    """Half of it for the form, half for the operators."""
    return 0.5 * (1 - tree_distance(cell, target)) + 0.5 * operator_likeness(cell, target)


def operator_likeness(cell: Cell, target: Cell) -> float:
    """What a toy predictor that counts operators can learn in few trials."""
    mine, its = (Counter(node.op for node in each.nodes) for each in (cell, target))
    return (mine & its).total() / (mine | its).total()


def layer_likeness(layer: HeterogeneousLayer, target: HeterogeneousLayer) -> float:
    """The share of cells in common."""
    return (Counter(layer.cells) & Counter(target.cells)).total() / len(target.cells)


def network_likeness(network: ConvNetwork, target: ConvNetwork) -> float:
    """The mean over the layers: half for kind and sizes, half for the inputs."""
    score = 0.0
    for layer, other in zip(network.layers, target.layers, strict=False):
        pairs = list(zip(astuple(layer), astuple(other), strict=True))
        score += 0.5 * sum(mine == its for mine, its in pairs) / len(pairs)
        mine, its = {*layer.inputs}, {*other.inputs}
        score += 0.5 * len(mine & its) / len(mine | its)
    return score / max(len(network.layers), len(target.layers))


def layers_of_trees(num_cells: int, num_shares: int) -> HeterogeneousSpace:
    rng = random.Random("pool")
    pool = [GP_TREE.decode(GP_TREE.sample(rng)) for _ in range(num_cells)]
    return HeterogeneousSpace(pool, num_shares)


GP_TREE = GPTreeSpace()
GRAPH = GraphSpace()
PRIORS = {"learning_rate": LogUniform(0.1, 1.0), "num_layers": OneOf([1, 2])}
LAYERS = layers_of_trees(num_cells=20, num_shares=5)
DSL_CORE = DSLSpace()
EXTENDED = (*DSL_CORE.operators, "Sub", "Div", "Sin", "Cos", "PosEnc", "LayerNorm", "SeLU")
DSL_EXTENDED = DSLSpace(EXTENDED)
# Small enough to learn in a few hundred trials, several of which one expression takes.
SMALL_DSL_CORE = DSLSpace(max_nodes=12, max_height=5)
SMALL_DSL_EXTENDED = DSLSpace(EXTENDED, max_nodes=12, max_height=5)
NAS_BASE = NASBaseSpace(4)
CONV = ConvSpace(  # of one depth: the schedule sets it, no strategy looks for it
    min_layers=4,
    max_layers=4,
    strides=(1, 2, 3),
    layer_types=("conv", "max_pool", "batch_norm"),
    learning_rates=(0.1, 0.01),
)


def _random_ranking(space: CellSpace[Any], seed: int) -> RandomRanking:
    return RandomRanking(
        space,
        random.Random(seed),
        ToyPredictor(),
        num_candidates=60,
        num_best=9,
        num_weighted=1,
        min_plain_trials=30,
    )


def _rl_generator(space: DSLSpace, seed: int, max_pretraining_updates: int = 1) -> RLGenerator:
    return RLGenerator(
        space,
        random.Random(seed),
        width=32,
        pretraining_trees=16,
        max_pretraining_updates=max_pretraining_updates,
    )


def _nas_controller(space: DecisionSpace, seed: int) -> NASController:
    return NASController(
        space,
        random.Random(seed),
        hidden_size=16,
        num_layers=1,
        learning_rate=0.02,
        gradients_per_step=1,
        baseline_decay=0.9,
        max_mutations=20,
    )


# Add yours here: `strategy`, or `strategy on space` where it claims several.
SUBJECTS: dict[str, Subject] = {
    "random": Subject(GP_TREE, lambda seed: RandomSearch(GP_TREE, random.Random(seed))),
    "gp_neat": Subject(
        GP_TREE,
        lambda seed: GPNEAT(GP_TREE, random.Random(seed), population_size=20, max_active_species=3),
    ),
    "regularized_evolution": Subject(
        GP_TREE,
        lambda seed: RegularizedEvolution(
            GP_TREE, random.Random(seed), population_size=20, sample_size=5
        ),
    ),
    "regularized_evolution on nas_base": Subject(
        NAS_BASE,
        lambda seed: RegularizedEvolution(
            NAS_BASE, random.Random(seed), population_size=20, sample_size=5
        ),
    ),
    "regularized_evolution on dsl_core": Subject(
        DSL_CORE,
        lambda seed: RegularizedEvolution(
            DSL_CORE, random.Random(seed), population_size=20, sample_size=5
        ),
    ),
    "local": Subject(GP_TREE, lambda seed: LocalSearch(GP_TREE, random.Random(seed))),
    "local on graph": Subject(GRAPH, lambda seed: LocalSearch(GRAPH, random.Random(seed))),
    "heterogeneous": Subject(
        LAYERS,
        lambda seed: Heterogeneous(LAYERS, random.Random(seed), mode="genetic"),
        likeness=layer_likeness,
    ),
    "random on dsl_core": Subject(
        DSL_CORE, lambda seed: RandomSearch(DSL_CORE, random.Random(seed))
    ),
    "random_ranking on dsl_extended": Subject(
        DSL_EXTENDED,
        lambda seed: _random_ranking(DSL_EXTENDED, seed),
        likeness=operator_likeness,
    ),
    "random_ranking on gp_tree": Subject(GP_TREE, lambda seed: _random_ranking(GP_TREE, seed)),
    "random on graph": Subject(GRAPH, lambda seed: RandomSearch(GRAPH, random.Random(seed))),
    "exploration on graph": Subject(
        GRAPH,
        lambda seed: Exploration(
            GRAPH, random.Random(seed), list_size=10, revisit_rate=0.2, draws=1, priors=PRIORS
        ),
    ),
    "random on nas_base": Subject(
        NAS_BASE, lambda seed: RandomSearch(NAS_BASE, random.Random(seed))
    ),
    "rl_generator on dsl_core": Subject(
        SMALL_DSL_CORE,
        lambda seed: _rl_generator(SMALL_DSL_CORE, seed),
        learner=lambda seed: _rl_generator(SMALL_DSL_CORE, seed, max_pretraining_updates=5),
        num_trials=300,
    ),
    "rl_generator on dsl_extended": Subject(
        SMALL_DSL_EXTENDED,
        lambda seed: _rl_generator(SMALL_DSL_EXTENDED, seed),
        learner=lambda seed: _rl_generator(SMALL_DSL_EXTENDED, seed, max_pretraining_updates=5),
        num_trials=300,
    ),
    "nas_controller on nas_base": Subject(NAS_BASE, lambda seed: _nas_controller(NAS_BASE, seed)),
    "nas_controller on conv": Subject(
        CONV, lambda seed: _nas_controller(CONV, seed), likeness=network_likeness
    ),
}


class TowardsTarget:
    """0 for the target, else below: at worst −1.

    The target is 24 random mutations away from a random genome: no strategy draws from there.
    """

    def __init__(self, subject: Subject, seed: int) -> None:
        rng = random.Random(f"target {seed}")
        genome = subject.space.sample(rng)
        for _ in range(24):
            genome = subject.space.mutate(genome, rng)
        self.target = subject.space.decode(genome)
        self._likeness = subject.likeness or cell_likeness

    def __call__(self, architecture: Architecture) -> float:
        return self._likeness(architecture, self.target) - 1


def drive(
    strategy: Strategy,
    landscape: Landscape,
    num_trials: int,
    *,
    window: int = 8,
    order: random.Random | None = None,
    told: tuple[Trial, ...] = (),
    learnt: list[Lesson] | None = None,
) -> list[Trial]:
    """Trials in the order of their tells: those of `told` again, then those of the landscape.

    After each tell asks until `window` are in flight or the strategy waits. Tells the oldest one
    next, or one that `order` draws. A fitness of None is a failed trial. What the strategy learns
    is added to `learnt`.
    """
    trials: list[Trial] = []
    in_flight: dict[int, Candidate] = {}
    recalled = {trial.candidate.number: trial.candidate for trial in told}
    asked = 0
    while len(trials) < num_trials:
        while len(in_flight) < window:
            if asked in recalled:
                proposal = strategy.recall(recalled[asked])
            else:
                proposal = strategy.ask(asked)
            if proposal is None:
                break
            in_flight[asked] = Candidate(
                asked,
                proposal.architecture,
                proposal.genome,
                proposal.origin,
                proposal.hyperparameters,
            )
            asked += 1
        assert in_flight, "waits for results that it was told"
        if len(trials) < len(told):
            number = told[len(trials)].candidate.number
        else:
            number = order.choice(list(in_flight)) if order else min(in_flight)
        trial = _trial(in_flight.pop(number), landscape)
        strategy.tell(trial)
        trials.append(trial)
        if learnt is not None:
            learnt += strategy.lessons()
    return trials


def _trial(candidate: Candidate, landscape: Landscape) -> Trial:
    fitness = landscape(candidate.architecture)
    if fitness is None:
        return Trial.failed(candidate, Status.DIVERGED, 0, "toy", 0.0)
    return Trial(candidate, Status.OK, 0, (), -fitness, fitness, 1, 0.0)


def history(name: str, num_trials: int = 60) -> list[str]:
    subject = SUBJECTS[name]
    trials = drive(subject.make(11), TowardsTarget(subject, 0), num_trials)
    return [f"{t.candidate.number} {t.candidate.key} {t.candidate.origin}" for t in trials]


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(history(line.strip())), flush=True)  # noqa: T201
