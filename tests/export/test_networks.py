"""Whole networks: what is exported computes what they compute, in every format."""

import subprocess
import sys

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from python_lines import longest_code_line
from toy_conv_networks import conv_networks

from archsearch.architecture import HeterogeneousLayer, read_conv
from archsearch.cell import parse, zoo
from archsearch.export import formats
from archsearch.export.check import check
from archsearch.export.networks import code_of
from archsearch.nn import ConvolutionalNetwork, EncoderDecoder, FrameModel, LanguageModel

# Looks back at x, counts steps, has a memory, and reads x beside its matrices.
EVERYTHING = parse(
    "d_t = Tanh(Linear(h_tm1, x_tm1, d_tm1)); c_t = Add(Mult(c_tm1, Sigmoid(d_t)), PosEnc(x_tm1));"
    "h_t = Tanh(Add(LayerNorm(c_t), Linear(x_t, PosEnc(h_tm1))))"
)
MIXED = HeterogeneousLayer((zoo["lstm"], EVERYTHING, zoo["gru"], zoo["lstm"]))
CONV = read_conv(
    "conv 3x3x4 <- image; max_pool 2x2 /2 <- 0; local_contrast_norm <- 1; batch_norm <- image; "
    "4x2x3 /2 <- 0, 3; 1x1x2 <- 2, 4"
)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def language_model(cell, **settings):
    return LanguageModel(cell, 11, generator=generator(), hidden_size=8, init_scale=1.0, **settings)


def encoder_decoder(cell, **settings):
    return EncoderDecoder(
        cell, 13, 11, generator=generator(), hidden_size=8, init_scale=0.5, **settings
    )


NETWORKS = {
    "language model": (language_model(EVERYTHING, tied=True), EVERYTHING),
    "narrow embedding": (language_model(EVERYTHING, tied=True, embedding_size=5), EVERYTHING),
    "free decoder": (language_model(zoo["lstm"], num_layers=9, weight_dropout=0.5), zoo["lstm"]),
    "adaptive softmax": (language_model(MIXED, adaptive_cutoffs=[3, 5]), MIXED),
    "heterogeneous": (language_model(MIXED, tied=True, num_layers=1), MIXED),
    "frames": (
        FrameModel(EVERYTHING, 12, generator=generator(), num_layers=2, hidden_size=8),
        EVERYTHING,
    ),
    "encoder": (encoder_decoder(EVERYTHING, attention="dot", embedding_size=6), EVERYTHING),
    "decoder": (encoder_decoder(EVERYTHING, searched="decoder"), EVERYTHING),
    "both": (
        encoder_decoder(EVERYTHING, searched="both", bidirectional_first_layer=True, num_layers=3),
        EVERYTHING,
    ),
    "heterogeneous encoder": (encoder_decoder(MIXED, searched="both"), MIXED),
    "images": (ConvolutionalNetwork(CONV, 5, in_channels=2, generator=generator()), CONV),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_python_file_computes_what_the_network_computes(name, subject_of):
    network, architecture = NETWORKS[name]
    exported = formats.to_python(subject_of(network, architecture))
    assert exported.difference <= 1e-5
    assert longest_code_line(exported.files[formats.MODULE].decode()) <= 88


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conv_networks())
def test_random_convolutional_networks_compute_the_same(tmp_path_factory, architecture):
    network = ConvolutionalNetwork(architecture, 3, in_channels=2, generator=generator())
    with torch.no_grad():  # gives the normalisations statistics of their own
        network(torch.randn(3, 2, 32, 32, generator=generator()))
    code = code_of(network.eval(), architecture)
    folder = tmp_path_factory.mktemp("conv")
    text = formats.python_file(code, "A network.", None)
    (folder / "model.py").write_text(text)
    model = formats.loaded(folder / "model.py").build()
    model.load_state_dict(code.weights())
    model.eval()
    assert check(code, lambda inputs: code.exported(model, inputs), "model.py") <= 1e-5


def test_the_searched_cell_is_the_one_called_cell(module_of):
    network, _ = NETWORKS["decoder"]
    model = module_of(network.eval(), EVERYTHING).load()
    assert type(model.decoder.layers[0].cell).__name__ == "Cell"
    assert type(model.encoder.layers[0].cell).__name__ != "Cell"


def test_a_state_goes_on_where_it_ended(module_of):
    network, architecture = NETWORKS["heterogeneous"]
    model = module_of(network.eval(), architecture).load()
    symbols = torch.randint(11, (6, 2), generator=generator())
    with torch.no_grad():
        whole, _ = model(symbols)
        first, states = model(symbols[:2])
        rest, _ = model(symbols[2:], states)
    torch.testing.assert_close(torch.cat((first, rest)), whole)


ALONE = """
import sys
import torch
before = set(sys.modules)
sys.path.insert(0, sys.argv[1])
import model
network = model.load()
print(network(torch.tensor(eval(sys.argv[2])))[0].tolist())
print(sorted({name.split(".")[0] for name in set(sys.modules) - before}
             - set(sys.stdlib_module_names) - {"torch", "model"}), file=sys.stderr)
"""


def test_the_python_file_needs_torch_alone(module_of, tmp_path):
    network, architecture = NETWORKS["adaptive softmax"]
    module_of(network.eval(), architecture)
    symbols = [[1, 2], [3, 10], [0, 7]]
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(tmp_path), str(symbols)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == "[]\n", "it imports nothing but torch and the standard library"
    with torch.no_grad():
        expected = network.logits(network(torch.tensor(symbols)))
    torch.testing.assert_close(torch.tensor(eval(done.stdout)), expected, atol=1e-5, rtol=0.0)


def test_onnx_runs_at_any_batch_and_length(subject_of):
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    network = FrameModel(zoo["lstm"], 5, generator=generator(), hidden_size=4)
    exported = formats.to_onnx(subject_of(network, zoo["lstm"]))
    assert exported.difference <= 1e-5
    session = runtime.InferenceSession(exported.files[formats.ONNX])
    inputs = {each.name: each.shape for each in session.get_inputs()}
    assert inputs == {
        "frames": ["length", "batch", 5], "layer0_h": ["batch", 4], "layer0_c": ["batch", 4],
    }  # fmt: skip
    frames = torch.randn(1, 1, 5, generator=generator())
    zeros = torch.zeros(1, 4)
    given = {"frames": frames, "layer0_h": zeros, "layer0_c": zeros}
    logits, *_ = session.run(None, {name: value.numpy() for name, value in given.items()})
    with torch.no_grad():
        expected = network.logits(network(frames))
    torch.testing.assert_close(torch.from_numpy(logits), expected, atol=1e-5, rtol=0.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_graphs_compute_what_the_network_computes(name, subject_of):
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    subject = subject_of(*NETWORKS[name])
    assert formats.to_onnx(subject).difference <= 1e-5
    exported = formats.to_torch_export(subject)
    assert exported.difference <= 1e-5
    assert formats.to_torch_export(subject).files == exported.files, "byte by byte"
