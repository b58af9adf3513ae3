"""How the order of short trainings is held against the published one."""

import math
import random

import pytest

from archsearch.archive import Candidate, Origin, Status, Trial
from archsearch.bench.fidelity import summary
from archsearch.data import DataError
from archsearch.predictor.nas_bench_nlp import measured_cells, spread_cells
from archsearch.space import GPTreeSpace


def trial(number: int, metric: float | None) -> Trial:
    space = GPTreeSpace()
    cell = space.decode(space.sample(random.Random(number)))
    candidate = Candidate(number, cell, None, Origin("listed"))
    if metric is None:
        return Trial.failed(candidate, Status.DIVERGED, 0, "loss is nan", 1.0)
    return Trial(candidate, Status.OK, 0, (), metric, -math.log(metric), 1, 2.0)


def test_the_same_order_is_a_correlation_of_one_and_failures_are_the_worst() -> None:
    trials = [trial(0, 100.0), trial(1, 120.0), trial(2, 300.0), trial(3, None)]
    published = {t.candidate.key: float(place) for place, t in enumerate(trials)}
    text = summary(trials, published)
    assert text.startswith("4 cells, 1 failed: Spearman 1.000, Kendall 1.000")
    assert "1.8 s a trial, 2.0 s at most" in text
    backwards = {key: -value for key, value in published.items()}
    assert "Spearman -1.000" in summary(trials, backwards)


def test_cells_are_spread_over_the_published_perplexities() -> None:
    try:
        rows = measured_cells()
    except DataError as error:
        pytest.skip(str(error))
    fitness = {row.cell.key: row.fitness for row in rows}
    spread = [fitness[cell.key] for cell in spread_cells(5)]
    assert spread == sorted(spread)
    assert (spread[0], spread[-1]) == (rows[0].fitness, rows[-1].fitness)
    assert spread[2] == pytest.approx(rows[len(rows) // 2].fitness, rel=1e-3)
    with pytest.raises(ValueError, match="trials: expected 2 to"):
        spread_cells(1)
