"""The loss head of a language model: linear map, softmax and cross entropy in one.

Shapes: N rows, one a symbol to predict; F features; V words.
"""

from typing import Any, NamedTuple, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from archsearch.nn.cross_entropy_rows import empty_logits, rows_kernel

# A chunk's logits should stay in the caches, which wants few rows. But every chunk packs the
# weight and adds to its gradient, both (V, F), and that wants many, the more the faster the
# products are. At least 256 rows of float32 or 512 of bfloat16, whatever V; measured at V = 2,000,
# 10,000 and 33,000.
CHUNK_BYTES = 8 << 20
CHUNK_COLUMN_BYTES = 1 << 10


def linear_cross_entropy(
    features: Tensor,
    weight: Tensor,
    bias: Tensor,
    targets: Tensor,
    *,
    chunk_rows: int | None = None,
) -> Tensor:
    """Mean cross entropy, in nats a row, of targets under softmax(features Wᵀ + bias).

    Equal to F.cross_entropy(F.linear(features, weight, bias), targets), NaN and infinities
    included. But logits exist for one chunk of rows at a time, and where gradients are wanted they
    are computed there and then: backward only scales them. If the same graph is walked again, they
    are computed again. Second derivatives are refused.

    Under autocast to bfloat16 the three matrix products take and give bfloat16, as in stock
    autocast (torch's product of bfloat16 that gives float32 is for GPUs only); bias, softmax, loss
    and the sum of the weight's gradient over chunks are float32.

    With V ≤ F and no chunk_rows given, logits are no larger than the features, and torch's
    functions do the work, since they have less overhead.

    torch.nn.functional.linear_cross_entropy (torch 2.13) has the same idea, but ignores autocast
    and takes 1.1 to 1.3 times as long on one core at V = 2,000 to 33,000 with chunks of 256 rows.

    Args:
        features: (N, F).
        weight: (V, F).
        bias: (V,).
        targets: (N,) int64.
        chunk_rows: the most rows of a chunk; None: as many as take CHUNK_BYTES, or
            CHUNK_COLUMN_BYTES a word where that is more.

    Raises:
        ValueError: shapes or dtypes that do not fit, or N = 0.
        IndexError: a target outside of [0, V), looked at on a CPU only. Elsewhere torch's own
            failure, since to look would wait for all work before it.
    """
    words, width = weight.shape
    if words <= width and chunk_rows is None:
        return F.cross_entropy(F.linear(features, weight, bias), targets)
    inputs = _Inputs(features, weight, bias, targets)
    _check(inputs)
    plan = _plan(inputs, chunk_rows)
    if torch.is_grad_enabled() and any(t.requires_grad for t in (features, weight, bias)):
        return cast(Tensor, _LinearCrossEntropy.apply(*inputs, plan))  # type: ignore[no-untyped-call]
    loss, _ = _chunk_by_chunk(inputs, plan, _Wanted(False, False, False))
    return loss


class _Inputs(NamedTuple):
    features: Tensor
    weight: Tensor
    bias: Tensor
    targets: Tensor


class _Plan(NamedTuple):
    product_dtype: torch.dtype
    sum_dtype: torch.dtype  # of bias, softmax, loss, and whatever is summed over chunks
    chunk_rows: int


class _Wanted(NamedTuple):
    """Of which inputs gradients are wanted."""

    features: bool
    weight: bool
    bias: bool


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, plan: _Plan
    ) -> Tensor:
        ctx.save_for_backward(features, weight, bias, targets)
        ctx.plan, ctx.wanted = plan, _Wanted(*ctx.needs_input_grad[:3])
        inputs = _Inputs(features, weight, bias, targets)
        loss, ctx.gradients = _chunk_by_chunk(inputs, plan, ctx.wanted)
        return loss

    @staticmethod
    def backward(ctx: Any, loss_gradient: Tensor) -> tuple[Tensor | None, ...]:
        # torch's once_differentiable would let gradients pass that lack a graph without a word.
        if torch.is_grad_enabled():
            raise RuntimeError(
                "linear_cross_entropy has no second derivatives: expected create_graph=False. Use "
                "F.cross_entropy(F.linear(…)) where they are needed"
            )
        inputs = _Inputs(*ctx.saved_tensors)  # first, since it is what refuses a freed graph
        # Given away, not lent: autograd makes them a parameter's .grad, which is written to.
        gradients, ctx.gradients = ctx.gradients, None
        if gradients is None:
            _, gradients = _chunk_by_chunk(inputs, ctx.plan, ctx.wanted)
        if loss_gradient.device.type != "cpu" or loss_gradient.item() != 1.0:
            for gradient in gradients:
                if gradient is not None:
                    gradient.mul_(loss_gradient)
        return (*gradients, None, None)


def _chunk_by_chunk(
    inputs: _Inputs, plan: _Plan, wanted: _Wanted
) -> tuple[Tensor, tuple[Tensor | None, ...]]:
    """The loss, and the wanted gradients of features, weight and bias, in their dtypes."""
    n, targets = len(inputs.targets), inputs.targets.contiguous()
    x = inputs.features.detach().to(plan.product_dtype)
    w = inputs.weight.detach().to(plan.product_dtype)
    bias = inputs.bias.detach().to(plan.sum_dtype).contiguous()
    sums = _Sums(x, w, bias, wanted)
    losses = bias.new_empty(n)
    buffer = empty_logits(plan.chunk_rows, len(w), w.dtype, w.device)
    kernel = rows_kernel(buffer)
    for start in range(0, n, plan.chunk_rows):
        chunk = slice(start, start + plan.chunk_rows)
        logits = torch.mm(x[chunk], w.t(), out=buffer[: n - start])
        kernel(logits, bias, targets[chunk], losses[chunk], sums.bias)
        sums.add(chunk, logits)
    return losses.mean(), sums.gradients(inputs)


class _Sums:
    """The wanted gradients of the mean loss, while they grow from chunk to chunk."""

    def __init__(self, x: Tensor, w: Tensor, bias: Tensor, wanted: _Wanted) -> None:
        """x (N, F) and w (V, F) are the products' operands; bias (V,) has the sums' dtype."""
        self._x, self._w, self._wanted = x, w, wanted
        self._share = 1.0 / len(x)  # of a row in the mean
        self._features = torch.empty_like(x) if wanted.features else None
        self._weight = torch.empty_like(w, dtype=bias.dtype) if wanted.weight else None
        narrow = wanted.weight and w.dtype != bias.dtype
        self._weight_of_chunk = torch.empty_like(w) if narrow else None
        # For the kernel, None means that no gradient is wanted. Without the share.
        self.bias = torch.zeros_like(bias) if any(wanted) else None

    def add(self, chunk: slice, g: Tensor) -> None:
        """Take in a chunk of rows whose logits, without the share, have the gradient g (R, V)."""
        if self._features is not None:
            self._features[chunk].addmm_(g, self._w, beta=0, alpha=self._share)
        if self._weight is not None:
            self._add_weight(self._weight, g.t(), self._x[chunk], first=chunk.start == 0)

    def _add_weight(self, total: Tensor, g: Tensor, x: Tensor, *, first: bool) -> None:
        if self._weight_of_chunk is None:
            total.addmm_(g, x, beta=0 if first else 1, alpha=self._share)
            return
        self._weight_of_chunk.addmm_(g, x, beta=0, alpha=self._share)
        if first:
            total.copy_(self._weight_of_chunk)
        else:
            total += self._weight_of_chunk

    def gradients(self, inputs: _Inputs) -> tuple[Tensor | None, ...]:
        """Of features, weight and bias, in their dtypes."""
        bias = self.bias.mul_(self._share) if self.bias is not None and self._wanted.bias else None
        sums = (self._features, self._weight, bias)
        return tuple(
            None if total is None else total.to(tensor.dtype)
            for total, tensor in zip(sums, inputs[:3], strict=True)
        )


def _plan(inputs: _Inputs, chunk_rows: int | None) -> _Plan:
    dtype = _product_dtype(inputs.features, inputs.weight)
    n, words, itemsize = len(inputs.features), len(inputs.weight), dtype.itemsize
    if chunk_rows is None:
        chunk_rows = max(CHUNK_BYTES // (words * itemsize), CHUNK_COLUMN_BYTES // itemsize)
    num_chunks = -(-n // chunk_rows)
    sum_dtype = torch.float64 if dtype == torch.float64 else torch.float32
    return _Plan(dtype, sum_dtype, -(-n // num_chunks))  # chunks of one size, as far as they go


def _product_dtype(features: Tensor, weight: Tensor) -> torch.dtype:
    """As under stock autocast to bfloat16. To float16 is ignored: its range is too small here."""
    device = features.device.type
    if (
        features.dtype != torch.float64
        and torch.is_autocast_enabled(device)
        and torch.get_autocast_dtype(device) == torch.bfloat16
    ):
        return torch.bfloat16
    return torch.promote_types(features.dtype, weight.dtype)


def _check(inputs: _Inputs) -> None:
    n, (words, width) = len(inputs.targets), inputs.weight.shape
    if n == 0:
        raise ValueError("targets: expected at least one, got none; their mean would be 0 / 0")
    expected = ((n, width), (words, width), (words,), (n,))
    for name, tensor, shape in zip(inputs._fields, inputs, expected, strict=True):
        if tensor.shape != shape:
            raise ValueError(
                f"{name}: expected shape {shape} with {n} targets and weight {words} × {width}, "
                f"got {tuple(tensor.shape)}"
            )
    check_targets(inputs.targets, words)


def check_targets(targets: Tensor, num_words: int) -> None:
    """Raise ValueError or IndexError unless targets are int64 in [0, num_words)."""
    if targets.dtype != torch.int64:
        raise ValueError(f"targets: expected int64, got {targets.dtype}")
    if targets.device.type != "cpu":
        return
    low, high = (bound.item() for bound in targets.aminmax())
    if low < 0 or high >= num_words:
        raise IndexError(f"targets: expected 0 to {num_words - 1}, got {low} to {high}")
