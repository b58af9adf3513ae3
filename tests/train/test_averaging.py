import torch

from archsearch.cell import zoo
from archsearch.train import NtAsgd, Recipe, Training, fit
from archsearch.train.descent import WeightAverage


def test_average_is_the_mean_of_all_updates_and_swap_is_its_own_inverse():
    weight = torch.nn.Parameter(torch.full((2,), 7.0))
    average = WeightAverage([weight])
    for value in (1.0, 2.0, 6.0):
        with torch.no_grad():
            weight.fill_(value)
        average.update()
    average.swap()
    torch.testing.assert_close(weight.detach(), torch.full((2,), 3.0))
    average.swap()
    assert weight.tolist() == [6.0, 6.0]


def test_state_carries_means_and_count():
    weight = torch.nn.Parameter(torch.ones(1))
    average = WeightAverage([weight])
    average.update()
    copy = WeightAverage([torch.nn.Parameter(torch.zeros(1))])
    copy.load_state_dict(average.state_dict())
    assert copy.num_steps == 1
    assert [mean.item() for mean in copy.buffers()] == [1.0]
    assert not list(average.parameters()), "the weights belong to the network alone"


def test_fine_tuning_averages_from_the_first_step(task, budget, model) -> None:
    training = Training("asgd", NtAsgd(5.0, averages_at_once=True), clip_norm=0.25)
    done = fit(Recipe(task, model, budget(epochs=1), training), zoo["rnn"], seed=1)
    assert done.module.average is not None
    num_batches = len(done.module.train_batches())
    assert done.module.average.num_steps == num_batches
