"""Labelled images, in three splits.

Shapes: N images, C channels, H height, W width.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

_SPLIT_SEED = 0  # of which images validate; changing it changes every figure


class LabelledImages(NamedTuple):
    """Images with the numbers of their classes."""

    images: Tensor  # (N, C, H, W) uint8
    labels: Tensor  # (N,) int64

    def at(self, places: Tensor | slice) -> "LabelledImages":
        """Those at these places, in this order."""
        return LabelledImages(self.images[places], self.labels[places])

    def batches(self, size: int) -> list["LabelledImages"]:
        """Consecutive ones together, `size` at a time; the last batch may be smaller."""
        starts = range(0, len(self.labels), size)
        return [self.at(slice(start, start + size)) for start in starts]


@dataclass(frozen=True)
class ImageCorpus:
    """Images of some classes. The test split is used once, at the end.

    notes: what results must be quoted with, by name.
    """

    name: str
    classes: tuple[str, ...]
    train: LabelledImages
    valid: LabelledImages
    test: LabelledImages
    notes: Mapping[str, str] = field(default_factory=dict)

    def limit(
        self, max_train_images: int | None = None, max_valid_images: int | None = None
    ) -> "ImageCorpus":
        """The first so many training and validation images; all test images."""
        return replace(
            self,
            train=self.train.at(slice(max_train_images)),
            valid=self.valid.at(slice(max_valid_images)),
        )


def split_off(images: LabelledImages, *sizes: int) -> tuple[LabelledImages, ...]:
    """Parts of these sizes, drawn without replacement, always the same ones; the rest comes first,
    in its order."""
    order = torch.randperm(len(images.labels), generator=torch.Generator().manual_seed(_SPLIT_SEED))
    *drawn, rest = torch.split(order, [*sizes, len(order) - sum(sizes)])
    return images.at(rest.sort().values), *map(images.at, drawn)
