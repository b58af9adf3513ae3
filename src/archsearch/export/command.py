"""A result to take home: what `python -m archsearch.export` does."""

import sys
from collections.abc import Mapping
from pathlib import Path

from archsearch.config import ConfigError
from archsearch.export.check import Mismatch
from archsearch.export.formats import FORMATS
from archsearch.export.subject import read_subject
from archsearch.train import set_up_process
from archsearch.usage import FAILURE
from archsearch.whole_file import write_whole
from archsearch.wording import write_line


def export(run: Path, formats: list[str], out: Path) -> None:
    """Make and check every format, then write all files, or none."""
    set_up_process()
    subject = read_subject(run)
    files: dict[str, bytes] = {}
    for name in formats:
        try:
            exported = FORMATS[name](subject)
        except Mismatch as error:
            sys.stderr.write(f"archsearch: {error}\n")
            raise SystemExit(FAILURE) from None
        files |= exported.files
        write_line(f"{name}: {_checked(exported.difference, subject.is_trained)}")
    _place(out, files)
    for name in files:
        write_line(f"  {out / name}")
    if subject.description["provenance"]["kind"] == "search":
        which = "those of its trial, under the search's budget" if subject.is_trained else "none"
        longer = f"python -m archsearch.train cell={run}"
        write_line(f"the best cell of a search; weights: {which}. To train it longer: {longer}")


def _checked(difference: float | None, is_trained: bool) -> str:
    if difference is None:
        return "description"
    model = "the trained model" if is_trained else "a network of random weights"
    return f"largest difference from {model} {difference:.2g}"


def _place(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files into a folder, which is made if need be. Those that are there stay.

    Raises:
        ConfigError: one is there with another content; then nothing is written.
    """
    for name, content in files.items():
        path = folder / name
        if path.exists() and path.read_bytes() != content:
            raise ConfigError(
                f"{path}: is there already, with another content, and stays as it is; nothing was "
                "written. Move it away, or choose another place by --out"
            )
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if not (folder / name).exists():
            write_whole(folder / name, content)
