"""The C that is made of a cell, as text, in golden/; UPDATE_GOLDEN=1 writes it again."""

import os
from pathlib import Path

import pytest

from archsearch.cell import parse, zoo
from archsearch.compiler import KERNEL_PASSES, compile
from archsearch.compiler.backends.cpu.libraries import kernels_text
from archsearch.compiler.plan import plan

GOLDEN = Path(__file__).parent / "golden"
CELLS = {
    "lstm": zoo["lstm"],
    # Dependent products, a region before and one between them, values shared by two of them.
    "mgu": zoo["mgu"],
    # A mean ends a loop; a memory becomes what no region makes; p(t) is one row for the batch.
    "norm": parse("c_t = x_t; h_t = LayerNorm(PosEnc(Add(Linear(h_tm1), Mult(c_tm1, x_t))))"),
}


@pytest.mark.parametrize("name", CELLS)
def test_kernels_are_the_golden_text(name: str) -> None:
    text, _ = kernels_text(CELLS[name], plan(compile(CELLS[name], KERNEL_PASSES), masked=False))
    golden = GOLDEN / f"kernels_{name}.c"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_masks_change_neither_kernels_nor_the_numbers_of_their_slots() -> None:
    program = compile(zoo["mgu"], KERNEL_PASSES)
    bare, masked = plan(program, masked=False), plan(program, masked=True)
    assert kernels_text(zoo["mgu"], bare) == kernels_text(zoo["mgu"], masked)
    assert list(masked.places)[: len(bare.places)] == list(bare.places)
