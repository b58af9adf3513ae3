"""What --help and --version answer for the commands that Hydra configures, without Hydra."""

import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from archsearch.conf_files import (
    OWN_COMMAND,
    Heading,
    Option,
    choices,
    command_lines,
    conf_folder,
    default_choices,
    group_folder,
    module_of,
    opening,
    options,
)
from archsearch.usage import version

WIDTH, INDENT = 100, 26  # of the page, and of what stands beside a name, in columns
ENDING = """\
Every number of a choice can be set by its name, as in budget.epochs=2; --cfg job shows all of them.
-m runs each combination of values with commas, as in seed=1,2; --config-dir=FOLDER adds choices of
your own; --version says which archsearch this is, --hydra-help what else Hydra can do.
"""


def answer(arguments: Sequence[str], config_name: str, about: str | None = None) -> None:
    """Print what was asked for and end the process, if that is --help or --version."""
    if {"-h", "--help"} & set(arguments):
        sys.stdout.write(help_text(config_name, about))
    elif "--version" in arguments:
        sys.stdout.write(f"{version()}\n")
    else:
        return
    raise SystemExit(0)


def help_text(config_name: str, about: str | None = None) -> str:
    """Of the command whose file in conf/ this is.

    about: what it does, instead of what the file opens with; for a command beside the file's own.
    """
    file, lines = _file(config_name), _about(config_name, about)
    module = module_named(config_name, about)
    parts = [
        f"usage: python -m {module} name=value …",
        "\n".join(f"  {line}" if line in command_lines(lines) else line for line in lines),
        "Options, with their defaults:\n\n" + "\n".join(_option_lines(file)),
    ]
    groups = list(_group_lines(file, module))
    if groups:
        parts.append("Choices, with the default; each is a file in conf/:\n\n" + "\n".join(groups))
    return "\n\n".join([*parts, ENDING])


def module_named(config_name: str, about: str | None = None) -> str:
    """`archsearch.train` of conf/train.yaml: what is typed after `python -m`."""
    return module_of(command_lines(_about(config_name, about))[0])


def _file(config_name: str) -> Path:
    return Path(conf_folder()) / f"{config_name}.yaml"


def _about(config_name: str, about: str | None) -> list[str]:
    return opening(_file(config_name)) if about is None else about.strip().splitlines()


def _option_lines(file: Path) -> Iterator[str]:
    is_inner = False  # whether the option above was one of a section
    for each in options(file):
        match each:
            case Heading(text):
                yield f"\n  {text}:"
                is_inner = False
            case Option(name, default, meaning):
                if is_inner and "." not in name:
                    yield ""
                is_inner = "." in name
                yield _beside(f"{name}={'…' if default is None else default}", meaning)


def _group_lines(file: Path, module: str) -> Iterator[str]:
    chosen = default_choices(file)
    for group, choice in sorted(chosen.items()):
        yield _beside(f"{group}={choice}", ", ".join(choices(group)))
    for group in OWN_COMMAND if chosen else ():
        names = [name for name in choices(group) if is_for(group, name, module)]
        if names:
            yield _beside(f"{'-m ' if group == 'sweeps' else ''}+{group}=…", ", ".join(names))


def is_for(group: str, name: str, module: str) -> bool:
    """Whether this file of sweeps/ or conf/experiment/ is for the command."""
    lines = command_lines(opening(group_folder(group) / f"{name}.yaml"))
    return bool(lines) and module_of(lines[0]) == module


def _beside(name: str, text: str) -> str:
    indent = " " * INDENT
    filled = textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )
    first = f"  {name}"
    is_short = len(first) <= INDENT - 2
    return first + filled[len(first) :] if is_short else f"{first}\n{filled}"
