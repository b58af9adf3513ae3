"""Whitening, upsampling, crops and flips, against their definitions."""

import pytest
import torch
from torch.nn import functional as F

from archsearch.data import UpsampledCrops, whiten


def images_of(count: int, size: int = 12) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, size, size), generator=generator).to(torch.uint8)


def test_whitened_images_have_no_mean_and_unit_variance_each_for_itself():
    images = images_of(5)
    images[1] //= 4
    images[2] = 77
    white = whiten(images)
    others = white[[0, 1, 3, 4]]
    torch.testing.assert_close(others.mean((1, 2, 3)), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(others.square().mean((1, 2, 3)), torch.ones(4))
    assert torch.equal(white[2], torch.zeros(3, 12, 12)), "a flat image"
    torch.testing.assert_close(whiten(images[:1]), white[:1])


def test_random_crops_are_crops_of_the_upsampled_image_all_of_them_and_mirrored():
    image = whiten(images_of(1))
    crops = UpsampledCrops(12, 14)
    large = F.interpolate(image, (14, 14), mode="bilinear")[0]
    wanted = [large[:, top : top + 12, left : left + 12] for top in range(3) for left in range(3)]
    wanted += [crop.flip(2) for crop in wanted]
    drawn = crops.random(image.expand(600, -1, -1, -1), torch.Generator().manual_seed(1))
    distances = torch.stack([(drawn - crop).abs().amax((1, 2, 3)) for crop in wanted])
    assert (distances.min(0).values < 1e-5).all()
    found = distances.argmin(0).bincount(minlength=18)
    assert (found > 10).all(), "of 600, 33 each are expected"


def test_central_crop_is_from_the_middle():
    image = whiten(images_of(1))
    large = F.interpolate(image, (16, 16), mode="bilinear")
    torch.testing.assert_close(UpsampledCrops(12, 16).central(image), large[:, :, 2:14, 2:14])


def test_without_upsampling_only_flips_are_left():
    images = whiten(images_of(40))
    drawn = UpsampledCrops(12, 12).random(images, torch.Generator().manual_seed(1))
    for image, crop in zip(images, drawn, strict=True):
        assert torch.equal(crop, image) or torch.equal(crop, image.flip(2))
    with pytest.raises(ValueError, match="at least the images' 12, got 11"):
        UpsampledCrops(12, 11)
