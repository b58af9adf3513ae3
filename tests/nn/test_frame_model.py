import pytest
import torch
from torch.nn import functional as F

from archsearch.cell import zoo
from archsearch.nn import FrameModel
from archsearch.nn.frame_model import frame_nll

T, B, K = 6, 3, 88


def build(cell=zoo["lstm"], seed: int = 1, **options) -> FrameModel:
    generator = torch.Generator().manual_seed(seed)
    sizes = {"num_layers": 2, "hidden_size": 8}
    return FrameModel(cell, K, generator=generator, **sizes | options)


def frames(seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(T, B, K, generator=generator) < 0.1).float()


def test_logits_are_the_layers_output_through_the_decoder():
    model = build()
    x = frames()
    for layer in model.layers:
        x, _ = layer(x)
    expected = F.linear(x, model.decoder, model.decoder_bias)
    torch.testing.assert_close(model.logits(model(frames())), expected)


def test_a_piece_in_two_parts_with_the_state_carried_equals_the_whole():
    model = build(zoo["gru"])
    first = model(frames()[:2])
    second = model(frames()[2:], first.states)
    torch.testing.assert_close(torch.cat((first.raw, second.raw)), model(frames()).raw)


def test_nll_is_summed_over_keys():
    logits, targets = torch.randn(T, B, K), frames(1)
    p = logits.sigmoid()
    expected = -(targets * p.log() + (1 - targets) * (1 - p).log()).sum(-1)
    torch.testing.assert_close(frame_nll(logits, targets.to(torch.uint8)), expected)


def test_everything_is_drawn_from_the_generator_alone():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    names = ("input", "hidden", "output", "weight", "recurrent")
    rates = {f"{name}_dropout": 0.3 for name in names}
    outputs = [build(seed=seed, **rates)(frames()).dropped for seed in (1, 1, 2)]
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])
    assert torch.equal(torch.get_rng_state(), before)


def test_evaluation_drops_nothing():
    dropping = build(input_dropout=0.5, hidden_dropout=0.5, output_dropout=0.5).eval()
    assert torch.equal(dropping(frames()).dropped, build().eval()(frames()).dropped)


def test_the_threshold_is_saved_with_the_weights():
    model = build()
    model.threshold.fill_(0.31)
    other = build()
    other.load_state_dict(model.state_dict())
    assert other.threshold == torch.tensor(0.31)


@pytest.mark.parametrize("name", ["input", "hidden", "output"])
def test_impossible_rates_are_refused(name: str):
    with pytest.raises(ValueError, match=rf"{name}_dropout: expected .* got 1\.0"):
        build(**{f"{name}_dropout": 1.0})
