"""README's tour: its commands, one after another, in an empty folder."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent.parent / "README.md"
SMALL = {  # so that a step takes seconds
    "archsearch": ["budget=smoke", "trials=3", "executor=serial", "logger=none"],
    "archsearch.train": ["budget=smoke"],
}


def tour() -> list[list[str]]:
    """Each command, as words behind `python -m`."""
    section = README.read_text(encoding="utf-8").split("## Tour")[1].split("```")[1]
    commands = [shlex.split(line, comments=True) for line in section.strip().splitlines()]
    assert all(words[:2] == ["python", "-m"] for words in commands)
    return [words[2:] for words in commands]


@pytest.mark.slow
def test_the_tour_leads_from_the_first_command_to_a_sample(tmp_path: Path) -> None:
    wrote = ""
    for module, *arguments in tour():
        for run in tmp_path.glob("outputs/*"):
            place = "<training>" if "-train-" in run.name else "<run>"
            arguments = [argument.replace(place, run.name) for argument in arguments]
        command = [sys.executable, "-m", module, *arguments, *SMALL.get(module, [])]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        wrote = done.stdout
    made = ("report/index.html", "pair.svg", "mine/model.py", "mine/model.safetensors")
    assert all((tmp_path / name).is_file() for name in made)
    assert wrote.startswith("<a")
    assert len(wrote) > 200
