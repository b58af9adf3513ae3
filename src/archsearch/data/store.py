"""Where the files of corpora lie, and how they get there: find, verify, download.

A corpus file is known by the sha256 of its uncompressed content, so it may lie under the data root
plain or gzipped; of what is published as an archive (.tar.gz) the archive is the content. A file
that is already there is read and never written, moved or deleted.
A download goes to a hidden name in the same folder (`.ptb.train.txt.3f9c….part`), is verified
there, and takes its final name in one step; so a process killed at any moment leaves at most such
a hidden file, and any number of processes may download the same file at once.
"""

import gzip
import hashlib
import logging
import os
import secrets
import warnings
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from archsearch.data.errors import DataError
from archsearch.decoding import decoded
from archsearch.whole_file import remove_stale_parts

with warnings.catch_warnings():
    # It imports a progress bar, which asks notebooks for widgets.
    warnings.filterwarnings("ignore", "IProgress not found")
    import pooch

ROOT_VARIABLE = "ARCHSEARCH_DATA"
PART_SUFFIX = ".part"
# A running download writes at least every 30 s (pooch's timeout), so an older one was killed.

log = logging.getLogger(__name__)

Corpus = TypeVar("Corpus", covariant=True)
Root: TypeAlias = str | os.PathLike[str] | None


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file of a corpus. Checksum and size are those of the uncompressed content."""

    path: str  # under the data root, such as "ptb/ptb.train.txt"; may lie there as path + ".gz"
    sha256: str
    num_bytes: int
    url: str | None  # public address that gives the uncompressed content; None: there is none
    made_of: str = ""  # where there is none: from what, and where that is


def published(folder: str, address: str) -> Callable[[str, str, int], CorpusFile]:
    """What makes the files of a corpus, each of its name, sha256 and size: under the data root they
    lie in the folder, and behind the address they are public."""
    return lambda name, sha256, num_bytes: CorpusFile(
        f"{folder}/{name}", sha256, num_bytes, address + name
    )


def use_data_root(root: str | None) -> None:
    """Look for data there from now on, in processes that begin later too; None: as before."""
    if root is not None:
        os.environ[ROOT_VARIABLE] = root


def data_root(root: Root = None) -> Path:
    """The folder under which corpora lie: `root`, else $ARCHSEARCH_DATA, else the user's cache.

    A relative folder is taken from the current directory. The folder need not exist.
    """
    chosen = root if root is not None else os.environ.get(ROOT_VARIABLE) or None
    if chosen is None:
        return Path(pooch.os_cache("archsearch"))
    return Path(chosen).expanduser().resolve()


class Loader(Protocol[Corpus]):
    """Gives a corpus from under `data_root(root)`; missing files are downloaded first."""

    def __call__(self, root: Root = None, mirror: str | None = None) -> Corpus:
        """mirror: see `read_verified`."""


def once_per_root(load: Loader[Corpus]) -> Loader[Corpus]:
    """The loader, which reads and verifies once in a process; later calls give the same corpus."""
    read = cache(load)

    @wraps(load)
    def loaded(root: Root = None, mirror: str | None = None) -> Corpus:
        return read(data_root(root), mirror)

    return loaded


def read_verified(file: CorpusFile, root: Root = None, mirror: str | None = None) -> bytes:
    """The uncompressed content of `file`, proven right; downloaded first where it is missing.

    With `mirror`, the address is `mirror/path` instead of the public one. Raises DataError.
    """
    plain = data_root(root) / file.path
    for path in (plain, _gzipped(plain)):
        if os.path.lexists(path):  # a dangling link is the user's too: report it, keep it
            return _read_present(path, file, gzipped=path != plain)
    address = file.url if mirror is None else f"{mirror.rstrip('/')}/{file.path}"
    if address is None:
        raise _nowhere(plain, file)
    return _download(plain, file, address)


def read_texts(files: Iterable[CorpusFile], root: Root, mirror: str | None) -> list[str]:
    """`read_verified` of each file, decoded."""
    return [decoded(read_verified(file, root, mirror), file.path) for file in files]


def _gzipped(plain: Path) -> Path:
    return plain.with_name(plain.name + ".gz")


def _read_present(path: Path, file: CorpusFile, *, gzipped: bool) -> bytes:
    try:
        stored = path.read_bytes()
    except OSError as error:
        raise DataError(f"the data file {path} cannot be read: {error}") from error
    try:
        content = gzip.decompress(stored) if gzipped else stored
    except (EOFError, OSError, zlib.error) as error:
        damage = f"a gzip file that is truncated or damaged ({error}), itself {_describe(stored)}"
        raise _wrong_content(path, file, damage) from error
    if _sha256(content) != file.sha256:
        raise _wrong_content(path, file, _describe(content))
    return content


def _download(plain: Path, file: CorpusFile, address: str) -> bytes:
    part = plain.with_name(f".{plain.name}.{secrets.token_hex(8)}{PART_SUFFIX}")
    log.info("downloading %s to %s", address, plain)
    try:
        plain.parent.mkdir(parents=True, exist_ok=True)
        remove_stale_parts(plain.parent, f".{plain.name}.*{PART_SUFFIX}")
        _fetch(address, part)
        content = part.read_bytes()
        if _sha256(content) != file.sha256:
            cause = f"it gave {_describe(content)} instead of {_expected(file)}"
            raise _not_downloaded(plain, file, address, cause)
        _publish(part, plain)
    except OSError as error:  # the network's errors are OSErrors too
        raise _not_downloaded(plain, file, address, str(error)) from error
    finally:
        if os.path.lexists(part):
            part.unlink()
    return content


def _fetch(address: str, part: Path) -> None:
    responses: list[Any] = []
    keep = {"response": lambda response, **_: responses.append(response)}
    download = pooch.HTTPDownloader(chunk_size=1 << 16, hooks=keep)
    try:
        download(address, str(part), None)
    finally:
        for response in responses:  # pooch leaves their sockets open on errors
            response.close()


def _publish(part: Path, final: Path) -> None:
    """Give a verified download its final name in one step, unless that name is taken by now."""
    try:
        os.link(part, final)  # unlike a rename, never replaces a file
    except FileExistsError:
        log.info("%s has come from elsewhere meanwhile and is kept", final)
    except OSError:  # a file system without hard links
        if not os.path.lexists(final):
            part.rename(final)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _describe(content: bytes) -> str:
    return f"{len(content):,} bytes with sha256 {_sha256(content)}"


def _expected(file: CorpusFile) -> str:
    return f"{file.num_bytes:,} bytes with sha256 {file.sha256}"


def _wrong_content(path: Path, file: CorpusFile, found: str) -> DataError:
    again = "Delete it, and the next run downloads it again; or put" if file.url else "Put"
    return DataError(
        f"the data file {path} is not the expected one.\n"
        f"  expected content: {_expected(file)}\n"
        f"  found:            {found}\n"
        f"  comes from:       {file.url or file.made_of}\n"
        f"  {again} a right copy in its place. archsearch does not overwrite files that it finds."
    )


def _nowhere(plain: Path, file: CorpusFile) -> DataError:
    return DataError(
        f"the data file {file.path} is missing, and no public address has it.\n"
        f"  looked for: {plain}\n"
        f"              {_gzipped(plain)}\n"
        f"  made of:    {file.made_of}\n"
        f"  Name a folder that has it by data.root=… or ${ROOT_VARIABLE}."
    )


def _not_downloaded(plain: Path, file: CorpusFile, address: str, cause: str) -> DataError:
    return DataError(
        f"the data file {file.path} is missing and could not be downloaded.\n"
        f"  looked for: {plain}\n"
        f"              {_gzipped(plain)}\n"
        f"  address:    {address}\n"
        f"  cause:      {cause}\n"
        "  Get it from that address where there is a network and put it at either place, plain "
        f"or gzipped; or name a folder that has {file.path} by data.root=… or ${ROOT_VARIABLE}."
    )
