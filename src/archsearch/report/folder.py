"""The folder of a report: page, charts, tables, and a list of them.

The list says what the program wrote, with checksums. A later report replaces exactly those files
while they are as it left them; whatever else is in the folder is not touched, and where it stands
in the way, nothing is written.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from archsearch.config import ConfigError
from archsearch.report.page import Charts, Picture, Report, to_html
from archsearch.report.table import Table, to_csv
from archsearch.whole_file import write_whole

PAGE, LIST = "index.html", "report_files.json"


def files_of(report: Report) -> dict[str, bytes]:
    """The content of each file by its path within the folder."""
    files = {PAGE: to_html(report).encode()}
    for block in report.blocks():
        if isinstance(block, Charts):
            for chart in block.charts:
                files[f"figures/{chart.name}.svg"] = chart.svg
                files[f"figures/{chart.name}.png"] = chart.png
        elif isinstance(block, Picture):
            files[f"figures/{block.name}.svg"] = block.svg.encode()
        elif isinstance(block, Table):
            files[f"tables/{block.name}.csv"] = to_csv(block).encode()
    return files


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files, in place of those of an earlier report.

    Raises:
        ConfigError: a file that the program did not write, or that was changed since, is in the
            way; or the folder's list is not one.
        OSError: the disk is full, or the folder cannot be written.
    """
    earlier = _read_list(folder / LIST)
    for name in files:
        file = folder / name
        if file.exists() and _digest(file.read_bytes()) not in earlier.get(name, []):
            raise ConfigError(
                f"{file}: expected no such file, or one of an earlier report, got one that was "
                "made or changed otherwise; move it away, or choose another folder with --out"
            )
    current = {name: [_digest(content)] for name, content in files.items()}
    names = {**earlier, **current}
    # While files are replaced both versions are the program's own.
    _write_list(folder, {name: earlier.get(name, []) + current.get(name, []) for name in names})
    for name, digests in earlier.items():
        file = folder / name
        if name not in files and file.exists() and _digest(file.read_bytes()) in digests:
            file.unlink()
    for name, content in files.items():
        _write(folder / name, content)
    _write_list(folder, current)


def _read_list(file: Path) -> dict[str, list[str]]:
    """The checksums that each file may have."""
    if not file.exists():
        return {}
    try:
        listed = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        listed = None
    if not isinstance(listed, dict) or any(map(_leads_out, listed)):
        raise ConfigError(
            f"{file}: expected the list of an earlier report; move it away, or choose another "
            "folder with --out"
        )
    return listed


def _leads_out(name: str) -> bool:
    """Of the folder; a list may come from anywhere."""
    return Path(name).is_absolute() or ".." in Path(name).parts


def _write_list(folder: Path, digests: Mapping[str, list[str]]) -> None:
    _write(folder / LIST, (json.dumps(dict(sorted(digests.items())), indent=1) + "\n").encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, content)
