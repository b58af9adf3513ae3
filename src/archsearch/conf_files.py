"""The files of conf/ and sweeps/ as they stand: where they lie, and what they say in comments.

A command's own file, such as conf/train.yaml, opens with what the command does and how it is
typed, and each of its options has its meaning behind it. Files of sweeps/ and conf/experiment/ open
with their command. So --help and refusals say what the files say, and read them without Hydra.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SWEEPS = "sweeps"  # the folder beside conf/, and the group
OWN_COMMAND = ("experiment", SWEEPS)  # groups each of whose files is for one command
_MODULE = re.compile(r"python -m (archsearch[.\w]*)")
_ENTRY = re.compile(
    r"(?P<indent> *)(?P<key>\w+):(?: +(?P<value>[^#]*[^# ]))?(?: +# (?P<meaning>.*))?"
)
_GROUP = re.compile(r"  - (?P<group>\w+): (?P<choice>\w+)\b")
_ENDS_OPTIONS = "hydra:"


@dataclass(frozen=True, slots=True)
class Option:
    """`default` as the file has it; None where the user or the task says what it is."""

    name: str
    default: str | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Heading:
    """Of the options below it."""

    text: str


def config_root() -> Path:
    """The folder that holds conf/ and sweeps/: the checkout, else the installed package."""
    package = Path(__file__).resolve().parent
    checkout = package.parent.parent
    return checkout if (checkout / "conf" / "config.yaml").is_file() else package


def conf_folder() -> str:
    """The absolute path of conf/; Hydra rejects relative ones in console scripts."""
    return str(config_root() / "conf")


def group_folder(group: str) -> Path:
    """Where the choices of a group lie; sweeps have a folder beside conf/."""
    return config_root() / (SWEEPS if group == SWEEPS else f"conf/{group}")


def choices(group: str) -> list[str]:
    """The names of a group's files."""
    return sorted(file.stem for file in group_folder(group).glob("*.yaml"))


def opening(file: Path) -> list[str]:
    """The comment that a file opens with, without Hydra's header."""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        if not line.startswith("# @"):
            lines.append(line[1:].removeprefix(" "))
    return lines


def command_lines(lines: list[str]) -> list[str]:
    """Those of an opening that can be typed."""
    return [line for line in lines if _MODULE.match(line)]


def module_of(line: str) -> str:
    """`archsearch.train` of `python -m archsearch.train …`."""
    found = _MODULE.match(line)
    assert found is not None, line
    return found[1]


def default_choices(file: Path) -> dict[str, str]:
    """The groups of conf/ that a command's file chooses from, each with the choice."""
    found = map(_GROUP.match, file.read_text(encoding="utf-8").splitlines())
    return {each["group"]: each["choice"] for each in found if each}


def options(file: Path) -> Iterator[Option | Heading]:
    """What a command's file lets one set beside the groups, in its order."""
    lines = file.read_text(encoding="utf-8").partition("\ndefaults:\n")[2].splitlines()
    parents: list[str] = []
    for line in lines:
        if line == _ENDS_OPTIONS:
            return
        if line.startswith("# "):
            yield Heading(line.removeprefix("# "))
        elif entry := _ENTRY.fullmatch(line):
            del parents[len(entry["indent"]) // 2 :]
            parents.append(entry["key"])
            if entry["value"] is not None:
                is_open = entry["value"] in ("null", "???") or entry["value"].startswith("${")
                default = None if is_open else entry["value"]
                yield Option(".".join(parents), default, entry["meaning"] or "")
            elif entry["meaning"]:
                yield Heading(entry["meaning"])
