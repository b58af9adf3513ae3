"""The C compiler of this machine, and how to ask it for code for this very processor."""

import functools
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import NoReturn

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


class NoNativeCode(RuntimeError):
    """No C compiler that works, or no folder for what it makes; the message says what to do."""


def compiler_name() -> str:
    """The program that compiles, such as "cc". Raises NoNativeCode where there is none."""
    command = find_compiler()
    if command is None:
        fail_without_compiler()
    return Path(command[0]).name


def find_compiler() -> tuple[str, ...] | None:
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


def fail_without_compiler() -> NoReturn:
    chosen = os.environ.get("CC")
    sought = f"{chosen!r}, as $CC says" if chosen else f"{', '.join(COMPILERS)} ($CC is unset)"
    raise NoNativeCode(
        f"no C compiler: looked on PATH for {sought}. Install one (Debian, Ubuntu and Fedora: gcc; "
        "macOS: xcode-select --install; conda: c-compiler), or set $CC to its command"
    )


def identity(command: tuple[str, ...]) -> Iterator[str]:
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
def processor() -> str:
    """What code for this very processor depends on; without /proc, the name of the machine."""
    facts = {"vendor_id", "model name", "flags", "CPU implementer", "CPU part", "Features"}
    found = []
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        with cpuinfo.open(encoding="utf-8", errors="replace") as lines:
            first = takewhile(str.strip, lines)  # the others are alike, and there may be hundreds
            found = [line for line in first if line.split(":")[0].strip() in facts]
    return "\n".join((sys.platform, platform.machine(), *(found or [platform.node()])))


@functools.cache
def native_flags(command: tuple[str, ...]) -> tuple[str, ...]:
    """The first of NATIVE_FLAGS that the compiler accepts."""
    *special, plain = NATIVE_FLAGS
    asked = ("-Werror", "-fsyntax-only", "-x", "c", os.devnull)
    accepted = (flags for flags in special if run_compiler((*command, *flags, *asked)) is None)
    return next(accepted, plain)


def run_compiler(arguments: tuple[str, ...]) -> str | None:
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
