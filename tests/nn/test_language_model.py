import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from archsearch.cell import zoo
from archsearch.nn import LanguageModel
from archsearch.nn.language_model import activation_penalty
from archsearch.nn.stack import Features

V, T, B = 30, 6, 3


def num_params(model: LanguageModel) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def build(cells=zoo["lstm"], seed: int = 1, **options) -> LanguageModel:
    generator = torch.Generator().manual_seed(seed)
    return LanguageModel(
        cells, V, generator=generator, **{"num_layers": 2, "hidden_size": 8, **options}
    )


def symbols(seed: int = 0) -> Tensor:
    return torch.randint(V, (T, B), generator=torch.Generator().manual_seed(seed))


def test_loss_is_the_mean_cross_entropy_of_the_layers_output_through_the_decoder():
    model = build()
    x = F.embedding(symbols(), model.embedding)
    for layer in model.layers:
        x, _ = layer(x)
    logits = F.linear(x, model.decoder, model.decoder_bias)
    expected = F.cross_entropy(logits.flatten(0, 1), symbols(1).flatten())
    torch.testing.assert_close(model.loss(model(symbols()), symbols(1)), expected)


def test_tied_weights_are_one_parameter_and_the_last_layer_is_as_wide_as_the_embedding():
    tied = build(tied=True, embedding_size=5)
    assert tied.decoder is tied.embedding
    assert tied(symbols()).raw.shape == (T, B, 5)
    assert [layer.hidden_size for layer in tied.layers] == [8, 5]
    free = build(embedding_size=5)
    assert free.decoder is not free.embedding
    assert free.decoder.shape == (V, 8)


def test_number_of_parameters_is_that_of_zarembas_small_network():
    with torch.device("meta"):
        model = LanguageModel(zoo["lstm"], 10_000, generator=torch.Generator(), hidden_size=200)
    layer = 4 * 200 * (200 + 200 + 1)
    assert num_params(model) == 2 * 10_000 * 200 + 10_000 + 2 * layer


def test_a_sequence_in_two_parts_with_the_state_carried_equals_the_whole():
    model = build()
    whole = model(symbols())
    first = model(symbols()[:2])
    second = model(symbols()[2:], first.states)
    torch.testing.assert_close(torch.cat((first.raw, second.raw)), whole.raw)


def test_layers_may_have_cells_of_their_own():
    model = build(cells=[zoo["gru"], zoo["rnn"]])
    assert [set(state) for state in model(symbols()).states] == [{"h"}, {"h"}]
    assert [layer.cell.key for layer in model.layers] == [zoo["gru"].key, zoo["rnn"].key]
    with pytest.raises(ValueError, match=r"2 \(one a layer\), got 3"):
        build(cells=[zoo["gru"]] * 3)


def test_uniform_initialisation_and_zero_biases():
    model = build(init_scale=0.01, forget_bias=1.0, hidden_size=50)
    for name, parameter in model.named_parameters():
        if "bias" not in name:
            assert 0.0095 < parameter.abs().max() <= 0.01, name
    assert model.decoder_bias.abs().max() == 0
    biases = [bias.unique().tolist() for bias in model.layers[0].biases]
    assert sorted(biases) == [[0.0], [0.0], [0.0], [1.0]]


def test_embeddings_may_be_larger_than_other_weights():
    model = build(init_scale=0.01, embedding_scale=0.5, hidden_size=50)
    assert 0.45 < model.embedding.std() < 0.55
    assert all(weight.abs().max() <= 0.01 for weight in model.layers[0].weights)


def test_everything_is_drawn_from_the_generator_alone():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    rates = dict.fromkeys(
        ("word_dropout", "input_dropout", "hidden_dropout", "output_dropout",
         "weight_dropout", "recurrent_dropout"), 0.3,
    )  # fmt: skip
    outputs = []
    for seed in (1, 1, 2):
        model = build(seed=seed, **rates)
        outputs.append(model(symbols()).dropped)
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])
    assert torch.equal(torch.get_rng_state(), before)


def test_evaluation_drops_nothing():
    rates = {"word_dropout": 0.5, "hidden_dropout": 0.5, "output_dropout": 0.5}
    dropping, plain = build(**rates).eval(), build().eval()
    assert torch.equal(dropping(symbols()).dropped, plain(symbols()).dropped)


def test_output_dropout_is_in_what_is_decoded_and_not_in_the_raw_features():
    features = build(output_dropout=0.5)(symbols())
    dropped = features.dropped == 0
    assert dropped.any()
    assert torch.equal(dropped, dropped[:1].expand_as(dropped))
    assert not (features.raw == 0).any()


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_impossible_rates_are_refused(rate: float):
    with pytest.raises(ValueError, match=f"input_dropout: expected .* got {rate}"):
        build(input_dropout=rate)


def test_activation_penalties_by_hand():
    raw = torch.tensor([[[1.0, 2.0]], [[4.0, 2.0]]])  # T 2, B 1, H 2
    dropped = torch.tensor([[[2.0, 0.0]], [[8.0, 0.0]]])
    features = Features(dropped, raw, [])
    assert activation_penalty(features, 2.0, 0.0) == 2.0 * (4 + 64) / 4
    assert activation_penalty(features, 0.0, 3.0) == 3.0 * 9 / 2
    assert activation_penalty(features, 2.0, 3.0) == 34.0 + 13.5


def test_adaptive_softmax_in_place_of_the_decoder():
    model = build(adaptive_cutoffs=[5, 12], init_scale=0.01)
    assert model.decoder is None
    features = model(symbols()[:, :1])
    rows, words = features.dropped[:1], torch.arange(V)
    losses = [model.loss(Features(rows, rows, []), word[None, None]) for word in words]
    torch.testing.assert_close(torch.stack(losses).neg().exp().sum().item(), 1.0)
    model.loss(features, symbols(1)[:, :1]).backward()
    assert model.embedding.grad is not None
    weights = [p for name, p in model.named_parameters() if "bias" not in name]
    assert all(0.004 < weight.abs().max() <= 0.01 for weight in weights)
    head = (5 + 2) * (8 + 1) + 2 * 8 + 7 * (2 + 1) + 1 * 8 + 18 * (1 + 1)
    assert num_params(model) - num_params(build(tied=True)) == head - V


def test_adaptive_softmax_cannot_be_tied():
    with pytest.raises(ValueError, match=r"expected null with tied=true, got \[5\].*tied=false"):
        build(adaptive_cutoffs=[5], tied=True)
