"""The examples under docs/examples run as their pages say, and go on like any other run."""

import random
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from archsearch.__main__ import main
from archsearch.archive import Archive

DOCS = Path(__file__).parent.parent.parent / "docs"
EXAMPLES = sorted(folder.name for folder in (DOCS / "examples").iterdir() if folder.is_dir())
SMALL = ("budget=smoke", "executor=serial", "logger=none", "references=[]")


@pytest.fixture
def example(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The example in a folder of its own, which is the working directory, as for its user."""
    shutil.copytree(DOCS / "examples" / request.param, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield request.param
    torch.set_flush_denormal(False)  # which a search sets for its process


def first_command(name: str) -> list[str]:
    lines = (DOCS / f"{name}.md").read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if line.startswith("python -m archsearch "))
    return shlex.split(line, comments=True)[3:]


@pytest.mark.parametrize("example", EXAMPLES, indirect=True)
def test_an_example_searches_and_goes_on_where_it_was(
    example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for trials in (3, 5):
        small = (*SMALL, f"trials={trials}")
        command = [word for word in first_command(example) if not word.startswith("trials=")]
        monkeypatch.setattr(sys, "argv", ["archsearch", *command, *small])
        main()
    (run,) = Path("outputs").iterdir()
    with Archive.read(f"sqlite:///{run / 'archive.sqlite'}") as archive:
        assert [trial.candidate.number for trial in archive.trials()] == [0, 1, 2, 3, 4]
    assert (run / "best_cell.svg").is_file()


@pytest.mark.parametrize("example", ["own_cell_space"], indirect=True)
@pytest.mark.usefixtures("example")
def test_the_space_of_the_example_keeps_the_contract_of_spaces() -> None:
    from chains import ChainSpace  # the copy in the working directory

    space, rng = ChainSpace(), random.Random(1)
    for _ in range(20):
        genome = space.sample(rng)
        mutant = space.mutate(genome, rng)
        assert mutant != genome
        for each in (genome, mutant):
            assert space.check(each) is None
            assert space.from_json(space.to_json(each)) == each
            assert space.encode(space.decode(each)) == each
