"""Files that are never there in part."""

from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is there in full or, if this fails or is killed, as it was before."""
    unfinished(path).write_bytes(content)
    unfinished(path).replace(path)


def unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")
