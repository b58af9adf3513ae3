"""linear_cross_entropy against torch's own linear map and cross entropy."""

import logging
from collections.abc import Callable, Iterator
from itertools import product

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from archsearch.nn import cross_entropy_rows
from archsearch.nn.cross_entropy import linear_cross_entropy

N, WIDTH, WORDS = 13, 6, 37  # more words than features: few words are left to torch
Loss = Callable[..., Tensor]


@pytest.fixture(params=["native", "torch"])
def kernel(request, monkeypatch, tmp_path) -> Iterator[str]:
    """Run a test with the C kernel, and with torch's operations in its place."""
    if request.param == "torch":
        take_compiler_away(monkeypatch, tmp_path)
    cross_entropy_rows._library.cache_clear()
    if request.param == "native" and cross_entropy_rows._library() is None:
        pytest.skip("needs a C compiler")
    yield request.param
    cross_entropy_rows._library.cache_clear()


def take_compiler_away(monkeypatch, tmp_path) -> None:
    """And all that was compiled before."""
    monkeypatch.setenv("CC", "no-such-compiler")
    monkeypatch.setenv("ARCHSEARCH_CACHE", str(tmp_path))


def stock(features: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(F.linear(features, weight, bias), targets)


def problem(dtype=torch.float64, n=N, width=WIDTH, words=WORDS, scale=1.0) -> list[Tensor]:
    """Features, weight, bias, targets."""
    draws = torch.Generator().manual_seed(n * words)
    shapes = ((n, width), (words, width), (words,))
    inputs = [scale * torch.randn(s, dtype=torch.float64, generator=draws) for s in shapes]
    targets = torch.randint(words, (n,), generator=draws)
    return [*(x.to(dtype).requires_grad_() for x in inputs), targets]


def loss_and_gradients(loss: Loss, inputs: list[Tensor], **options) -> list[Tensor]:
    value = loss(*inputs, **options)
    wanted = [x for x in inputs if x.requires_grad]
    return [value.detach(), *torch.autograd.grad(value, wanted)]


def doubles(inputs: list[Tensor]) -> list[Tensor]:
    *floats, targets = inputs
    return [*(x.detach().double().requires_grad_(x.requires_grad) for x in floats), targets]


def assert_all_close(actual: list[Tensor], expected: list[Tensor], tolerance: float) -> None:
    for a, e in zip(actual, expected, strict=True):
        torch.testing.assert_close(a.to(e.dtype), e, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("chunk_rows", [None, 1, 5, N, 100])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 2e-6)])
def test_loss_and_gradients_are_torchs(kernel, dtype, tolerance, chunk_rows):
    for words in (2, WIDTH, WORDS, 64):
        inputs = problem(dtype, words=words)
        actual = loss_and_gradients(linear_cross_entropy, inputs, chunk_rows=chunk_rows)
        assert [a.dtype for a in actual] == [dtype] * 4
        assert_all_close(actual, loss_and_gradients(stock, doubles(inputs)), tolerance)


def test_large_logits_neither_overflow_nor_vanish(kernel):
    inputs = problem(torch.float32, scale=30.0)
    expected = loss_and_gradients(stock, doubles(inputs))
    assert expected[0] > 1000
    assert_all_close(loss_and_gradients(linear_cross_entropy, inputs), expected, 1e-4)


def test_numerical_gradients():
    *inputs, targets = problem()
    torch.autograd.gradcheck(
        lambda *x: linear_cross_entropy(*x, targets, chunk_rows=5), inputs, check_grad_dtypes=True
    )


def test_under_autocast_products_are_bfloat16_and_everything_else_float32(kernel):
    inputs = problem(torch.float32, scale=0.5)
    features, weight, bias, targets = inputs
    with torch.autocast("cpu", torch.bfloat16):
        actual = loss_and_gradients(linear_cross_entropy, inputs, chunk_rows=5)
    assert [a.dtype for a in actual] == [torch.float32] * 4
    rounded = (features.bfloat16() @ weight.bfloat16().t()).double() + bias.double()
    torch.testing.assert_close(
        actual[0].double(), F.cross_entropy(rounded, targets), rtol=1e-6, atol=0
    )
    assert_all_close(actual, loss_and_gradients(stock, doubles(inputs)), 2e-2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_autocast_leaves_float64_alone(dtype):
    inputs = problem(dtype)
    with torch.autocast("cpu", torch.bfloat16):
        exact = torch.equal(
            linear_cross_entropy(*inputs), linear_cross_entropy(*doubles(inputs)).to(dtype)
        )
    assert exact == (dtype == torch.float64)


def test_without_gradients_only_the_loss_is_computed():
    inputs = problem()
    with torch.no_grad(), Operations() as operations:
        loss = linear_cross_entropy(*inputs, chunk_rows=5)
    assert not loss.requires_grad
    assert loss == linear_cross_entropy(*inputs, chunk_rows=5)
    assert operations.num_products == 3  # one a chunk


@pytest.mark.parametrize("wanted", [*product((False, True), repeat=3)])
def test_what_needs_no_gradient_costs_no_product(kernel, wanted):
    inputs = problem(torch.float32)
    for x, want in zip(inputs, wanted, strict=False):
        x.requires_grad_(want)
    with Operations() as operations:
        loss = linear_cross_entropy(*inputs)
        if any(wanted):
            loss.backward()
    assert operations.num_products == 1 + wanted[0] + wanted[1]
    assert [x.grad is not None for x in inputs[:3]] == list(wanted)
    if any(wanted):
        expected = loss_and_gradients(stock, doubles(inputs))[1:]
        assert_all_close([x.grad for x in inputs if x.requires_grad], expected, 2e-6)


def test_a_graph_may_be_walked_again_after_its_gradients_were_written_to():
    inputs = problem()
    loss = linear_cross_entropy(*inputs)
    loss.backward(retain_graph=True)
    first = [x.grad.clone() for x in inputs[:3]]
    for x in inputs[:3]:
        x.grad.fill_(7.0)
    loss.backward()
    for x, gradient in zip(inputs, first, strict=False):
        torch.testing.assert_close(x.grad, gradient + 7.0)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_a_loss_may_be_scaled_and_used_in_several_terms():
    def objective(head: Loss) -> Loss:
        def value(features: Tensor, *rest: Tensor) -> Tensor:
            loss = head(features, *rest)
            return 3.0 * loss + loss.square() + features.square().mean()

        return value

    actual = loss_and_gradients(objective(linear_cross_entropy), problem())
    assert_all_close(actual, loss_and_gradients(objective(stock), problem()), 1e-12)


def test_weight_that_is_the_embedding_too():
    def tied(head: Loss) -> list[Tensor]:
        _, weight, bias, targets = problem()
        value = head(F.embedding(targets.flip(0), weight).tanh(), weight, bias, targets)
        return [value, *torch.autograd.grad(value, (weight, bias))]

    assert_all_close(tied(linear_cross_entropy), tied(stock), 1e-12)


def test_second_derivatives_are_refused():
    features, *rest = problem()
    loss = linear_cross_entropy(features, *rest)
    with pytest.raises(RuntimeError, match="create_graph"):
        torch.autograd.grad(loss, features, create_graph=True)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("chunk_rows", [None, 1])
def test_divergence_is_seen(kernel, value, chunk_rows):
    features, weight, bias, targets = problem(torch.float32)
    with torch.no_grad():
        features[0, 0] = value
    loss, *gradients = loss_and_gradients(
        linear_cross_entropy, [features, weight, bias, targets], chunk_rows=chunk_rows
    )
    assert loss.isnan()
    assert gradients[0][0].isnan().all()
    assert gradients[0][1:].isfinite().all()  # the rows of others, as in torch
    assert gradients[1].isnan().any()


def test_an_impossible_word_costs_infinitely_much(kernel):
    features, weight, bias, targets = problem(torch.float32)
    with torch.no_grad():
        bias[targets[0]] = -torch.inf
    assert linear_cross_entropy(features, weight, bias, targets) == torch.inf
    others = targets != targets[0]
    inputs = [features[others], weight, bias, targets[others]]
    torch.testing.assert_close(linear_cross_entropy(*inputs), stock(*inputs))


@pytest.mark.parametrize("autocast", [False, True])
def test_logits_never_exist_longer_than_a_chunk(kernel, autocast):
    n, width, words = 64, 4, 1000
    inputs = problem(torch.float32, n, width, words)
    with Operations() as operations, torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        linear_cross_entropy(*inputs, chunk_rows=8).backward()
    assert operations.largest < 1.1 * max(8 * words, width * words)


def test_chunks_of_a_large_vocabulary_are_no_larger_than_promised():
    words = 100_000
    inputs = problem(torch.float32, 600, 1, words)
    with Operations() as operations:
        linear_cross_entropy(*inputs)
    assert operations.largest < 1.1 * 256 * words


def test_threads_share_the_rows(kernel, monkeypatch):
    inputs = problem(torch.float32)
    expected = loss_and_gradients(linear_cross_entropy, inputs)
    for threads in (2, 3, 50):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        assert_all_close(loss_and_gradients(linear_cross_entropy, inputs), expected, 1e-6)


def test_operands_need_not_be_contiguous(kernel):
    inputs = problem(torch.float32)
    strided = [torch.stack((x.detach(), x.detach()), -1)[..., 0] for x in inputs]
    strided = [x.requires_grad_(x.is_floating_point()) for x in strided]
    assert not any(x.is_contiguous() for x in strided)
    assert_all_close(
        loss_and_gradients(linear_cross_entropy, strided),
        loss_and_gradients(linear_cross_entropy, inputs),
        1e-6,
    )


def test_nothing_is_asked_of_a_device_that_only_it_knows():
    inputs = [x.detach().to("meta").requires_grad_(x.requires_grad) for x in problem()]
    loss = linear_cross_entropy(*inputs)
    loss.backward()
    assert loss.device == inputs[0].grad.device == torch.device("meta")


def test_no_compiler_means_torchs_operations_and_one_warning(monkeypatch, caplog, tmp_path):
    take_compiler_away(monkeypatch, tmp_path)
    cross_entropy_rows._library.cache_clear()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            linear_cross_entropy(*problem(torch.float32))
    cross_entropy_rows._library.cache_clear()
    (record,) = caplog.records
    assert "no C compiler" in record.getMessage()


@pytest.mark.parametrize("target", [-1, WORDS])
def test_a_target_out_of_range_is_an_error(target):
    *rest, targets = problem()
    targets[3] = target
    with pytest.raises(IndexError, match=f"expected 0 to {WORDS - 1}, got .*{target}"):
        linear_cross_entropy(*rest, targets)


def test_inputs_that_do_not_fit_are_errors():
    features, weight, bias, targets = problem()
    with pytest.raises(ValueError, match=rf"features: expected shape \({N}, {WIDTH}\)"):
        linear_cross_entropy(features[:, 1:], weight, bias, targets)
    with pytest.raises(ValueError, match=rf"bias: expected shape \({WORDS},\)"):
        linear_cross_entropy(features, weight, bias[1:], targets)
    with pytest.raises(ValueError, match="targets: expected at least one"):
        linear_cross_entropy(features[:0], weight, bias, targets[:0])
    with pytest.raises(ValueError, match=r"expected int64, got torch\.int32"):
        linear_cross_entropy(features, weight, bias, targets.int())


class Operations(TorchDispatchMode):
    """Counts matrix products, and the numbers in the largest tensor that came out of anything."""

    def __init__(self) -> None:
        super().__init__()
        self.num_products, self.largest = 0, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        self.num_products += "mm" in func.overloadpacket.__name__
        tensors = result if isinstance(result, tuple | list) else (result,)
        sizes = [t.numel() for t in tensors if isinstance(t, Tensor)]
        self.largest = max(self.largest, *sizes, 0)
        return result
