"""What a backend that runs kernels does, in which order: stages become operations on places.

Forward, the sequence section runs once over all time steps, then the operations of one step run
for every step. Backward, the same in reverse: the operations of the step's gradients from the last
step to the first, then all weights' gradients in one product each, then the sequence section.

Shapes: T time steps, B batch, H hidden features.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from archsearch.cell.node import X_SOURCES
from archsearch.cell.step import is_share_of_h
from archsearch.compiler.gradient import Kernel, backward_kernel, forward_kernel
from archsearch.compiler.keys import (
    gradient_key,
    masked_gradient_key,
    masked_key,
    output_gradient_key,
    state_gradient_key,
    state_key,
    unread_state_gradient_key,
    value_key,
)
from archsearch.compiler.layout import layout
from archsearch.compiler.places import Buffer, Place, Places, Run
from archsearch.compiler.program import Block, Product, Program, Source, Stage, Start


@dataclass(frozen=True, slots=True)
class Multiply:
    """result = biases + operand · [W₁ᵀ W₂ᵀ …], or, `transposed`, operand · [W₁; W₂; …].

    biases: one for each weight, None for zero. `add`: onto what is there, too.
    for_initial: in the first step this is part of the gradient of the initial state alone.
    """

    operand: str
    result: str
    weights: tuple[int, ...]
    biases: tuple[int | None, ...] = ()
    transposed: bool = False
    add: bool = False
    for_initial: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """result = operand ∘ the mask of a weight, (B, H); `add`: onto what is there."""

    operand: str
    result: str
    weight: int
    add: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """Run a kernel."""

    kernel: str


@dataclass(frozen=True, slots=True)
class Clear:
    """result = 0."""

    result: str


Operation = Multiply | Scale | Call | Clear


@dataclass(frozen=True, slots=True)
class SequenceProduct:
    """A product for all time steps at once: result (T·B, n·H) from the operand (T·B, ·).

    add_gradient: other readers of the operand have given their share of its gradient before.
    """

    operand: int
    result: int
    weights: tuple[int, ...]
    biases: tuple[int | None, ...]
    add_gradient: bool = False


@dataclass(frozen=True, slots=True)
class Deferred:
    """Weights of the step, whose gradient is (gradient)ᵀ · operand over all steps at once.

    biases: of those blocks that start from a bias, whose gradient is the sum of the block's.
    """

    operand: str
    gradient: str
    weights: tuple[int, ...]
    biases: tuple[int | None, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """All that a backend needs to know of a program to run it with kernels.

    places: of every key, see places.py; their order numbers them.
    histories: state -> its buffer, whose first row is the initial state.
    sources: x source -> its value, of those that the program reads.
    before, after: the sequence section and its gradients, before and after the time loops.
    forward, backward: one step of either time loop.
    """

    program: Program
    buffers: tuple[Buffer, ...]
    places: Mapping[str, Place]
    histories: Mapping[str, int]
    sources: Mapping[str, int]
    kernels: tuple[Kernel, ...]
    before: tuple[SequenceProduct | Call, ...]
    forward: tuple[Operation, ...]
    backward: tuple[Operation, ...]
    deferred: tuple[Deferred, ...]
    after: tuple[SequenceProduct | Call, ...]

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """Key -> the number of its place."""
        return {key: number for number, key in enumerate(self.places)}


def plan(program: Program, masked: bool) -> Plan:
    """The plan of a scheduled program.

    masked: what multiplies weights of the step is multiplied by their mask first. The kernels are
    the same with and without masks, and so are the numbers of the places that they use.
    """
    return _Planner(program, masked).plan()


class _Planner:
    """Walks the stages forward, then backward, where the order of the readers of a value decides
    which of them writes its gradient and which add to it."""

    def __init__(self, program: Program, masked: bool) -> None:
        self._program = program
        self._masked = masked
        self._places = Places(program, layout(program), masked)
        self._kernels: list[Kernel] = []
        self._written: set[str] = set()
        self._cleared: set[str] = set()

    def plan(self) -> Plan:
        sequence = self._program.stages_of("sequence")
        step = [*self._program.stages_of("step"), *self._copying_stage()]
        before = [op for stage in sequence for op in self._before(stage)]
        forward = [op for stage in step for op in self._forward(stage)]
        backward: list[Operation] = [*self._clear_shares_of_h()]
        backward += [op for stage in reversed(step) for op in self._backward(stage)]
        backward += self._clear_unread_states()
        after = [op for stage in reversed(sequence) for op in self._after(stage)]
        return Plan(
            self._program,
            tuple(self._places.buffers),
            self._places.of,
            self._places.histories,
            {name: i for name, i in self._places.sources.items() if name in X_SOURCES},
            tuple(self._kernels),
            tuple(before),
            tuple(forward),
            tuple(backward),
            tuple(self._deferred()),
            tuple(after),
        )

    def _copying_stage(self) -> Iterator[Stage]:
        """A last region without instructions, for states that become what no region makes."""
        copied = {v for _, v in self._program.outputs if v not in self._places.stored}
        if copied:
            end = len(self._program.instructions)
            values = tuple(sorted(copied))
            yield Stage("region", "step", range(end, end), values, values)

    def _before(self, stage: Stage) -> Iterator[SequenceProduct | Call]:
        if stage.kind == "products":
            yield from (self._sequence_product(i) for i in _products(self._program, stage))
        else:
            stores = {v: [value_key(v)] for v in self._kept(stage)}
            yield self._call(forward_kernel(_name(stage), self._program, stage, stores))

    def _forward(self, stage: Stage) -> Iterator[Operation]:
        if stage.kind == "products":
            for i in _products(self._program, stage):
                yield from self._product(i)
        else:
            stores = {v: self._stored_at(v) for v in self._kept(stage)}
            yield self._call(forward_kernel(_name(stage), self._program, stage, stores))

    def _backward(self, stage: Stage) -> Iterator[Operation]:
        if stage.kind == "products":
            for i in _products(self._program, stage):
                yield from self._operand_gradient(i)
        else:
            yield self._gradient_call(stage, {v: self._gradients_of(v) for v in stage.outputs})

    def _after(self, stage: Stage) -> Iterator[SequenceProduct | Call]:
        if stage.kind == "products":
            for i in _products(self._program, stage):
                operand = gradient_key(self._program.product(i).operand)
                yield self._sequence_product(i, self._adds(operand))
        else:
            yield self._gradient_call(stage, {v: [gradient_key(v)] for v in stage.outputs})

    def _sequence_product(self, i: int, add_gradient: bool = False) -> SequenceProduct:
        product = self._program.product(i)
        moved = {
            bias
            for runs in self._places.runs.values()
            for run in runs
            for bias in self._biases(run)
        }
        biases = tuple(None if s.bias in moved else s.bias for s in product.starts)
        return SequenceProduct(product.operand, i, product.weights, biases, add_gradient)

    def _product(self, i: int) -> Iterator[Operation]:
        operand = value_key(self._program.product(i).operand)
        if self._masked:
            yield Scale(operand, masked_key(i), self._program.product(i).weights[0])
            operand = masked_key(i)
        for run in self._places.runs[i]:
            result = value_key(run.first)
            yield Multiply(operand, result, run.weights, self._biases(run), add=run.hoisted)

    def _operand_gradient(self, i: int) -> Iterator[Operation]:
        product = self._program.product(i)
        result = gradient_key(product.operand)
        of_state = isinstance(self._program.instructions[product.operand], Source)
        if self._masked:
            target, add = masked_gradient_key(i), False
        else:
            target, add = result, self._adds(result)
        for run in self._places.runs[i]:
            gradient = gradient_key(run.first)
            yield Multiply(gradient, target, run.weights, (), True, add, for_initial=of_state)
            add = True
        if self._masked:
            yield Scale(target, result, product.weights[0], self._adds(result))

    def _gradient_call(self, stage: Stage, gradients: Mapping[int, list[str]]) -> Call:
        stores = {v: (gradient_key(v), self._adds(gradient_key(v))) for v in stage.inputs}
        name = f"{_name(stage)}_gradient"
        kept = self._kept(stage)
        return self._call(backward_kernel(name, self._program, stage, gradients, stores, kept))

    def _kept(self, stage: Stage) -> list[int]:
        """The values of a region that are in memory after it."""
        activations = self._places.activations.intersection(stage.body)
        return sorted(activations.union(stage.outputs))

    def _stored_at(self, value: int) -> list[str]:
        """The keys to store what the step makes of a value: its own, and a state's."""
        states = self._places.stored.get(value)
        if states is not None:
            return [value_key(value), *map(state_key, states[1:])]
        copies = [state_key(name) for name, v in self._program.outputs if v == value]
        return copies or [value_key(value)]

    def _gradients_of(self, value: int) -> list[str]:
        """The keys whose sum is the gradient of a value that a region of the step yields."""
        keys = []
        for name, v in self._program.outputs:
            if v == value:
                keys += [output_gradient_key(name)] if is_share_of_h(name) else []
                key = state_gradient_key(name)
                keys += [key] if key in self._places.of else []
        if gradient_key(value) in self._written:
            keys.append(gradient_key(value))
        return keys

    def _adds(self, key: str) -> bool:
        """Whether others have written to the key before; from now on they have."""
        adds = key in self._written or key in self._cleared
        self._written.add(key)
        return adds

    def _clear_shares_of_h(self) -> Iterator[Clear]:
        """Where h has several shares, the gradients by h_{t−1} and by its shares are one memory, to
        which all who read any of them add."""
        shares = self._program.states["h"]
        if len(shares) == 1:
            return
        for name in ("h", *shares):
            key = unread_state_gradient_key(name)
            if f"{name}_tm1" in self._places.sources:
                key = gradient_key(self._places.sources[f"{name}_tm1"])
                self._cleared.add(key)
            if name in shares and key in self._places.of:
                yield Clear(key)

    def _clear_unread_states(self) -> Iterator[Clear]:
        """Nothing gives a state that is never read a gradient, but the one from outside must not
        come again at every step."""
        for name, parts in self._program.states.items():
            if len(parts) == 1 and unread_state_gradient_key(name) in self._places.of:
                yield Clear(unread_state_gradient_key(name))

    def _deferred(self) -> Iterator[Deferred]:
        for i, runs in self._places.runs.items():
            operand = masked_key(i) if self._masked else value_key(self._program.product(i).operand)
            for run in runs:
                yield Deferred(operand, gradient_key(run.first), run.weights, self._biases(run))

    def _biases(self, run: Run) -> tuple[int | None, ...]:
        """The biases of a run's blocks. Where a block starts from a hoisted product, the bias of
        that is added here as well, which costs nothing, and not in a pass of its own before."""
        return tuple(self._bias(start) for start in run.starts)

    def _bias(self, start: Start) -> int | None:
        if start.value is None:
            return start.bias
        match self._program.instructions[start.value]:
            case Product(starts=starts):
                return starts[0].bias
            case Block(product, index):
                return self._program.product(product).starts[index].bias
            case _:
                return None

    def _call(self, kernel: Kernel) -> Call:
        self._kernels.append(kernel)
        return Call(kernel.name)


def _products(program: Program, stage: Stage) -> list[int]:
    return [i for i in stage.body if isinstance(program.instructions[i], Product)]


def _name(stage: Stage) -> str:
    return f"{stage.section}_{stage.body.start}"
