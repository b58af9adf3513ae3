"""The reference interpreter behind the backend seam: exact, slow, without gradients."""

from collections.abc import Mapping

import torch
from torch import Tensor

from archsearch.compiler import reference
from archsearch.compiler.backends.backend import Backend, State, Weights


class ReferenceBackend(Backend):
    """Computes in float64 on the CPU whatever the dtype, and returns the dtype of x."""

    def run(self, x: Tensor, weights: Weights, state: Mapping[str, Tensor]) -> tuple[Tensor, State]:
        tensors = (x, *weights.matrices, *weights.biases, *state.values())
        if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors):
            raise ValueError(
                'the backend "reference" computes no gradients, but some are required; '
                'run it under torch.no_grad(), or take backend="auto" to train'
            )
        y, after = reference.run(
            self._cell,
            [_array(weight) for weight in weights.matrices],
            [_array(bias) for bias in weights.biases],
            _array(x),
            {name: _array(value) for name, value in state.items()},
            {weight: _array(mask) for weight, mask in weights.masks.items()},
        )
        return torch.from_numpy(y).to(x), {
            name: torch.as_tensor(after[name], dtype=value.dtype, device=value.device)
            for name, value in state.items()
        }


def _array(tensor: Tensor) -> reference.Array:
    return tensor.detach().to("cpu", torch.float64).numpy()
