"""The folder of compiled libraries, which any number of processes may fill at once."""

import functools
import hashlib
import os
import secrets
from pathlib import Path

import platformdirs

from archsearch.whole_file import remove_stale_parts

CACHE_VARIABLE = "ARCHSEARCH_CACHE"
PART_SUFFIX = ".part"


class NoNativeCode(RuntimeError):
    """No C compiler that works, or no folder for what it makes; the message says what to do."""


def cache_folder() -> Path:
    """Where libraries lie: `native` in $ARCHSEARCH_CACHE, else in the user's cache folder."""
    root = os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("archsearch")
    return Path(root).expanduser().resolve() / "native"


def check_owner(folder: Path) -> None:
    """A library runs with all the user's rights: nobody else may have put it there."""
    try:
        status = folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise NoNativeCode(
            f"the cache folder {folder} cannot be read: {error}. "
            f"Set ${CACHE_VARIABLE} to a folder of your own"
        ) from error
    if status.st_uid not in (os.geteuid(), 0) or status.st_mode & 0o022:
        raise NoNativeCode(
            f"expected the cache folder {folder} to be yours and writable by you alone, got owner "
            f"{status.st_uid} and mode {status.st_mode & 0o777:o}. Set its mode to 700, or "
            f"${CACHE_VARIABLE} to a folder of your own"
        )


@functools.cache  # once a process, since it lists the whole folder
def clean(folder: Path) -> None:
    """Remove what killed compilations left."""
    remove_stale_parts(folder, f".*{PART_SUFFIX}")


def part_in(folder: Path) -> Path:
    """A name for a file that is being written."""
    return folder / f".{secrets.token_hex(8)}{PART_SUFFIX}"


def write_shared(path: Path, content: bytes) -> None:
    """Write a file that is at every moment absent, the old one or the new one."""
    part = part_in(path.parent)
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def key_of(*parts: str) -> str:
    return digest_of("\0".join(parts).encode())[:20]
