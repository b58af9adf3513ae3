"""The CPU backend: kernels in C between matrix products on packed weights, over the whole sequence.

Shapes: T time steps, B batch, X input features, H hidden features.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from archsearch.cell.step import Step
from archsearch.compiler.backends.backend import Backend, Bound, State, Weights
from archsearch.compiler.backends.cpu.function import LayerCall, run_layer
from archsearch.compiler.backends.cpu.libraries import (
    FLAGS,
    cell_library,
    has_bfloat16_products,
    runtime,
)
from archsearch.compiler.backends.cpu.loop import TimeLoop
from archsearch.compiler.backends.cpu.weight_gradients import Inputs, Session
from archsearch.compiler.backends.torch_arithmetic import positional_encodings
from archsearch.compiler.pipeline import KERNEL_PASSES, compile
from archsearch.compiler.plan import Plan, plan


class CpuBackend(Backend):
    """Runs a cell with an explicit backward pass; gradients of gradients are refused.

    Under autocast to bfloat16 the factors of matrix products are rounded to it, where the processor
    multiplies them faster so; sums, state and all else stay float32. Elsewhere products stay too.

    Compiles at the first call, for the dtype of that call. Raises, then: NoNativeCode.
    """

    def __init__(self, cell: Step) -> None:
        super().__init__(cell)
        self._loops: dict[torch.dtype, TimeLoop] = {}
        self._plans: dict[bool, Plan] = {}

    @staticmethod
    def supports(x: Tensor) -> bool:
        """Whether input of this kind can run here."""
        return x.device.type == "cpu" and x.dtype in FLAGS

    def prepare(self, x: Tensor) -> None:
        """Compile, unless that was done before. Raises: NoNativeCode."""
        self._loop(x.dtype)

    def run(self, x: Tensor, weights: Weights, state: Mapping[str, Tensor]) -> tuple[Tensor, State]:
        self._check(x)
        bfloat16 = _wants_bfloat16() and has_bfloat16_products(x.dtype)
        return self._run(x, weights, state, bfloat16, None)

    def bind(self, like: Tensor, weights: Weights) -> Bound:
        self._check(like)
        bfloat16 = _wants_bfloat16() and has_bfloat16_products(like.dtype)
        session = Session(weights, bfloat16)

        def run(x: Tensor, state: Mapping[str, Tensor]) -> tuple[Tensor, State]:
            return self._run(x, session.weights, state, bfloat16, session)

        return run

    def _check(self, x: Tensor) -> None:
        if not self.supports(x):
            raise ValueError(
                'the backend "cpu" takes float32 or float64 on the CPU, '
                f'got {x.dtype} on {x.device}; take backend="auto", which finds one that can'
            )

    def _run(
        self,
        x: Tensor,
        weights: Weights,
        state: Mapping[str, Tensor],
        bfloat16: bool,
        session: Session | None,
    ) -> tuple[Tensor, State]:
        num_steps, after = len(x), dict(state)
        plan = self._plan(bool(weights.masks))
        sources = {"x_t": x}
        if "x" in state:
            sources["x_tm1"] = torch.cat((state["x"][None], x[:-1]))
            after["x"] = x[-1]
        encoding = None
        if "t" in state:
            width = state["h"].shape[1] // len(plan.program.states["h"])
            encoding = positional_encodings(int(state["t"]), num_steps, width, x).contiguous()
            after["t"] = state["t"] + num_steps
        inputs = Inputs(
            {name: sources[name] for name in plan.sources},
            {name: state[name] for name in plan.histories},
            list(weights.matrices),
            list(weights.biases),
        )
        call = LayerCall(
            plan, self._loop(x.dtype), num_steps, weights.masks, encoding, bfloat16, session
        )
        y, memories = run_layer(call, inputs)
        return y, {**after, **memories, "h": y[-1]}

    def _plan(self, masked: bool) -> Plan:
        if masked not in self._plans:
            self._plans[masked] = plan(compile(self._cell, KERNEL_PASSES), masked)
        return self._plans[masked]

    def _loop(self, dtype: torch.dtype) -> TimeLoop:
        if dtype not in self._loops:
            library = cell_library(self._cell, self._plan(masked=False), dtype)
            self._loops[dtype] = TimeLoop(runtime(dtype), library)
        return self._loops[dtype]


def _wants_bfloat16() -> bool:
    return torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") == torch.bfloat16
