"""Arrays out of an .npz file, and nothing else: no pickles."""

import io
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from archsearch.data.errors import DataError


def read_arrays(content: bytes, path: str, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The arrays of these names in the content of an .npz file, which errors call `path`.

    Raises:
        DataError: it is no .npz file, is damaged, lacks one of them, or has Python objects in one,
            which would be a pickle, and a pickle may run whatever it likes.
    """
    try:
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
        found = list(loaded) if isinstance(loaded, NpzFile) else []
        arrays = {name: loaded[name] for name in names if name in found}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(
            f"{path}: expected an .npz file of plain arrays, without Python objects, got one that "
            f"cannot be read: {error}. Put a right copy in its place"
        ) from error
    if len(arrays) < len(names):
        raise DataError(
            f"{path}: expected an .npz file with {', '.join(names)}, got one with "
            f"{', '.join(found) or 'none'}. Put a right copy in its place"
        )
    return arrays
