"""C text -> loaded shared library, in a folder that any number of processes may fill at once."""

import ctypes
import functools
import hashlib
import logging
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from archsearch.native.c_compiler import (
    FLAGS,
    NoNativeCode,
    fail_without_compiler,
    find_compiler,
    identity,
    native_flags,
    processor,
    run_compiler,
)
from archsearch.whole_file import remove_stale_parts

CACHE_VARIABLE = "ARCHSEARCH_CACHE"

log = logging.getLogger(__name__)


def load(source: str, *, name: str, flags: tuple[str, ...] = ()) -> ctypes.CDLL:
    """The library that a C text compiles to; the same object each time in one process.

    A small text takes 0.1 to 0.3 s once, and less than 2 ms where any process compiled it before.

    name: opens the names of its files: letters, digits, "_", "." and "-", 64 at most.
    flags: what the compiler gets after FLAGS.

    Raises NoNativeCode.
    """
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", name):
        raise ValueError(
            f'expected a name of 1 to 64 letters, digits, "_", "." and "-", got {name!r}'
        )
    return _load(_cache_folder(), source, name, flags)


@dataclass(frozen=True, slots=True)
class _Entry:
    """The files of one compiled text."""

    folder: Path
    stem: str

    @property
    def text(self) -> Path:
        return self.folder / f"{self.stem}.c"

    @property
    def record(self) -> Path:
        return self.folder / f"{self.stem}.sha256"

    def library(self, digest: str) -> Path:
        return self.folder / f"{self.stem}-{digest[:16]}.so"


@functools.cache
def _load(folder: Path, source: str, name: str, flags: tuple[str, ...]) -> ctypes.CDLL:
    _check_owner(folder)
    command = find_compiler()
    stem = f"{name}-{_key_of(source, *FLAGS, *flags, processor())}"
    if command is None:
        return _load_from_any_compiler(folder, stem)
    entry = _Entry(folder, f"{stem}-{_key_of(*identity(command))[:8]}")
    return _load_intact(entry) or _build(entry, source, command, flags)


def _load_from_any_compiler(folder: Path, stem: str) -> ctypes.CDLL:
    for record in sorted(folder.glob(f"{stem}-*.sha256")):
        if library := _load_intact(_Entry(folder, record.stem)):
            return library
    fail_without_compiler()


def _load_intact(entry: _Entry) -> ctypes.CDLL | None:
    """The library of an entry; None where it is missing, damaged, or not for this system.

    Its bytes are checked before they are mapped: a truncated library ends the process by SIGBUS.
    """
    try:
        record = entry.record.read_bytes()
        digest = re.match(rb"[0-9a-f]{64}\b", record)
        if digest is None:
            raise ValueError("no digest in it")
        path = entry.library(digest.group().decode())
        if _digest_of(path.read_bytes()) != digest.group().decode():
            raise ValueError(f"{path} is damaged")
        return ctypes.CDLL(str(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.info("compiling %s again: %s", entry.text, error)
        return None


def _build(
    entry: _Entry, source: str, command: tuple[str, ...], flags: tuple[str, ...]
) -> ctypes.CDLL:
    try:
        entry.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clean(entry.folder)
        _write_shared(entry.text, source.encode())
        flags = (*FLAGS, *native_flags(command), *flags)
        path = _compile(entry, command, flags)
    except OSError as error:
        raise NoNativeCode(
            f"the cache folder {entry.folder} cannot be written: {error}. "
            f"Set ${CACHE_VARIABLE} to a folder of your own"
        ) from error
    return _open(path)


def _compile(entry: _Entry, command: tuple[str, ...], flags: tuple[str, ...]) -> Path:
    """Make the library, then the record that points to it."""
    part = _part_in(entry.folder)
    try:
        if error := run_compiler((*command, *flags, "-o", str(part), str(entry.text), "-lm")):
            raise NoNativeCode(
                "the C compiler failed. Set $CC to another, or report this text if it is sound: "
                f"{error}"
            )
        digest = _digest_of(part.read_bytes())
        path = entry.library(digest)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _write_shared(entry.record, f"{digest}  {path.name}\n".encode())
    return path


def _open(path: Path) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise NoNativeCode(
            f"the compiled library {path} cannot be loaded: {error}. If its folder does not allow "
            f"programs, set ${CACHE_VARIABLE} to one that does; if $CC makes code for another "
            "system, unset it"
        ) from error


def _cache_folder() -> Path:
    """Where libraries lie: `native` in $ARCHSEARCH_CACHE, else in the user's cache folder."""
    root = os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("archsearch")
    return Path(root).expanduser().resolve() / "native"


def _check_owner(folder: Path) -> None:
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
def _clean(folder: Path) -> None:
    """Remove what killed compilations left."""
    remove_stale_parts(folder, ".*.part")


def _part_in(folder: Path) -> Path:
    """A name for a file that is being written."""
    return folder / f".{secrets.token_hex(8)}.part"


def _write_shared(path: Path, content: bytes) -> None:
    """Write a file that is at every moment absent, the old one or the new one."""
    part = _part_in(path.parent)
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _key_of(*parts: str) -> str:
    return _digest_of("\0".join(parts).encode())[:20]
