"""Forward and explicit backward of a recurrent layer, as one node of PyTorch's graph.

Shapes: T time steps, B batch, X input features, H hidden features. Where n cells stand side by side
(archsearch.cell.step), y is (T, B, n·H) and h (B, n·H).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from archsearch.compiler.backends.cpu.encoding import Parameters
from archsearch.compiler.backends.cpu.loop import TimeLoop
from archsearch.compiler.backends.cpu.tape import Sizes, Tape
from archsearch.compiler.backends.cpu.weight_gradients import (
    Inputs,
    Product,
    Session,
    refuse_second_gradients,
    weight_gradients,
)
from archsearch.compiler.keys import (
    POSITION,
    gradient_key,
    output_gradient_key,
    state_gradient_key,
    value_key,
)
from archsearch.compiler.places import Rows
from archsearch.compiler.plan import Call, Multiply, Plan, SequenceProduct
from archsearch.compiler.program import Source


@dataclass(frozen=True)
class LayerCall:
    """What one call of a layer needs besides the tensors that have gradients.

    plan: with or without masks. encoding: p(t) (T, H) where the cell has a PosEnc.
    bfloat16: whether the factors of matrix products are rounded to it.
    session: where this is one of many calls; masks and bfloat16 are then those of the session.
    """

    plan: Plan
    loop: TimeLoop
    num_steps: int
    masks: Mapping[int, Tensor]
    encoding: Tensor | None
    bfloat16: bool
    session: Session | None = None

    def parameters(self, inputs: Inputs) -> Parameters:
        if self.session is not None:
            return self.session.parameters
        return Parameters.of(inputs.weights, inputs.biases, self.masks, self.bfloat16)


def run_layer(call: LayerCall, inputs: Inputs) -> tuple[Tensor, dict[str, Tensor]]:
    """y (T, B, H), and the memories after the last step; h is the last row of y."""
    flat = inputs.flat
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in flat):
        y, *memories = cast(tuple[Tensor, ...], _Layer.apply(call, inputs, *flat))  # type: ignore[no-untyped-call]
    else:
        y, *memories = _outputs(_forward(call, inputs, keep=False))
    return y, dict(zip(_memories(call.plan), memories, strict=True))


class _Layer(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, call: LayerCall, names: Inputs, *flat: Tensor) -> tuple[Tensor, ...]:
        tape = _forward(call, names.like(flat), keep=True)
        ctx.call, ctx.sizes, ctx.names = call, tape.sizes, names.like([None] * len(flat))
        ctx.present = [buffer is not None for buffer in tape.buffers]
        ctx.save_for_backward(*flat, *(buffer for buffer in tape.buffers if buffer is not None))
        ctx.set_materialize_grads(False)
        return _outputs(tape)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        with torch.no_grad():
            result = _Layer._gradients(ctx, gradients)
        if torch.is_grad_enabled():  # create_graph=True
            result = refuse_second_gradients(result)
        return None, None, *result

    @staticmethod
    def _gradients(ctx: Any, gradients: Sequence[Tensor | None]) -> list[Tensor | None]:
        saved = iter(ctx.saved_tensors)
        inputs = ctx.names.like([next(saved) for _ in ctx.names.flat])
        buffers = tuple(next(saved) if present else None for present in ctx.present)
        tape = Tape(ctx.call.plan, ctx.sizes, buffers)
        wanted = ctx.names.like(ctx.needs_input_grad[2:])
        return _backward(ctx.call, inputs, wanted, tape, gradients).flat


def _memories(plan: Plan) -> list[str]:
    return [name for name in plan.histories if name != "h"]


def _forward(call: LayerCall, inputs: Inputs, keep: bool) -> Tape:
    plan, h = call.plan, inputs.states["h"]
    given = {value_key(plan.sources[name]): x.contiguous() for name, x in inputs.sources.items()}
    if call.encoding is not None:
        given[POSITION] = call.encoding
    batch, width = len(h), h.shape[1] // len(plan.program.states["h"])
    tape = Tape.begin(plan, Sizes(call.num_steps, batch, width, keep), given, like=h)
    for name, initial in inputs.states.items():
        tape.history(name)[0] = initial
    parameters = call.parameters(inputs)
    for operation in plan.before:
        if isinstance(operation, Call):
            call.loop.run((operation,), tape, parameters)
        else:
            _multiply_sequence(operation, call.loop, tape, parameters)
    call.loop.run(plan.forward, tape, parameters)
    return tape


def _outputs(tape: Tape) -> tuple[Tensor, ...]:
    last = tape.sizes.num_steps & tape.sizes.turns(Rows.HISTORY)
    memories = [tape.history(name)[last].clone() for name in _memories(tape.plan)]
    return tape.history("h")[1:], *memories


def _multiply_sequence(
    it: SequenceProduct, loop: TimeLoop, tape: Tape, parameters: Parameters
) -> None:
    operand = tape.over_time(value_key(it.operand))
    result = tape.over_time(value_key(it.result), len(it.weights))
    if parameters.bfloat16:
        product = Multiply("operand", "result", it.weights, it.biases)
        loop.multiply(product, operand, result, parameters)
        return
    torch.mm(operand, parameters.stacked(it.weights).t(), out=result)
    blocks = result.view(len(result), len(it.weights), -1).unbind(1)
    for block, bias in zip(blocks, it.biases, strict=True):
        if bias is not None:
            block += parameters.biases[bias]


def _backward(
    call: LayerCall,
    inputs: Inputs,
    wanted: Inputs,
    tape: Tape,
    gradients: Sequence[Tensor | None],
) -> Inputs:
    """The gradient with respect to each input that wants one, None for the others."""
    plan, h = call.plan, inputs.states["h"]
    given = {
        gradient_key(plan.sources[name]): torch.empty_like(x, memory_format=torch.contiguous_format)
        for name, x in inputs.sources.items()
    }
    y_gradient = gradients[0]
    if y_gradient is None:
        y_gradient = h.new_zeros(call.num_steps, *h.shape)
    given[output_gradient_key(plan.program.states["h"][0])] = y_gradient.contiguous()
    tape = tape.with_gradients(given, like=h)
    _start_from_final_states(tape, gradients[1:])
    parameters = call.parameters(inputs)
    call.loop.run(
        plan.backward, tape, parameters, backward=True, wants_initial=any(wanted.states.values())
    )
    result = wanted.like([None] * len(wanted.flat))
    for deferred in plan.deferred:
        num_blocks = inputs.weights[deferred.weights[0]].shape[1] // tape.sizes.width
        operand = tape.over_time(deferred.operand, num_blocks)
        gradient = tape.over_time(deferred.gradient, len(deferred.weights))
        _take_weight_gradients(call, deferred, operand, gradient, wanted, result)
    for operation in plan.after:
        if isinstance(operation, Call):
            call.loop.run((operation,), tape, parameters, backward=True)
        else:
            _sequence_gradients(call, operation, tape, parameters, wanted, result)
    for name in inputs.sources:
        if wanted.sources[name]:
            result.sources[name] = given[gradient_key(plan.sources[name])]
    for name in inputs.states:
        result.states[name] = _initial_gradient(tape, name)
    return result


def _start_from_final_states(tape: Tape, gradients: Sequence[Tensor | None]) -> None:
    """What comes from outside by the states after the last step; by h it comes through y."""
    by_memory = dict(zip(_memories(tape.plan), gradients, strict=True))
    for name in tape.plan.histories:
        gradients_of_state = _state_gradients(tape, name)
        if gradients_of_state is not None:
            gradient = by_memory.get(name)
            last = gradients_of_state[tape.sizes.num_steps % 2]
            last.zero_() if gradient is None else last.copy_(gradient)


def _initial_gradient(tape: Tape, name: str) -> Tensor | None:
    gradients = _state_gradients(tape, name)
    return None if gradients is None else gradients[0]


def _state_gradients(tape: Tape, name: str) -> Tensor | None:
    """Of the whole state, whatever it consists of, at two neighbouring steps; None for an h that
    is never read."""
    key = state_gradient_key(tape.plan.program.states[name][0])
    return tape.buffer(key) if key in tape.plan.places else None


def _sequence_gradients(
    call: LayerCall,
    it: SequenceProduct,
    tape: Tape,
    parameters: Parameters,
    wanted: Inputs,
    result: Inputs,
) -> None:
    operand = tape.over_time(value_key(it.operand))
    gradient = tape.over_time(gradient_key(it.result), len(it.weights))
    _take_weight_gradients(call, it, operand, gradient, wanted, result)
    source = tape.plan.program.instructions[it.operand]
    if isinstance(source, Source) and not wanted.sources[source.name]:
        return
    operand_gradient = tape.over_time(gradient_key(it.operand))
    if parameters.bfloat16:
        product = Multiply("gradient", "result", it.weights, (), True, it.add_gradient)
        call.loop.multiply(product, gradient, operand_gradient, parameters)
    elif it.add_gradient:
        operand_gradient.addmm_(gradient, parameters.stacked(it.weights))
    else:
        torch.mm(gradient, parameters.stacked(it.weights), out=operand_gradient)


def _take_weight_gradients(
    call: LayerCall,
    it: Product,
    operand: Tensor,
    gradient: Tensor,
    wanted: Inputs,
    result: Inputs,
) -> None:
    if call.session is None:
        weight_gradients(it, operand, gradient, call.bfloat16, wanted, result)
    else:
        call.session.factors.put_off(it, operand, gradient)
