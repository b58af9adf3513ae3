"""C text -> library: cached by content, whole or not at all, and clear when it cannot be."""

import ctypes
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archsearch import native
from archsearch.native import NoNativeCode, library, load

pytestmark = pytest.mark.skipif(
    not any(map(shutil.which, native.COMPILERS)), reason="needs a C compiler"
)

SOURCE = "int answer(void) { return 42; }\n"
ANSWER = "from archsearch.native import load; print(load({!r}, name='a').answer())"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache folder, for this process and those that it starts."""
    monkeypatch.setenv("ARCHSEARCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CC", raising=False)
    return tmp_path / "cache" / "native"


def answer_of_new_process(**environment: str) -> str:
    command = [sys.executable, "-c", ANSWER.format(SOURCE)]
    result = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    return result.stdout.strip() or result.stderr


def forget() -> None:
    """Let the next load read the disk, as a new process does."""
    library._load.cache_clear()
    library._clean.cache_clear()


def only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def fake_compiler(folder: Path, script: str) -> str:
    """A compiler that runs `script` before, and else is the system's own."""
    path = folder / "fake-cc"
    path.write_text(f'#!/bin/sh\n{script}\nexec cc "$@"\n')
    path.chmod(0o755)
    return str(path)


def test_compiles_and_runs_a_function(cache):
    text = "#include <math.h>\ndouble root(double a) { return sqrt(a); }\n"
    root = load(text, name="root").root
    root.argtypes, root.restype = [ctypes.c_double], ctypes.c_double
    assert root(2.0) == 2.0**0.5
    assert only(cache, "root-*.c").read_text() == text
    assert cache.stat().st_mode & 0o777 == 0o700


def test_one_process_gets_one_object_and_other_flags_another():
    library = load(SOURCE, name="a")
    assert load(SOURCE, name="a") is library
    flagged = "int answer(void) { return ANSWER; }\n"
    assert load(flagged, name="a", flags=("-DANSWER=1",)).answer() == 1
    assert load(flagged, name="a", flags=("-DANSWER=2",)).answer() == 2


def test_nan_passes_through():
    text = "double larger(double a, double b) { return a > b ? a : b + 0 * a; }\n"
    larger = load(text, name="larger").larger
    larger.argtypes, larger.restype = [ctypes.c_double] * 2, ctypes.c_double
    assert math.isnan(larger(float("nan"), 1.0))


def test_another_process_needs_no_compiler_any_more(tmp_path):
    load(SOURCE, name="a")
    assert answer_of_new_process(PATH=str(tmp_path)) == "42"


def test_another_compiler_compiles_for_itself(cache, tmp_path, monkeypatch):
    load(SOURCE, name="a")
    monkeypatch.setenv("CC", fake_compiler(tmp_path, "") + " -DUNUSED")
    forget()
    assert load(SOURCE, name="a").answer() == 42
    assert len(list(cache.glob("*.sha256"))) == 2


def test_what_is_on_disk_loads_in_2_milliseconds():
    load(SOURCE, name="a")
    seconds = []
    for _ in range(5):
        library._load.cache_clear()
        start = time.perf_counter()
        load(SOURCE, name="a")
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 2e-3


def test_many_processes_may_compile_one_text_at_once(cache):
    command = [sys.executable, "-c", ANSWER.format(SOURCE)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    assert [p.communicate()[0].strip() for p in processes] == ["42"] * 8
    assert not list(cache.glob(".*"))


@pytest.mark.parametrize("pattern", ["*.so", "*.sha256"])
@pytest.mark.parametrize(
    "damage",
    {
        "truncated": lambda content: content[: len(content) // 2],
        "empty": lambda content: b"",
        "one bit": lambda content: bytes([content[0] ^ 1]) + content[1:],
        "something else": lambda content: b"\xffno library\n" * 1000,
    }.items(),
    ids=lambda item: item[0],
)
def test_a_damaged_entry_is_compiled_again(cache, pattern, damage):
    load(SOURCE, name="a")
    path = only(cache, pattern)
    sound = path.read_bytes()
    # Another file, as this process has the first one mapped.
    path.unlink()
    path.write_bytes(damage[1](sound))
    assert answer_of_new_process() == "42"
    assert path.read_bytes() == sound


def test_a_killed_compilation_leaves_nothing_that_harms_or_stays(cache, tmp_path, monkeypatch):
    started = tmp_path / "started"
    script = f"""case "$*" in *-shared*) if [ ! -e {started} ]; then
        while [ "$1" != -o ]; do shift; done
        echo half a library > "$2"; touch {started}; sleep 60; fi ;; esac"""
    monkeypatch.setenv("CC", fake_compiler(tmp_path, script))
    command = [sys.executable, "-c", ANSWER.format(SOURCE)]
    with subprocess.Popen(command, start_new_session=True) as process:
        deadline = time.monotonic() + 30
        while not started.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    left = only(cache, ".*.part")

    assert answer_of_new_process() == "42"
    assert left.exists()  # it might be at work still
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(left, (two_days_ago, two_days_ago))
    load(SOURCE + "\n", name="b")
    assert not left.exists()


def test_no_compiler_is_an_error_that_says_where_it_looked(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoNativeCode, match=r"looked on PATH for cc, gcc, clang .* or set \$CC"):
        load(SOURCE, name="a")
    monkeypatch.setenv("CC", "no-such-cc -m64")
    with pytest.raises(NoNativeCode, match=r"'no-such-cc -m64', as \$CC says"):
        load(SOURCE, name="a")


def test_a_folder_that_cannot_be_written_is_an_error_that_says_so(cache):
    cache.parent.write_text("a file")
    with pytest.raises(NoNativeCode, match=r"cannot be written: .* Set \$ARCHSEARCH_CACHE"):
        load(SOURCE, name="a")


def test_a_folder_that_others_may_write_is_refused(cache):
    load(SOURCE, name="a")
    forget()
    cache.chmod(0o777)
    with pytest.raises(NoNativeCode, match=r"writable by you alone, got owner .* and mode 777"):
        load(SOURCE, name="a")


def test_an_error_of_the_compiler_is_shown(cache):
    with pytest.raises(NoNativeCode, match=r"(?s)-O3 .*\.c:1:.*nowhere") as caught:
        load("int answer(void) { return nowhere; }\n", name="wrong")
    assert str(only(cache, "wrong-*.c")) in str(caught.value)
    assert not list(cache.glob(".*"))


def test_a_library_that_lacks_a_function_is_refused():
    with pytest.raises(NoNativeCode, match=r"cannot be loaded: .*missing_function"):
        load(
            "int missing_function(void); int answer(void) { return missing_function(); }", name="a"
        )


@pytest.mark.parametrize(
    ("refused", "flags"),
    [
        ("-mprefer-vector-width", ("-march=native",)),
        ("-march", ("-mcpu=native",)),
        ("-m", ()),
    ],
)
def test_flags_that_the_compiler_refuses_are_left_out(refused, flags, tmp_path, monkeypatch):
    # The system's compiler may itself refuse -mcpu=native, so the script takes it away.
    log = tmp_path / "log"
    script = f"""echo "$*" >> {log}
    case " $*" in *" {refused}"*) echo "unknown option {refused}"; exit 1 ;; esac
    for word; do shift; case $word in -m*) ;; *) set -- "$@" "$word" ;; esac; done"""
    monkeypatch.setenv("CC", fake_compiler(tmp_path, script))
    assert load(SOURCE, name="a").answer() == 42
    last = log.read_text().splitlines()[-1].split()
    assert tuple(word for word in last if word.startswith("-m")) == flags

    log.unlink()
    load(SOURCE + "\n", name="a")
    assert len(log.read_text().splitlines()) == 1  # the answers are kept


@pytest.mark.parametrize("name", ["", "../a", ".hidden", "a b", "a" * 65])
def test_a_name_that_is_no_file_name_is_refused(name):
    with pytest.raises(ValueError, match="expected a name of 1 to 64 letters"):
        load(SOURCE, name=name)
