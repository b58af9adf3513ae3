"""Where every value and every gradient lives while kernels run a program.

A *place* is where in the buffers a key (keys.py) lives. Keys share memory wherever that saves a
copy:

- a product of the step accumulates onto the hoisted part that it starts from, in place;
- an activation takes the place of its pre-activation, where nothing else reads that and the
  activation is all that its gradient needs, so that the backward pass need not compute it again;
- the gradient of a pre-activation is also that of the hoisted part and of the bias;
- c_{t−1} and c_t are one buffer of T + 1 rows, read and written one row apart, and so are their
  gradients, in a buffer of two rows that take turns.

Shapes: T time steps, B batch, H hidden features. A row of a buffer is (B, blocks·H).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from archsearch.cell.node import X_SOURCES
from archsearch.compiler.gradient import needs_value_alone
from archsearch.compiler.keys import (
    POSITION,
    gradient_key,
    masked_gradient_key,
    masked_key,
    output_gradient_key,
    state_gradient_key,
    state_key,
    unread_state_gradient_key,
    value_key,
)
from archsearch.compiler.layout import Layout
from archsearch.compiler.program import Apply, Block, Product, Program, Source, Start


class Rows(Enum):
    """How many rows of time a buffer has."""

    GIVEN = auto()  # made by others: x, the encoding, the gradients of y and x
    SEQUENCE = auto()  # T
    KEPT = auto()  # T where a backward pass follows, else 1
    OUTPUT = auto()  # T + 1: the initial h and y
    HISTORY = auto()  # T + 1 where a backward pass follows, else 2 that take turns
    ONE = auto()  # 1: the step at hand
    TURNS = auto()  # 2 that take turns: the step at hand and its neighbour


@dataclass(frozen=True, slots=True)
class Buffer:
    """Rows of time, each (B, blocks·H). gradient: needed in the backward pass alone."""

    rows: Rows
    blocks: int = 1
    gradient: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """The columns of `buffer` from `block`·H on; step t has row t + `shift`."""

    buffer: int
    block: int = 0
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring blocks of a product of the step, whose start is one piece of memory.

    first: the value of its first block, by which its place is known; the others lie behind it.
    hoisted: it accumulates onto a value of the sequence section; else it starts from biases.
    """

    first: int
    weights: tuple[int, ...]
    starts: tuple[Start, ...]

    @property
    def hoisted(self) -> bool:
        return self.starts[0].value is not None


class Places:
    """The buffers of a program and the place of every key.

    Keys of masks come last, so that the numbers of all others do not depend on whether there are
    masks. activations: those that take the place of their pre-activation.
    """

    def __init__(self, program: Program, layout: Layout, masked: bool) -> None:
        self.buffers: list[Buffer] = []
        self.of: dict[str, Place] = {}
        self._program = program
        self.runs = {i: tuple(_runs(program, layout, i)) for i in program.values(Product, "step")}
        self.sources = {
            instruction.name: i
            for i, instruction in enumerate(program.instructions)
            if isinstance(instruction, Source)
        }
        self.stored = _stored_states(program)
        self.histories: dict[str, int] = {}
        self._place_inputs()
        self._place_sequence()
        self._place_states()
        self._place_step()
        self.activations = frozenset(self._place_activations())
        if masked:
            for i in self.runs:
                self._place(masked_key(i), Rows.KEPT, self._blocks_of_operand(i))
                self._place(masked_gradient_key(i), Rows.ONE, self._blocks_of_operand(i))

    def _place(self, key: str, rows: Rows, blocks: int = 1) -> int:
        self.buffers.append(Buffer(rows, blocks, gradient=key.startswith("d")))
        self.of[key] = Place(len(self.buffers) - 1)
        return len(self.buffers) - 1

    def _blocks_of_operand(self, product: int) -> int:
        (operand, *_) = self._program.instructions[product].operands
        is_h = operand == self.sources.get("h_tm1")
        return len(self._program.states["h"]) if is_h else 1

    def _place_inputs(self) -> None:
        for name in X_SOURCES:
            if name in self.sources:
                self._place(value_key(self.sources[name]), Rows.GIVEN)
                self._place(gradient_key(self.sources[name]), Rows.GIVEN)
        self._place(POSITION, Rows.GIVEN)
        keys = [output_gradient_key(share) for share in self._program.states["h"]]
        self._place_blocks(keys, self._place(keys[0], Rows.GIVEN, len(keys)))

    def _place_sequence(self) -> None:
        """A value of the sequence section and its gradient have a row a time step each."""
        outputs = {v for stage in self._program.stages_of("sequence") for v in stage.outputs}
        for i in range(self._program.num_sequence):
            instruction = self._program.instructions[i]
            if isinstance(instruction, Product):
                for key in (value_key, gradient_key):
                    buffer = self._place(key(i), Rows.SEQUENCE, len(instruction.weights))
                    if len(instruction.weights) > 1:
                        self._place_blocks(
                            [key(i + 1 + k) for k in range(len(instruction.weights))], buffer
                        )
            elif i in outputs and not isinstance(instruction, Block):
                self._place(value_key(i), Rows.SEQUENCE)
                self._place(gradient_key(i), Rows.SEQUENCE)

    def _place_blocks(self, keys: list[str], buffer: int, first: int = 0) -> None:
        for block, key in enumerate(keys, first):
            self.of[key] = Place(buffer, block)

    def _place_states(self) -> None:
        for state, parts in self._program.states.items():
            history = self.histories[state] = self._history(state, parts)
            if state != "h" or any(f"{name}_tm1" in self.sources for name in (state, *parts)):
                self._place_state_gradients(state, parts)
            self._place_read(value_key, state, parts, history)

    def _history(self, state: str, parts: tuple[str, ...]) -> int:
        """The buffer of a state; a value that a region makes for it is stored there at once."""
        values = dict(self._program.outputs)
        keys = [
            value_key(values[part])
            if self.stored.get(values[part], [None])[0] == part
            else state_key(part)
            for part in parts
        ]
        history = self._place(keys[0], Rows.OUTPUT if state == "h" else Rows.HISTORY, len(parts))
        for block, key in enumerate(keys):
            self.of[key] = Place(history, block, shift=1)
        return history

    def _place_state_gradients(self, state: str, parts: tuple[str, ...]) -> None:
        turns = self._place(state_gradient_key(parts[0]), Rows.TURNS, len(parts))
        for block, part in enumerate(parts):
            self.of[state_gradient_key(part)] = Place(turns, block, shift=1)
            if f"{part}_tm1" not in self.sources:
                self.of[unread_state_gradient_key(part)] = Place(turns, block)
        self._place_read(gradient_key, state, parts, turns)

    def _place_read(
        self, key: Callable[[int], str], state: str, parts: tuple[str, ...], buffer: int
    ) -> None:
        """The state and its parts as the step reads them, or the gradients by those."""
        for block, name in ((0, state), *enumerate(parts)):
            if f"{name}_tm1" in self.sources:
                self.of[key(self.sources[f"{name}_tm1"])] = Place(buffer, block)

    def _place_step(self) -> None:
        for runs in self.runs.values():
            for run in runs:
                for key, rows in ((value_key, Rows.KEPT), (gradient_key, Rows.SEQUENCE)):
                    keys = [key(run.first + k) for k in range(len(run.weights))]
                    start = run.starts[0].value
                    if start is not None:
                        hoisted = self.of[key(start)]
                        self._place_blocks(keys, hoisted.buffer, hoisted.block)
                    else:
                        self._place_blocks(keys, self._place(keys[0], rows, len(keys)))
        stages = self._program.stages_of("step")
        read = {v for stage in stages for v in stage.inputs}
        for stage in stages:
            for v in stage.outputs if stage.kind == "region" else ():
                if value_key(v) not in self.of:
                    self._place(value_key(v), Rows.KEPT)
                if v in read:
                    self._place(gradient_key(v), Rows.ONE)

    def _place_activations(self) -> Iterator[int]:
        num_readers = Counter(a for it in self._program.instructions for a in it.operands)
        num_readers.update(value for _, value in self._program.outputs)
        for i, instruction in enumerate(self._program.instructions):
            if not isinstance(instruction, Apply) or not needs_value_alone(instruction.operator):
                continue
            operand = instruction.operands[0]
            made_here = isinstance(self._program.instructions[operand], Product | Block)
            if made_here and num_readers[operand] == 1 and value_key(i) not in self.of:
                self.of[value_key(i)] = self.of[value_key(operand)]
                yield i


def _runs(program: Program, layout: Layout, product: int) -> Iterator[Run]:
    all_weights = program.product(product).weights
    first = product if len(all_weights) == 1 else product + 1
    weights = iter(all_weights)
    for starts in layout.starts[product]:
        yield Run(first, tuple(next(weights) for _ in starts), starts)
        first += len(starts)


def _stored_states(program: Program) -> dict[int, list[str]]:
    """Value -> the states that it becomes, of the values that regions of the step make."""
    made = {
        v for stage in program.stages_of("step") if stage.kind == "region" for v in stage.outputs
    }
    states: dict[int, list[str]] = {}
    for name, value in program.outputs:
        if value in made:
            states.setdefault(value, []).append(name)
    return states
