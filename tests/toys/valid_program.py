"""What is true of every program, before and after every pass."""

from archsearch.cell import OPERATORS
from archsearch.cell.node import X_SOURCES
from archsearch.compiler import Program
from archsearch.compiler.program import (
    Apply,
    Block,
    Instruction,
    Product,
    Source,
    Sum,
    boundary,
)


def check_program(program: Program) -> None:
    """Assert that the program is valid; true before and after every pass."""
    assert 0 <= program.num_sequence <= len(program.instructions)
    for i, instruction in enumerate(program.instructions):
        where = f"%{i} = {instruction}"
        assert all(0 <= operand < i for operand in instruction.operands), f"{where}: not yet made"
        if program.section(i) == "sequence":
            assert not _is_state(instruction), f"{where}: a state in the sequence section"
        _check_kinds(program, instruction, where)
    weights = [w for i in program.values(Product) for w in _product(program, i).weights]
    assert len(weights) == len(set(weights)), "a weight in two products"
    names = [name for name, _ in program.outputs]
    assert names[0].startswith("h"), "the first output is h, or a share of it"
    assert len(names) == len(set(names)), "two outputs of one name"
    assert all(0 <= value < len(program.instructions) for _, value in program.outputs)
    assert not any(_is_wide(program, value) for _, value in program.outputs), "an output of n·H"
    if program.stages:
        _check_stages(program)


def _check_kinds(program: Program, instruction: Instruction, where: str) -> None:
    match instruction:
        case Source():
            return
        case Product(operand, weights, starts):
            assert weights, f"{where}: no weight"
            assert len(weights) == len(starts), f"{where}: a start for every weight"
            assert not _is_wide(program, operand), f"{where}: read a product through its blocks"
            for start in starts:
                assert start.value is None or start.bias is None, f"{where}: two starts"
                assert start.value is None or start.value < program.num_sequence, (
                    f"{where}: a start comes from the sequence section"
                )
        case Block(product, index):
            assert _is_wide(program, product), f"{where}: a block of what is no wide product"
            assert 0 <= index < len(_product(program, product).weights), f"{where}: no such block"
        case Sum(operands):
            assert operands, f"{where}: an empty sum"
            assert not any(_is_wide(program, a) for a in operands), f"{where}: n·H columns"
        case Apply(name, operands):
            operator = OPERATORS[name]
            assert operator.value is not None, f"{where}: no elementwise operator"
            assert operator.min_args <= len(operands) <= operator.max_args, f"{where}: arity"
            assert not any(_is_wide(program, a) for a in operands), f"{where}: n·H columns"


def _check_stages(program: Program) -> None:
    staged = [i for stage in program.stages for i in stage.body]
    bare = [i for i, it in enumerate(program.instructions) if not isinstance(it, Source)]
    assert staged == bare, "the stages hold every instruction that is no source, in order"
    for stage in program.stages:
        kinds = (Product, Block) if stage.kind == "products" else (Sum, Apply)
        assert all(isinstance(program.instructions[i], kinds) for i in stage.body), str(stage)
        assert {program.section(i) for i in stage.body} == {stage.section}, str(stage)
        assert (stage.inputs, stage.outputs) == boundary(program, stage.body), str(stage)


def _product(program: Program, value: int) -> Product:
    instruction = program.instructions[value]
    assert isinstance(instruction, Product)
    return instruction


def _is_wide(program: Program, value: int) -> bool:
    instruction = program.instructions[value]
    return isinstance(instruction, Product) and len(instruction.weights) > 1


def _is_state(instruction: Instruction) -> bool:
    return isinstance(instruction, Source) and instruction.name not in X_SOURCES
