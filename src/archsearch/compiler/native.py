"""C text -> loaded shared library, kept on disk by content.

A text named `lstm` has three files in the cache folder:

    lstm-<key>.c               the text, for people to read; debuggers and compilers point into it
    lstm-<key>.sha256          which library it is, as `sha256sum --check` reads it
    lstm-<key>-<digest>.so     the library, named by its own bytes

The key has two parts. The first says what is compiled and for which processor (its feature flags:
machines of several kinds may share a home folder), the second by which compiler; where there is no
compiler, what any compiler made serves.

Every file takes its name in one step, and a record points only to a library that is whole. So any
number of processes may compile one text at once without a lock, and a process killed at any moment
leaves at most hidden `.part` files, which later compilations remove. A file that changed
afterwards no longer fits its digest, and is compiled again.
"""

import ctypes
import functools
import hashlib
import logging
import os
import platform
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import NoReturn

import platformdirs

CACHE_VARIABLE = "ARCHSEARCH_CACHE"
COMPILERS = ("cc", "gcc", "clang")
# NaN must pass through, so no -ffast-math; what it also brings and is harmless stands here.
FLAGS = (
    "-std=gnu11",
    "-O3",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fopenmp-simd",
    "-fPIC",
    "-shared",
)
# How to ask for this very processor: the first that the compiler accepts. GCC prefers vectors of
# 256 bits on most processors that have 512.
NATIVE_FLAGS: tuple[tuple[str, ...], ...] = (
    ("-march=native", "-mprefer-vector-width=512"),
    ("-march=native",),
    ("-mcpu=native",),
    (),
)
COMPILER_SECONDS = 120  # far more than any cell takes
STALE_PART_SECONDS = 24 * 3600
PART_SUFFIX = ".part"

log = logging.getLogger(__name__)


class NoNativeCode(RuntimeError):
    """No C compiler that works, or no folder for what it makes; the message says what to do."""


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
    return _load(cache_folder(), source, name, flags)


def cache_folder() -> Path:
    """Where libraries lie: `native` in $ARCHSEARCH_CACHE, else in the user's cache folder."""
    root = os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("archsearch")
    return Path(root).expanduser().resolve() / "native"


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
    command = _find_compiler()
    stem = f"{name}-{_key(source, *FLAGS, *flags, _processor())}"
    if command is None:
        return _load_from_any_compiler(folder, stem)
    entry = _Entry(folder, f"{stem}-{_key(*_identity(command))[:8]}")
    return _load_intact(entry) or _build(entry, source, command, flags)


def _load_from_any_compiler(folder: Path, stem: str) -> ctypes.CDLL:
    for record in sorted(folder.glob(f"{stem}-*.sha256")):
        if library := _load_intact(_Entry(folder, record.stem)):
            return library
    _fail_without_compiler()


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
        if _digest(path.read_bytes()) != digest.group().decode():
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
        _remove_stale_parts(entry.folder)
        _write(entry.text, source.encode())
        flags = (*FLAGS, *_native_flags(entry.folder, command), *flags)
        path = _compile(entry, command, flags)
    except OSError as error:
        raise NoNativeCode(
            f"the cache folder {entry.folder} cannot be written: {error}. "
            f"Set ${CACHE_VARIABLE} to a folder of your own"
        ) from error
    return _open(path)


def _compile(entry: _Entry, command: tuple[str, ...], flags: tuple[str, ...]) -> Path:
    """Make the library, then the record that points to it."""
    part = _part(entry.folder)
    try:
        if error := _run((*command, *flags, "-o", str(part), str(entry.text), "-lm")):
            raise NoNativeCode(
                "the C compiler failed. Set $CC to another, or report this text if it is sound: "
                f"{error}"
            )
        digest = _digest(part.read_bytes())
        path = entry.library(digest)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _write(entry.record, f"{digest}  {path.name}\n".encode())
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


# --- the compiler ---


def compiler_name() -> str:
    """The program that compiles, such as "cc". Raises NoNativeCode where there is none."""
    command = _find_compiler()
    if command is None:
        _fail_without_compiler()
    return Path(command[0]).name


def _find_compiler() -> tuple[str, ...] | None:
    """The compiler's command, its program with its path; None where there is none."""
    chosen = os.environ.get("CC")
    for text in (chosen,) if chosen else COMPILERS:
        try:
            program, *arguments = shlex.split(text)
        except ValueError as error:
            raise NoNativeCode(f"expected $CC to be a command, got {text!r}: {error}") from error
        if path := shutil.which(program):
            return (path, *arguments)
    return None


def _fail_without_compiler() -> NoReturn:
    chosen = os.environ.get("CC")
    sought = f"{chosen!r}, as $CC says" if chosen else f"{', '.join(COMPILERS)} ($CC is unset)"
    raise NoNativeCode(
        f"no C compiler: looked on PATH for {sought}. Install one (Debian, Ubuntu and Fedora: gcc; "
        "macOS: xcode-select --install; conda: c-compiler), or set $CC to its command"
    )


def _identity(command: tuple[str, ...]) -> Iterator[str]:
    """What tells one compiler from another: its command, and the file of each program in it.

    Cheaper than to ask for its version, which takes a process; a wrapper is told by what it wraps.
    """
    for word in command:
        yield word
        if path := shutil.which(word):
            file = Path(path).resolve()
            status = file.stat()
            yield f"{file} {status.st_size} {status.st_mtime_ns}"


@functools.cache
def _processor() -> str:
    """What code for this very processor depends on; without /proc, the name of the machine."""
    facts = {"vendor_id", "model name", "flags", "CPU implementer", "CPU part", "Features"}
    found = []
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        with cpuinfo.open(encoding="utf-8", errors="replace") as lines:
            first = takewhile(str.strip, lines)  # the others are alike, and there may be hundreds
            found = [line for line in first if line.split(":")[0].strip() in facts]
    return "\n".join((sys.platform, platform.machine(), *(found or [platform.node()])))


def _native_flags(folder: Path, command: tuple[str, ...]) -> tuple[str, ...]:
    """The first of NATIVE_FLAGS that the compiler accepts, asked once and kept in the folder."""
    answer = folder / f"compiler-{_key(*_identity(command), _processor())}.txt"
    if answer.is_file():
        kept = answer.read_text(encoding="utf-8", errors="replace")
        for flags in NATIVE_FLAGS:
            if kept == _line(flags):
                return flags
    flags = _ask_for_native_flags(command)
    _write(answer, _line(flags).encode())
    return flags


def _line(words: Iterable[str]) -> str:
    return " ".join(words) + "\n"


def _ask_for_native_flags(command: tuple[str, ...]) -> tuple[str, ...]:
    *special, plain = NATIVE_FLAGS
    for flags in special:
        if _run((*command, *flags, "-Werror", "-fsyntax-only", "-x", "c", os.devnull)) is None:
            return flags
    return plain


def _run(arguments: tuple[str, ...]) -> str | None:
    """Run the compiler; where it fails, what it said."""
    try:
        result = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=COMPILER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoNativeCode(
            f"the C compiler did not run: {error}. Set $CC to one that works"
        ) from error
    if result.returncode == 0:
        return None
    return f"exit code {result.returncode} of {shlex.join(arguments)}\n{result.stdout.rstrip()}"


# --- the folder ---


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
def _remove_stale_parts(folder: Path) -> None:
    for part in folder.glob(f".*{PART_SUFFIX}"):
        try:
            if time.time() - part.stat().st_mtime > STALE_PART_SECONDS:
                part.unlink()
        except FileNotFoundError:  # another process was faster
            continue


def _part(folder: Path) -> Path:
    """A name for a file that is being written."""
    return folder / f".{secrets.token_hex(8)}{PART_SUFFIX}"


def _write(path: Path, content: bytes) -> None:
    """Write a file that is at every moment absent, the old one or the new one."""
    part = _part(path.parent)
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _key(*parts: str) -> str:
    return _digest("\0".join(parts).encode())[:20]
