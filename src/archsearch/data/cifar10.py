"""CIFAR-10: 60,000 photographs of 32×32 pixels in ten classes, from the official binary archive.

Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009). 5,000 images drawn from
the training set validate, 45,000 train: Zoph & Le, Neural Architecture Search with Reinforcement
Learning (2017), section 4.1; which 5,000 is ours.

Licence: none stated by the authors; free for research with citation. archsearch does not contain
it.

The archive is read in memory; nothing of it is written to disk. A record of its six members with
images is a byte of label, then 1,024 bytes each of red, green and blue, row by row.
"""

import gzip
import io
import tarfile
from collections.abc import Sequence

import numpy as np
import torch

from archsearch.data.images import ImageCorpus, LabelledImages, split_off
from archsearch.data.store import CorpusFile, Root, once_per_root, read_verified

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
NUM_VALID = 5_000
SHAPE = (3, 32, 32)

# Size and sha256 are as others published them; the archive's md5 is
# c32a1d4ab5d03f1284b67883e8d87530.
FILE = CorpusFile(
    "cifar10/cifar-10-binary.tar.gz",
    sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    num_bytes=170_052_171,
    url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
)
_FOLDER = "cifar-10-batches-bin/"
_TRAIN_MEMBERS = [f"{_FOLDER}data_batch_{number}.bin" for number in range(1, 6)]
_TEST_MEMBER = f"{_FOLDER}test_batch.bin"
_RECORD_BYTES = 1 + 3 * 32 * 32


@once_per_root
def load_cifar10(root: Root = None, mirror: str | None = None) -> ImageCorpus:
    """The corpus; the archive has 162 MiB."""
    train, test = read_archive(read_verified(FILE, root, mirror))
    train, valid = split_off(train, NUM_VALID)
    return ImageCorpus("cifar10", CLASSES, train, valid, test)


def read_archive(content: bytes) -> tuple[LabelledImages, LabelledImages]:
    """Training and test images of the archive with this content; five members have the former."""
    # Unpacked at once: to go back to a member would be to unpack all before it again.
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(content)), mode="r:") as archive:
        return _records(archive, _TRAIN_MEMBERS), _records(archive, [_TEST_MEMBER])


def _records(archive: tarfile.TarFile, members: Sequence[str]) -> LabelledImages:
    files = [archive.extractfile(member) for member in members]
    content = b"".join(file.read() for file in files if file is not None)
    records = torch.from_numpy(np.frombuffer(content, np.uint8).reshape(-1, _RECORD_BYTES).copy())
    return LabelledImages(records[:, 1:].reshape(-1, *SHAPE), records[:, 0].long())
