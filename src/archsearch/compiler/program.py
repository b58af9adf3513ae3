"""The intermediate representation: one time step of a cell in single assignment form.

A program is a list of instructions; a value is the index of the instruction that makes it. The
first `num_sequence` instructions form the *sequence* section, computed for all time steps at once
before the time loop; the rest form the *step* section, computed once a time step.

Shapes: T time steps, B batch, X input features, H hidden features. A value of the sequence section
has a leading axis T, which a step reads at its own t; besides that a value is (B, X) for an x
source, (B, H) for elementwise results and (B, n·H) for a product of n > 1 weights, which is read
through its blocks of H columns alone. Where n > 1 cells stand side by side (`Step`), the source
h_tm1 is (B, n·H), and products alone read it.

Weights and biases are numbers in canonical order: bias j is that of the j-th Linear of the cell,
and the weights count on through the arguments of one Linear after another (see `weight_slots`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, assert_never

from archsearch.cell.step import Step, is_share_of_h, shares_of_h

Section = Literal["sequence", "step"]
StageKind = Literal["products", "region"]


@dataclass(frozen=True, slots=True)
class Source:
    """An input of the step: "x_t", "x_tm1", "h_tm1" or a memory's "c_tm1"."""

    name: str

    @property
    def operands(self) -> tuple[int, ...]:
        return ()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Start:
    """What a block of a product adds to: a value of the sequence section, a bias, or nothing."""

    value: int | None = None
    bias: int | None = None

    def __str__(self) -> str:
        if self.value is not None:
            return f" + %{self.value}"
        return "" if self.bias is None else f" + b{self.bias}"


@dataclass(frozen=True, slots=True)
class Product:
    """`operand` times each weight, side by side; block k adds to starts[k]."""

    operand: int
    weights: tuple[int, ...]
    starts: tuple[Start, ...]

    @property
    def operands(self) -> tuple[int, ...]:
        return (self.operand, *(s.value for s in self.starts if s.value is not None))

    def __str__(self) -> str:
        pairs = zip(self.weights, self.starts, strict=True)
        return f"product %{self.operand} [{', '.join(f'w{w}{s}' for w, s in pairs)}]"


@dataclass(frozen=True, slots=True)
class Block:
    """The index-th H columns of a product of several weights."""

    product: int
    index: int

    @property
    def operands(self) -> tuple[int, ...]:
        return (self.product,)

    def __str__(self) -> str:
        return f"block %{self.product} [{self.index}]"


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of `operands`, plus a bias."""

    operands: tuple[int, ...]
    bias: int | None = None

    def __str__(self) -> str:
        return f"sum {_values(self.operands)}{Start(bias=self.bias)}"


@dataclass(frozen=True, slots=True)
class Apply:
    """An elementwise operator of the cell language."""

    operator: str
    operands: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.operator} {_values(self.operands)}"


Instruction = Source | Product | Block | Sum | Apply


@dataclass(frozen=True, slots=True)
class Stage:
    """Neighbouring instructions that run as one: independent products, or an elementwise region.

    body: the instructions from body.start to body.stop. Of "products" these are products and
    their blocks; of a "region", sums and operators.
    inputs: what the body reads from outside, ascending. A region reads values of width H (or X,
    where the two are equal): sources, sequence values, single products and blocks.
    outputs: what others read of the body, or the program yields, ascending.
    """

    kind: StageKind
    section: Section
    body: range
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """One time step: instructions, and which value becomes h_t and which each memory.

    stages: empty until the schedule pass; then, in order of execution, every instruction that is
    no source stands in exactly one of them.
    """

    instructions: tuple[Instruction, ...]
    num_sequence: int
    outputs: tuple[tuple[str, int], ...]
    stages: tuple[Stage, ...] = ()

    @property
    def states(self) -> dict[str, tuple[str, ...]]:
        """State -> the outputs that it consists of: one, or the shares of h."""
        memories = {name: (name,) for name, _ in self.outputs if not is_share_of_h(name)}
        return {"h": shares_of_h(self.outputs), **memories}

    def section(self, value: int) -> Section:
        return "sequence" if value < self.num_sequence else "step"

    def stages_of(self, section: Section) -> tuple[Stage, ...]:
        return tuple(stage for stage in self.stages if stage.section == section)

    def values(self, kind: type, section: Section | None = None) -> Iterator[int]:
        """The values that instructions of one kind make, in order."""
        return (
            i
            for i, instruction in enumerate(self.instructions)
            if isinstance(instruction, kind) and section in (None, self.section(i))
        )

    def product(self, value: int) -> Product:
        """The instruction of a value that is known to be one."""
        instruction = self.instructions[value]
        assert isinstance(instruction, Product)
        return instruction

    @property
    def recurrent_operands(self) -> dict[int, int]:
        """Weight -> the value it multiplies, where that value depends on the state."""
        products = map(self.product, self.values(Product, "step"))
        return {weight: product.operand for product in products for weight in product.weights}

    def __str__(self) -> str:
        lines = ["sequence:"]
        heads = {stage.body.start: stage for stage in self.stages}
        for i, instruction in enumerate(self.instructions):
            if i == self.num_sequence:
                lines.append("step:")
            if i in heads:
                lines.append(_head(heads[i]))
            lines.append(f"  {'  ' if self.stages else ''}%{i} = {instruction}")
        if self.num_sequence == len(self.instructions):
            lines.append("step:")
        yields = ", ".join(f"{name} = %{value}" for name, value in self.outputs)
        return "\n".join((*lines, f"yield {yields}", ""))


def _values(values: tuple[int, ...]) -> str:
    return ", ".join(f"%{value}" for value in values)


def _head(stage: Stage) -> str:
    return f"  {stage.kind} ({_values(stage.inputs)}) -> ({_values(stage.outputs)}):"


def weight_slots(cell: Step) -> tuple[tuple[int, int], ...]:
    """The (Linear, argument) of every weight in canonical order; Linears count in cell.linears."""
    return tuple(
        (linear, argument)
        for linear, node in enumerate(cell.linears)
        for argument in range(len(cell.nodes[node].args))
    )


def remap(instruction: Instruction, value: Callable[[int], int]) -> Instruction:
    """The same instruction over other values."""
    match instruction:
        case Source():
            return instruction
        case Product(operand, _, starts):
            moved = tuple(
                start if start.value is None else Start(value(start.value)) for start in starts
            )
            return replace(instruction, operand=value(operand), starts=moved)
        case Block(product):
            return replace(instruction, product=value(product))
        case Sum(operands) | Apply(_, operands):
            return replace(instruction, operands=tuple(map(value, operands)))
        case _:
            assert_never(instruction)


def reorder(program: Program, order: list[int], num_sequence: int) -> Program:
    """The program with its instructions in another order; those not in `order` are dropped."""
    place = {old: new for new, old in enumerate(order)}
    return Program(
        tuple(remap(program.instructions[old], place.__getitem__) for old in order),
        num_sequence,
        tuple((name, place[value]) for name, value in program.outputs),
    )


def boundary(program: Program, body: range) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What a run of instructions reads from outside, and what of it is read outside or yielded."""
    reads = {a for i in body for a in program.instructions[i].operands}
    read_later = {
        a
        for i in range(body.stop, len(program.instructions))
        for a in program.instructions[i].operands
    } | {value for _, value in program.outputs}
    return (
        tuple(sorted(reads.difference(body))),
        tuple(sorted(read_later.intersection(body))),
    )
