"""Images of a bright bar each, and files in the formats of CIFAR-10 with a few images."""

import io
import tarfile

import numpy as np
import torch
from PIL import Image

from archsearch.data import ImageCorpus, LabelledImages
from archsearch.data.cifar10 import CLASSES


def bars(count: int, seed: int) -> LabelledImages:
    """Noisy images (count, 3, 12, 12) with a bar that lies (class 0) or stands (class 1)."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (count,), generator=generator)
    places = torch.randint(4, 8, (count,), generator=generator)
    images = torch.randint(0, 80, (count, 3, 12, 12), generator=generator).to(torch.uint8)
    for image, label, place in zip(images, labels, places, strict=True):
        (image[:, place] if label == 0 else image[:, :, place]).fill_(200)
    return LabelledImages(images, labels)


def bar_corpus() -> ImageCorpus:
    return ImageCorpus(
        "bars", ("lies", "stands"), bars(203, 0), bars(50, 1), bars(41, 2), {"images": "drawn"}
    )


def records(count: int, seed: int) -> bytes:
    """Images in the binary format, their labels counting up."""
    rng = np.random.default_rng(seed)
    return b"".join(
        bytes([number % len(CLASSES)]) + rng.bytes(3 * 32 * 32) for number in range(count)
    )


def binary_members(count: int) -> dict[str, bytes]:
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    members = {f"{name}.bin": records(count, seed) for seed, name in enumerate(names)}
    members |= {"batches.meta.txt": b"airplane\n", "readme.html": b"<html>"}
    return {f"cifar-10-batches-bin/{name}": content for name, content in members.items()}


def tar_gz(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def npz(**arrays: object) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def jpeg(size: tuple[int, int] = (32, 32), colour: tuple[int, int, int] = (200, 100, 0)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "JPEG", quality=75)
    return stream.getvalue()


def jpeg_arrays(*files: bytes) -> dict[str, np.ndarray]:
    """Those of a split "train" with these files."""
    return {
        "train_jpeg": np.frombuffer(b"".join(files), np.uint8),
        "train_offsets": np.cumsum([0, *map(len, files)]),
        "train_labels": np.arange(len(files), dtype=np.uint8),
    }
