"""Each pass as text before and after, in golden/; UPDATE_GOLDEN=1 writes them again."""

import os
from pathlib import Path

import pytest
from valid_program import check_program

from archsearch.cell import parse, zoo
from archsearch.cell.cell import Cell
from archsearch.compiler import KERNEL_PASSES, compile
from archsearch.compiler.pipeline import Pass, lower
from archsearch.compiler.program import Product, Program

GOLDEN = Path(__file__).parent / "golden"

# Pass -> a cell that it changes.
CASES = {
    "canonicalise": parse(
        "a = Tanh(Linear(x_t, h_tm1)); b = Tanh(Linear(Identity(x_t), Identity(h_tm1)));"
        "h_t = Max(Add(a, b), Add(Identity(b), Identity(a)))"
    ),
    "hoist": zoo["bc3"],
    "accumulate": zoo["gru"],
    "batch_products": zoo["gru"],
    "sink": zoo["mut1"],
    "schedule": zoo["mgu"],
}
# Pass -> a cell in which it has nothing to do.
IDLE = {
    "canonicalise": zoo["lstm"],
    "hoist": parse("h_t = Tanh(Linear(h_tm1))"),
    "accumulate": parse("h_t = Tanh(Add(x_t, h_tm1))"),
    "batch_products": zoo["rnn"],
    "sink": parse("h_t = Tanh(Linear(Tanh(Linear(x_t)), h_tm1))"),
    "schedule": zoo["rnn"],
}


def before_and_after(name: str, cell: Cell) -> tuple[Program, Program]:
    program = lower(cell)
    check_program(program)
    for transform in KERNEL_PASSES:
        before, program = program, transform(program)
        check_program(program)
        if transform.__name__ == name:
            return before, program
    raise AssertionError(f"no pass {name}")


def test_every_pass_has_its_cases() -> None:
    names = [transform.__name__ for transform in KERNEL_PASSES]
    assert names == list(CASES) == list(IDLE)


@pytest.mark.parametrize("name", CASES)
def test_pass_writes_the_golden_text(name: str) -> None:
    before, after = before_and_after(name, CASES[name])
    text = f"{CASES[name]}\n\nbefore {name}:\n\n{before}\nafter {name}:\n\n{after}"
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", IDLE)
def test_pass_leaves_alone_what_it_need_not_change(name: str) -> None:
    before, after = before_and_after(name, IDLE[name])
    assert after.instructions == before.instructions
    assert after.num_sequence == before.num_sequence
    assert after.outputs == before.outputs


@pytest.mark.parametrize("transform", KERNEL_PASSES, ids=lambda transform: transform.__name__)
def test_check_refuses_a_use_before_its_definition(transform: Pass) -> None:
    program = lower(zoo["rnn"])
    for earlier in KERNEL_PASSES[: KERNEL_PASSES.index(transform) + 1]:
        program = earlier(program)
    reverse = Program(program.instructions[::-1], program.num_sequence, program.outputs)
    with pytest.raises(AssertionError):
        check_program(reverse)


@pytest.mark.parametrize("name", zoo)
def test_zoo_cells_take_one_product_a_source_and_level(name: str) -> None:
    program = compile(zoo[name])
    for section in ("sequence", "step"):
        operands = [
            program.instructions[i].operand
            for i in program.values(Product, section)
            if isinstance(program.instructions[i], Product)
        ]
        assert len(operands) == len(set(operands))


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("lstm", ["products", "region"]),
        ("gru", ["products", "region"]),
        ("mgu", ["products", "region", "products", "region"]),
        ("nascell", ["products", "region"]),
    ],
)
def test_a_step_alternates_between_products_and_regions(name: str, step: list[str]) -> None:
    stages = compile(zoo[name]).stages_of("step")
    assert [stage.kind for stage in stages] == step


def test_schedule_joins_work_for_the_output_alone_to_a_region_that_is_there() -> None:
    # The last product gives d_t as it is: nothing runs after it, so what h_t needs must not.
    cell = parse("d_t = Linear(Tanh(Linear(x_t, d_tm1))); h_t = Sin(Mult(h_tm1, d_tm1))")
    kinds = [stage.kind for stage in compile(cell).stages_of("step")]
    assert kinds == ["products", "region", "products"]


def test_a_cell_of_the_largest_size_compiles() -> None:
    text = "a0 = x_t;" + "".join(f"a{i + 1} = Tanh(Linear(a{i}, h_tm1));" for i in range(124))
    program = compile(parse(text + "h_t = a124"))
    check_program(program)
    assert len(program.stages_of("step")) == 2 * 124
