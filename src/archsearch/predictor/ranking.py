"""DSL's ranking function: a guess of how good a cell is, from its graph alone.

Schrimpf et al. 2017, "Filtering candidate architectures using a ranking function" and the appendix
on hyperparameters: a TreeLSTM on the cell's own unrolled tree (tree_lstm.py), trained from scratch
on all pairs of a cell and its fitness by mean squared error, with Adam, weight decay and dropout
before the last layer; better cells are sampled more often.

Differs from the paper: beside the network a forest of randomised trees (Geurts, Ernst & Wehenkel
2006) guesses from features of the cell (structure.py, signals.py), and the weighted mean counts.
On NAS-Bench-NLP the forest is the better of the two; up to some hundred pairs both together are
better than either.

What the paper leaves open, as decided here:

The target is a place in the order (`FitnessScale`), not a value, since ranks are what is asked.

Better cells more often: the best cell is drawn `preference` times as often as the worst, those
between by their place.

How long: `max_epochs` times the number of pairs in draws, and at most `max_updates` updates, with a
learning rate that rises and falls in one cycle (Smith & Topin 2017).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import norm, rankdata
from sklearn.ensemble import ExtraTreesRegressor
from torch.nn.functional import mse_loss
from torch.nn.utils import clip_grad_norm_

from archsearch.cell import Cell
from archsearch.predictor.cell_batch import CellBatch, IntArray
from archsearch.predictor.seam import ArchitecturePredictor, FloatArray
from archsearch.predictor.signals import signals
from archsearch.predictor.structure import Features, structure
from archsearch.predictor.tree_lstm import TreeLSTM
from archsearch.torch_threads import torch_threads

# Of −ln perplexity: a failed training is worth 2.7 times the worst perplexity that was reached.
FAILED_BELOW = 1.0


@dataclass(frozen=True, slots=True)
class FitnessScale:
    """The map between fitness and van der Waerden's normal scores, learnt from known fitnesses.

    The score of place r among n is the quantile (r − ½) / n of a standard normal distribution, so
    a few failed or very bad cells do not set the scale. A failed training (−∞ or NaN) has the last
    place; on the way back it counts as `FAILED_BELOW` less than the least finite fitness.

    scores: of each known fitness, as it was given, (n,).
    known_scores, known_fitness: the same in rising order, and what fitness each stands for.
    """

    scores: FloatArray
    known_scores: FloatArray
    known_fitness: FloatArray

    @classmethod
    def of(cls, fitness: Sequence[float]) -> "FitnessScale":
        """Raises ValueError for fewer than two, or none finite, or +∞."""
        values = np.array(fitness, dtype=np.float64)
        finite = np.isfinite(values)
        if len(values) < 2 or not finite.any() or np.isposinf(values).any():
            raise ValueError(
                "expected at least two fitnesses, one of them finite and none +∞; got "
                f"{len(values)}, {finite.sum()} of them finite: train more cells first"
            )
        places = rankdata(np.where(finite, values, -np.inf))
        scores = norm.ppf((places - 0.5) / len(values))
        order = np.argsort(scores, kind="stable")
        known = np.where(finite, values, values[finite].min() - FAILED_BELOW)
        return cls(scores, scores[order], known[order])

    def fitness_at(self, scores: FloatArray) -> FloatArray:
        """The fitness of scores, (m,): linear between known ones, and as steep beyond as they are
        in the mean, so that better stays better."""
        least, most = self.known_scores[0], self.known_scores[-1]
        inside = np.clip(scores, least, most)
        rise = self.known_fitness[-1] - self.known_fitness[0]
        slope = rise / (most - least) if most > least else 0.0
        known = np.interp(inside, self.known_scores, self.known_fitness)
        return np.asarray(known + slope * (scores - inside))


_CELLS_AT_ONCE = 200  # what fits into a processor's cache
_MAX_GRADIENT_NORM = 1.0
_WARM_UP = 0.1  # the share of updates in which the learning rate rises


@dataclass(eq=False)
class RankingPredictor(ArchitecturePredictor):
    """The ranking function. Its numbers and where they come from: conf/predictor/ranking.yaml."""

    width: int = 128
    batch_size: int = 16
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    dropout: float = 0.2
    preference: float = 3.0
    max_epochs: int = 32
    max_updates: int = 600
    num_trees: int = 200
    feature_share: float = 0.33
    network_share: float = 0.15

    def __post_init__(self) -> None:
        for name in ("width", "batch_size", "preference", "max_epochs", "max_updates", "num_trees"):
            self._require(name, 1)
        self._require("learning_rate", 0)
        self._require("weight_decay", 0)
        self._require("dropout", 0, 0.99)
        self._require("feature_share", 0.01, 1)
        self._require("network_share", 0, 1)
        self._learnt: _Learnt | None = None

    def _require(self, name: str, least: float, most: float = math.inf) -> None:
        value = getattr(self, name)
        if not least <= value <= most:
            raise ValueError(f"{name}: expected a number from {least} to {most}, got {value}")

    def fit(self, cells: Sequence[Cell], fitness: Sequence[float], seed: int) -> None:
        if len(cells) != len(fitness):
            raise ValueError(f"got {len(cells)} cells, but {len(fitness)} fitnesses")
        scale = FitnessScale.of(fitness)
        rng = np.random.default_rng(seed)
        features = _features(cells)
        # Operators that no pair has say nothing, and would dilute each tree's share of features.
        varied = np.flatnonzero(features.max(axis=0) > features.min(axis=0))
        columns = varied if len(varied) else np.arange(1)
        forest = ExtraTreesRegressor(
            n_estimators=self.num_trees,
            max_features=self.feature_share,
            random_state=int(rng.integers(2**31)),
        )
        forest.fit(features[:, columns], scale.scores)
        with torch_threads(1):
            network = self._trained_network(cells, scale.scores, rng)
        self._learnt = _Learnt(scale, columns, forest, network)

    def predict(self, cells: Sequence[Cell]) -> FloatArray:
        if self._learnt is None:
            raise ValueError("the predictor knows nothing yet: call fit first")
        if not cells:
            return np.empty(0)
        learnt = self._learnt
        by_forest = learnt.forest.predict(_features(cells)[:, learnt.columns])
        with torch_threads(1), torch.inference_mode():
            guesses = [learnt.network(CellBatch.of(part)) for part in _parts(cells)]
        by_network = torch.cat(guesses).double().numpy()
        share = self.network_share
        return learnt.scale.fitness_at((1.0 - share) * by_forest + share * by_network)

    def _trained_network(
        self, cells: Sequence[Cell], scores: FloatArray, rng: np.random.Generator
    ) -> TreeLSTM:
        generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
        network = TreeLSTM(self.width, self.dropout, generator)
        optimizer = torch.optim.Adam(
            network.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )
        num_updates = self._num_updates(len(cells))
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.learning_rate, total_steps=num_updates + 1, pct_start=_WARM_UP
        )
        chances = self.preference ** (rankdata(scores) / len(scores))
        chances /= chances.sum()
        targets = torch.from_numpy(scores).to(torch.float32)
        for _ in range(num_updates):
            drawn = rng.choice(len(cells), self.batch_size, p=chances)
            guesses = network(CellBatch.of([cells[i] for i in drawn]))
            loss = mse_loss(guesses, targets[torch.from_numpy(drawn)])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            clip_grad_norm_(network.parameters(), _MAX_GRADIENT_NORM)
            optimizer.step()
            schedule.step()
        return network.eval()

    def _num_updates(self, num_pairs: int) -> int:
        return min(self.max_updates, math.ceil(self.max_epochs * num_pairs / self.batch_size))


@dataclass(frozen=True, slots=True)
class _Learnt:
    scale: FitnessScale
    columns: IntArray
    forest: ExtraTreesRegressor
    network: TreeLSTM


def _features(cells: Sequence[Cell]) -> Features:
    parts = []
    for part in _parts(cells):
        batch = CellBatch.of(part)
        parts.append(np.concatenate([structure(batch), signals(batch)], axis=1))
    return np.concatenate(parts)


def _parts(cells: Sequence[Cell]) -> Iterator[Sequence[Cell]]:
    for start in range(0, len(cells), _CELLS_AT_ONCE):
        yield cells[start : start + _CELLS_AT_ONCE]
