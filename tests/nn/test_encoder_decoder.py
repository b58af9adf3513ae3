"""The attentional encoder-decoder: any cell on either side, and nothing that batches change."""

import pytest
import torch

from archsearch.architecture import HeterogeneousLayer
from archsearch.cell import parse, zoo
from archsearch.data import pair_batches
from archsearch.data.parallel import BEGIN, END, PAD, Pair
from archsearch.nn import EncoderDecoder
from archsearch.nn.beam_search import Beam
from archsearch.nn.decoder import GlobalAttention

# A memory of another name, the input before, and a count of steps: all that a state can have.
ODD = "d_t = Tanh(Linear(d_tm1, x_tm1)); h_t = Tanh(Add(Linear(x_t, h_tm1), PosEnc(d_t)))"


def network_of(cell="lstm", **settings) -> EncoderDecoder:
    architecture = zoo[cell] if isinstance(cell, str) else cell
    sizes = {"num_layers": 2, "hidden_size": 8, "embedding_size": 6, "init_scale": 0.5}
    generator = torch.Generator().manual_seed(1)
    return EncoderDecoder(architecture, 12, 10, generator=generator, **{**sizes, **settings})


def some_pairs(num: int = 12) -> list[Pair]:
    rng = torch.Generator().manual_seed(2)

    def sentence(size: int) -> torch.Tensor:
        length = int(torch.randint(1, 5, (), generator=rng))
        words = torch.randint(END + 1, size, (length,), generator=rng)
        return torch.cat((words, torch.tensor([END])))

    return [Pair(sentence(12), sentence(10)) for _ in range(num)]


CELLS = {
    "lstm": zoo["lstm"],
    "gru": zoo["gru"],
    "odd": parse(ODD),
    "heterogeneous": HeterogeneousLayer((zoo["lstm"], zoo["rnn"])),
}


@pytest.mark.parametrize(
    ("searched", "bidirectional"), [("encoder", True), ("decoder", False), ("both", True)]
)
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_a_pair_gets_the_same_alone_and_in_whatever_batch(cell, bidirectional, searched):
    network = network_of(cell, bidirectional_first_layer=bidirectional, searched=searched).eval()
    pairs = some_pairs()
    padded = 0
    for batch in pair_batches(pairs, 6):
        together = network(batch.source, batch.inputs)
        said = network.translate(
            batch.source, Beam(2), begin=BEGIN, end=END, never=(PAD,), max_length=6
        )
        for column, i in enumerate(batch.pairs):
            (alone,) = pair_batches([pairs[i]], 1)
            length = len(alone.targets)
            padded += len(batch.targets) - length
            expected = network(alone.source, alone.inputs)[:, 0]
            torch.testing.assert_close(together[:length, column], expected)
            assert said[column] == network.translate(
                alone.source, Beam(2), begin=BEGIN, end=END, never=(PAD,), max_length=6
            )[0]  # fmt: skip
    assert padded, "nothing is shown"


def test_padded_steps_have_no_gradient_where_they_are_not_scored():
    network = network_of()
    pairs = some_pairs()

    def gradients(batches):
        network.zero_grad()
        for batch in batches:
            scored = batch.targets != PAD
            rows = network(batch.source, batch.inputs)[scored]
            (network.loss_of_rows(rows, batch.targets[scored]) * len(rows)).backward()
        return [weight.grad.clone() for weight in network.parameters()]

    together, alone = gradients(pair_batches(pairs, 6)), gradients(pair_batches(pairs, 1))
    for first, second in zip(together, alone, strict=True):
        torch.testing.assert_close(first, second, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("num_rows", [1, 64, 100])
def test_rounded_losses_are_near_those_that_are_not(num_rows):
    network = network_of()
    rows = torch.randn(num_rows, 8, generator=torch.Generator().manual_seed(3))
    targets = torch.arange(num_rows) % 10
    expected = network.loss_of_rows(rows, targets)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = network.loss_of_rows(rows, targets)
    torch.testing.assert_close(rounded, expected, rtol=1e-2, atol=0)


def test_searched_says_where_the_cell_goes():
    def cells(searched):
        network = network_of("gru", searched=searched)
        sides = network.encoder.layers, network.decoder.layers
        return [["LSTM" if "c" in layer(x(layer))[1] else "GRU" for layer in s] for s in sides]

    def x(layer):
        return torch.zeros(1, 1, layer.input_size)

    lstm, gru = ["LSTM"] * 2, ["GRU"] * 2
    assert cells("encoder") == [gru, lstm]
    assert cells("decoder") == [lstm, gru]
    assert cells("both") == [gru, gru]


def test_the_decoder_begins_where_the_encoder_ended_and_is_fed_its_own_vectors():
    network = network_of().eval()
    outputs, states = network.encoder(torch.tensor([[5], [6], [END]]))
    begun = network.decoder.begin(outputs, states)
    assert torch.equal(begun.layers[0]["c"], states[0]["c"])
    assert torch.equal(begun.layers[1]["h"], outputs[-1])
    assert not begun.fed.any()

    vectors, after = network.decoder(torch.tensor([[BEGIN], [4]]), begun)
    first, between = network.decoder(torch.tensor([[BEGIN]]), begun)
    assert torch.equal(between.fed, first[0])
    assert torch.equal(after.fed, vectors[1])
    unfed = between._replace(fed=torch.zeros_like(between.fed))
    second, _ = network.decoder(torch.tensor([[4]]), between)
    torch.testing.assert_close(second[0], vectors[1])
    assert not torch.allclose(network.decoder(torch.tensor([[4]]), unfed)[0], second)


def test_attention_is_the_mean_under_the_softmax_of_scores():
    attention, dot = GlobalAttention(3), GlobalAttention(3, "dot")
    torch.nn.init.normal_(attention.weight)
    query, memory = torch.randn(2, 3), torch.randn(2, 4, 3)
    for module, matrix in ((attention, attention.weight), (dot, torch.eye(3))):
        scores = torch.einsum("bi,ij,bsj->bs", query, matrix.T, memory)
        expected = torch.einsum("bs,bsi->bi", scores.softmax(1), memory)
        torch.testing.assert_close(module(query, module.keys(memory), memory), expected)


def test_symbols_that_may_not_be_said_are_not_said():
    network = network_of().eval()
    source = torch.tensor([[5], [END]])
    said = network.translate(
        source, Beam(1), begin=BEGIN, end=END, never=(PAD, 4, 5, 6, 7, 8), max_length=9
    )
    assert set(said[0]) <= {1, BEGIN, 9}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"searched": "all"}, "searched: expected encoder or decoder or both, got 'all'"),
        ({"attention": "additive"}, "attention: expected general or dot, got 'additive'"),
        ({"dropout": 1.0}, "dropout: expected at least 0 and below 1"),
        ({"bidirectional_first_layer": True, "hidden_size": 7}, "expected an even budget.hidden_"),
    ],
)
def test_settings_that_cannot_be_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        network_of(**settings)


def test_dropout_draws_from_the_networks_generator_and_only_in_training():
    source, inputs = torch.tensor([[5], [END]]), torch.tensor([[BEGIN], [4]])
    first, second = network_of(dropout=0.5), network_of(dropout=0.5)
    drawn = first(source, inputs)
    assert torch.equal(drawn, second(source, inputs))
    assert not torch.equal(drawn, first(source, inputs))
    assert torch.equal(first.eval()(source, inputs), second.eval()(source, inputs))
