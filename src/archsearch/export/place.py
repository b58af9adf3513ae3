"""Writing an export without touching what is there."""

from collections.abc import Mapping
from pathlib import Path

from archsearch.config import ConfigError
from archsearch.whole_file import write_whole


def place(folder: Path, files: Mapping[str, bytes]) -> None:
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
