import gzip
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pooch
import pytest

from archsearch.data import DataError, data_root
from archsearch.data.store import CorpusFile, read_verified
from archsearch.whole_file import STALE_SECONDS

CONTENT = b"".join(b" a line of words %d \n" % number for number in range(20_000))
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER_GZIP = gzip.compress(b"other")
PATH = "toy/toy.train.txt"
FILE = CorpusFile(PATH, SHA256, len(CONTENT), "http://127.0.0.1:9/public/toy.train.txt")


def files_under(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def put(root: Path, name: str, stored: bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(stored)
    return path


class TestRoot:
    def test_argument_then_environment_then_cache(self, tmp_path, monkeypatch):
        monkeypatch.setenv("ARCHSEARCH_DATA", str(tmp_path / "environment"))
        assert data_root(tmp_path / "argument") == tmp_path / "argument"
        assert data_root() == tmp_path / "environment"
        monkeypatch.setenv("ARCHSEARCH_DATA", "")
        assert data_root() == Path(pooch.os_cache("archsearch"))

    def test_relative_root_is_taken_from_the_current_directory(self, tmp_path, monkeypatch):
        monkeypatch.setenv("ARCHSEARCH_DATA", "../shared")
        (tmp_path / "work").mkdir()
        monkeypatch.chdir(tmp_path / "work")
        assert data_root() == tmp_path / "shared"
        assert data_root("here") == tmp_path / "work" / "here"


class TestPresentFile:
    @pytest.mark.parametrize(
        ("name", "stored"), [(PATH, CONTENT), (PATH + ".gz", gzip.compress(CONTENT))]
    )
    def test_is_read_plain_or_gzipped_without_a_request(self, tmp_path, server, name, stored):
        put(tmp_path, name, stored)
        assert read_verified(FILE, tmp_path, mirror=server.address) == CONTENT
        assert server.requests == []
        assert files_under(tmp_path) == [name]

    @pytest.mark.parametrize(
        ("name", "stored"),
        [
            pytest.param(PATH, CONTENT[:-1], id="truncated"),
            pytest.param(PATH, b"", id="empty"),
            pytest.param(PATH + ".gz", OTHER_GZIP, id="other content"),
            pytest.param(PATH + ".gz", gzip.compress(CONTENT)[:-100], id="truncated gzip"),
            pytest.param(PATH + ".gz", b"", id="empty gzip"),
            pytest.param(PATH + ".gz", CONTENT, id="not gzip"),
            pytest.param(
                PATH + ".gz", gzip.compress(CONTENT)[:50] + b"\xff" * 99, id="damaged gzip"
            ),
        ],
    )
    def test_wrong_content_is_reported_and_left_alone(self, tmp_path, server, name, stored):
        path = put(tmp_path, name, stored)
        server.serve(f"/{PATH}", CONTENT)
        with pytest.raises(DataError, match="not the expected one") as raised:
            read_verified(FILE, tmp_path, mirror=server.address)
        message = str(raised.value)
        found = b"other" if stored == OTHER_GZIP else stored
        for part in (str(path), SHA256, hashlib.sha256(found).hexdigest(), FILE.url, "Delete it"):
            assert part in message
        assert path.read_bytes() == stored
        assert server.requests == []

    def test_unreadable_is_reported(self, tmp_path):
        (tmp_path / PATH).mkdir(parents=True)
        with pytest.raises(DataError, match="cannot be read"):
            read_verified(FILE, tmp_path)

    def test_dangling_link_is_reported_and_kept(self, tmp_path, server):
        (tmp_path / "toy").mkdir()
        (tmp_path / PATH).symlink_to(tmp_path / "nowhere")
        with pytest.raises(DataError, match="cannot be read"):
            read_verified(FILE, tmp_path, mirror=server.address)
        assert (tmp_path / PATH).is_symlink()


class TestDownload:
    def test_lands_in_the_layout_and_is_not_repeated(self, tmp_path, server):
        server.serve(f"/mirror/{PATH}", CONTENT)
        root = tmp_path / "new" / "root"
        for _ in range(2):
            assert read_verified(FILE, root, mirror=server.address + "/mirror/") == CONTENT
        assert server.requests == [f"/mirror/{PATH}"]
        assert files_under(root) == [PATH]
        plain = put(tmp_path, "plain", b"")  # others may read it as they may read any new file
        assert (root / PATH).stat().st_mode == plain.stat().st_mode

    def test_public_address_is_the_default(self, tmp_path, server):
        file = CorpusFile(PATH, SHA256, len(CONTENT), server.address + "/public/file.txt")
        server.serve("/public/file.txt", CONTENT)
        assert read_verified(file, tmp_path) == CONTENT

    @pytest.mark.parametrize(
        ("body", "promised", "cause"),
        [
            pytest.param(CONTENT[:9999], len(CONTENT), "9999 bytes read", id="connection cut"),
            pytest.param(CONTENT[:9999], None, "9,999 bytes with sha256", id="truncated"),
            pytest.param(CONTENT[::-1], None, "instead of", id="wrong content"),
            pytest.param(None, None, "404", id="not found"),
        ],
    )
    def test_bad_answer_leaves_nothing_behind(self, tmp_path, server, body, promised, cause):
        if body is not None:
            server.serve(f"/{PATH}", body, promised=promised)
        with pytest.raises(DataError, match="could not be downloaded") as raised:
            read_verified(FILE, tmp_path, mirror=server.address)
        assert cause in str(raised.value)
        assert files_under(tmp_path) == []
        server.serve(f"/{PATH}", CONTENT)
        assert read_verified(FILE, tmp_path, mirror=server.address) == CONTENT

    def test_without_network_the_error_says_what_to_do(self, tmp_path, monkeypatch):
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with socket.socket() as taken:  # bound but not listening: connections are refused
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}/toy.txt"
            file = CorpusFile(PATH, SHA256, len(CONTENT), url)
            with pytest.raises(DataError) as raised:
                read_verified(file, tmp_path)
        message = str(raised.value)
        for part in (url, str(tmp_path / PATH), str(tmp_path / PATH) + ".gz", "ARCHSEARCH_DATA"):
            assert part in message

    @pytest.mark.parametrize("mirror", ["", "nonsense", "file:///tmp", "http://[::1", "http://"])
    def test_impossible_address(self, tmp_path, mirror):
        with pytest.raises(DataError, match="could not be downloaded"):
            read_verified(FILE, tmp_path, mirror=mirror)

    def test_root_that_cannot_be_written(self, tmp_path, server):
        server.serve(f"/{PATH}", CONTENT)
        root = put(tmp_path, "a-file", b"not a folder")
        with pytest.raises(DataError, match="could not be downloaded"):
            read_verified(FILE, root, mirror=server.address)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write into read-only folders")
    def test_read_only_root(self, tmp_path, server):
        server.serve(f"/{PATH}", CONTENT)
        tmp_path.chmod(0o500)
        with pytest.raises(DataError, match="Permission denied"):
            read_verified(FILE, tmp_path, mirror=server.address)

    def test_never_replaces_a_file_that_appears_meanwhile(self, tmp_path, server):
        def page(handler):
            put(tmp_path, PATH, b"the user's own")
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(CONTENT)

        server.pages[f"/{PATH}"] = page
        assert read_verified(FILE, tmp_path, mirror=server.address) == CONTENT
        assert (tmp_path / PATH).read_bytes() == b"the user's own"
        assert files_under(tmp_path) == [PATH]

    def test_file_system_without_hard_links(self, tmp_path, server, monkeypatch):
        def refuse(*args):
            raise PermissionError("no hard links here")

        monkeypatch.setattr(os, "link", refuse)
        server.serve(f"/{PATH}", CONTENT)
        assert read_verified(FILE, tmp_path, mirror=server.address) == CONTENT
        assert files_under(tmp_path) == [PATH]

    def test_many_at_once(self, tmp_path, server):
        server.serve(f"/{PATH}", CONTENT)
        with ThreadPoolExecutor(8) as pool:
            contents = pool.map(
                lambda _: read_verified(FILE, tmp_path, mirror=server.address), range(16)
            )
            assert all(content == CONTENT for content in contents)
        assert files_under(tmp_path) == [PATH]

    def test_after_a_kill_in_the_middle(self, tmp_path, server):
        server.stall(f"/{PATH}", CONTENT[:200_000], promised=len(CONTENT))
        program = (
            "import sys; from archsearch.data.store import *; "
            "read_verified(CorpusFile(*sys.argv[1:3], 0, ''), *sys.argv[3:])"
        )
        arguments = [PATH, SHA256, str(tmp_path), server.address]
        process = subprocess.Popen(
            [sys.executable, "-c", program, *arguments],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        deadline = time.monotonic() + 60
        while not any(path.stat().st_size for path in tmp_path.rglob("*.part")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()

        (leftover,) = files_under(tmp_path)
        assert leftover.startswith("toy/.toy.train.txt.")
        server.serve(f"/{PATH}", CONTENT)
        assert read_verified(FILE, tmp_path, mirror=server.address) == CONTENT
        assert files_under(tmp_path) == [leftover, PATH]  # it might be another process's, at work

    def test_old_leftovers_are_cleaned_up(self, tmp_path, server):
        server.serve(f"/{PATH}", CONTENT)
        old = put(tmp_path, "toy/.toy.train.txt.0123.part", b"half")
        long_ago = time.time() - STALE_SECONDS - 1
        os.utime(old, (long_ago, long_ago))
        read_verified(FILE, tmp_path, mirror=server.address)
        assert files_under(tmp_path) == [PATH]
