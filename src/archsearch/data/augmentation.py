"""What happens to an image before a network sees it.

Zoph & Le, Neural Architecture Search with Reinforcement Learning (2017), section 4.1: "whitening
all the images", then "we upsample each image then choose a random 32x32 crop of this upsampled
image", then "random horizontal flips". Shapes: B batch, C channels, S side of the images, in
pixels, U that of the upsampled ones.

What the paper leaves open, as decided here:
- Whitening is of each image for itself: mean 0 and variance 1 over its pixels and channels. The
  framework of its authors called just this whitening in 2016 (`per_image_whitening`, from memory).
- Upsampling is bilinear.
- An image that is evaluated is the crop from the middle, not flipped.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def whiten(images: Tensor) -> Tensor:
    """images (B, C, H, W) uint8 -> the same shape in float32, each of mean 0 and variance 1.

    A flat image becomes zeros: a deviation counts as 1/√(C·H·W) of a grey level at least.
    """
    values = images.float()
    deviations, means = torch.std_mean(values, dim=(1, 2, 3), correction=0, keepdim=True)
    return (values - means) / deviations.clamp(min=values[0].numel() ** -0.5)


class UpsampledCrops:
    """Crops of side S out of images of side S made U pixels wide and high.

    A bilinear map of rows or columns is a matrix; that of a crop is some of its rows. So a crop of
    an image is matrix · image · matrixᵀ, and the upsampled image, of which a third is thrown away,
    need not be made.
    """

    def __init__(self, size: int, upsampled_size: int) -> None:
        if upsampled_size < size:
            raise ValueError(
                f"upsampled_size: expected at least the images' {size}, got {upsampled_size}"
            )
        upsampling = F.interpolate(
            torch.eye(size)[None, None], (upsampled_size, size), mode="bilinear"
        )[0, 0]
        windows = upsampling.unfold(0, size, 1).transpose(1, 2)  # (U − S + 1, S, S), by offset
        self._rows = windows.contiguous()
        self._columns = torch.stack([windows, windows.flip(1)])  # (2, …): as they are, mirrored

    @property
    def num_offsets(self) -> int:
        """U − S + 1: of a crop, each way."""
        return len(self._rows)

    def random(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """One of each of images (B, C, S, S), half of them mirrored left to right."""

        def drawn(below: int) -> Tensor:
            return torch.randint(below, (len(images),), generator=generator)

        top, left = drawn(self.num_offsets), drawn(self.num_offsets)
        return _crop(images, self._rows[top], self._columns[drawn(2), left])

    def central(self, images: Tensor) -> Tensor:
        """That from the middle of each of images (B, C, S, S)."""
        matrix = self._rows[[(self.num_offsets - 1) // 2]]
        return _crop(images, matrix, matrix)


def _crop(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """images (B, C, S, S), matrices (B or 1, S, S) -> (B, C, S, S)."""
    rows, columns = rows[:, None].to(images), columns[:, None].to(images)
    return rows @ images @ columns.mT
