"""Golden sequences of learning rates, in the terms of each paper."""

import pytest
import torch

from archsearch.train import Adam, NesterovCosine, NesterovSteps, NtAsgd, SgdDecay, SgdPlateau
from archsearch.train.schedules import Progress


def rates(schedule, metrics, num_epochs=None):
    """The rate in each epoch, given the metrics of the epochs before."""
    num_epochs = num_epochs or len(metrics) + 1
    return [
        schedule.learning_rate(Progress(epoch + 0.5, num_epochs, metrics[:epoch]))
        for epoch in range(len(metrics) + 1)
    ]


def test_zaremba_small_halves_from_the_fifth_epoch_on():
    schedule = SgdDecay(1.0, constant_epochs=4, decay=0.5)
    assert rates(schedule, [0.0] * 7) == [1, 1, 1, 1, 1 / 2, 1 / 4, 1 / 8, 1 / 16]


def test_plateau_divides_after_every_epoch_that_did_not_improve_on_the_best():
    schedule = SgdPlateau(20.0, factor=4.0)
    metrics = [300, 200, 250, 199, 199, 198]
    assert rates(schedule, metrics) == [20, 20, 20, 5, 5, 1.25, 1.25]


def test_plateau_ends_where_the_rate_would_be_below_the_floor():
    schedule = SgdPlateau(1.0, factor=2.0, floor=0.03)  # of Schrimpf et al., translation
    stalled = [10.0, *[11.0] * 6]
    ends = [schedule.is_over(Progress(n, 99, stalled[:n])) for n in range(8)]
    assert ends == [False] * 7 + [True]
    assert rates(schedule, stalled)[-2:] == [1 / 32, 1 / 64]
    assert not SgdPlateau(1.0, factor=2.0).is_over(Progress(7, 99, stalled))


def test_non_monotone_criterion_compares_with_the_best_before_the_last_n():
    schedule = NtAsgd(30.0, patience=2)
    falling = [9.0, 8, 7, 6, 5, 4]
    assert not any(schedule.averages(falling[:n]) for n in range(7))
    noisy = [9.0, 7, 8, 7.5, 6.9]  # 8 > 7 is within patience; 6.9 is below min(9, 7)
    assert not schedule.averages(noisy)
    assert schedule.averages([*noisy, 7.1])  # > min(9, 7, 8)
    assert schedule.averages([*noisy, 7.1, 1.0]), "averaging never ends"
    assert rates(schedule, noisy) == [30.0] * 6


def test_adam_with_and_without_cosine():
    assert rates(Adam(lr=0.1), [0.0] * 3) == [0.1] * 4
    cosine = Adam(lr=1.0, final_lr=0.2)
    at = [cosine.learning_rate(Progress(epochs, 4, [])) for epochs in (0.0, 2.0, 4.0)]
    assert at == pytest.approx([1.0, 0.6, 0.2])


def test_nesterov_falls_in_steps_or_along_a_cosine():
    steps = NesterovSteps(0.1, decay=0.1, shares=(0.5, 0.75))
    assert rates(steps, [0.0] * 7) == pytest.approx([0.1] * 4 + [0.01] * 2 + [0.001] * 2)
    cosine = NesterovCosine(0.2, final_lr=0.0)
    at = [cosine.learning_rate(Progress(epochs, 4, [])) for epochs in (0.0, 2.0, 4.0)]
    assert at == pytest.approx([0.2, 0.1, 0.0])


def test_nesterov_looks_ahead_along_its_momentum():
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = NesterovCosine(0.1, weight_decay=0.5, final_lr=0.0).optimizer([weight])
    expected, velocity = 1.0, 0.0
    for _ in range(3):
        weight.grad = torch.full((1,), 2.0)
        optimizer.step()
        gradient = 2.0 + 0.5 * expected
        velocity = 0.9 * velocity + gradient
        expected -= 0.1 * (gradient + 0.9 * velocity)
    assert weight.item() == pytest.approx(expected)


def test_weight_decay_is_that_of_the_papers():
    weight = torch.nn.Parameter(torch.ones(1))
    sgd = SgdDecay(0.1, weight_decay=0.5, constant_epochs=1, decay=1.0).optimizer([weight])
    weight.grad = torch.zeros(1)
    sgd.step()
    assert weight.item() == pytest.approx(1 - 0.1 * 0.5)  # L2: 0.25 w² in the loss


def test_adam_rises_before_it_falls():
    adam = Adam(0.8, final_lr=0.0, warm_up=0.25)
    at = [adam.learning_rate(Progress(epochs, 4, [])) for epochs in (0.0, 0.5, 1.0, 2.0, 4.0)]
    plain = [Adam(0.8, final_lr=0.0).learning_rate(Progress(e, 4, [])) for e in (0.5, 1.0, 2.0)]
    assert at == pytest.approx([0.0, 0.5 * plain[0], plain[1], plain[2], 0.0])
    with pytest.raises(ValueError, match=r"warm_up: expected a share from 0 to below 1, got 1"):
        Adam(0.8, warm_up=1.0)
