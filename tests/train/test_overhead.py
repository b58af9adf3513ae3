"""What Lightning costs: the same module under its Trainer and under a plain loop."""

import time

import pytest
import torch

from archsearch.cell import zoo
from archsearch.data import load_xml
from archsearch.train import Adam, Budget, LanguageTask, Recipe, Training, fit

BUDGET = Budget(
    "overhead", epochs=1, num_layers=1, hidden_size=64, batch_size=16, unroll_steps=20,
    max_train_symbols=200_000, max_valid_symbols=10_000,
)  # fmt: skip  # those of the budget `tiny`, where steps are small and so Lightning's share large
TRAINING = Training("adam", Adam(lr=5e-3, final_lr=0.0), clip_norm=1.0)
PAIRS = 6


def plain_loop(task, model) -> list[float]:
    generator = torch.Generator().manual_seed(1)
    network = task.network(zoo["lstm"], BUDGET, model, generator)
    module = task.module(network, BUDGET, TRAINING, generator)
    module.start(TRAINING.schedule.optimizer(network.parameters()))
    for _ in range(BUDGET.epochs):
        module.train()
        module.begin_epoch()
        for batch in module.train_batches():
            module.train_on(batch)
        module.eval()
        module.begin_validation()
        with torch.inference_mode():
            for batch in module.valid_batches():
                module.evaluate(batch)
        module.end_validation()
    return module.metrics


@pytest.mark.slow  # a minute, and a busy machine can make it fail
def test_the_trainer_costs_at_most_five_percent(model):
    task = LanguageTask("xml", load_xml)

    def lightning():
        return fit(Recipe(task, model, BUDGET, TRAINING), zoo["lstm"], seed=1).module.metrics

    assert plain_loop(task, model) == lightning()  # warms up too
    seconds = {plain_loop: [], lightning: []}
    for _ in range(PAIRS):
        start = time.process_time()
        plain_loop(task, model)
        between = time.process_time()
        lightning()
        seconds[plain_loop].append(between - start)
        seconds[lightning].append(time.process_time() - between)
    plain, trainer = min(seconds[plain_loop]), min(seconds[lightning])
    assert trainer / plain < 1.05, f"{trainer:.3f} s against {plain:.3f} s"
