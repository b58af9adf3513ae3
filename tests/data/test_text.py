import pytest

from archsearch.data import DataError, TokenCorpus, load_xml
from archsearch.data.text import character_corpus, split_words, word_corpus

TRAIN = " the cat <unk> \n the dog saw the cat \n"  # the 3, <eos> 2, cat 2, <unk>, dog, saw


def toy() -> TokenCorpus:
    return word_corpus("toy", TRAIN, " the saw \n", " dog dog \n")


def words(corpus: TokenCorpus, split: str) -> list[str]:
    return [corpus.vocabulary[number] for number in getattr(corpus, split).tolist()]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (" a b \n c\n", "a b <eos> c <eos>"),
        ("a\n\n", "a <eos> <eos>"),
        ("a\nb", "a <eos> b <eos>"),
        ("", ""),
    ],
)
def test_every_line_ends_in_eos(content, expected):
    assert split_words(content) == expected.split()


def test_words_are_numbered_by_frequency_then_alphabet():
    corpus = toy()
    assert corpus.vocabulary == ("the", "<eos>", "cat", "<unk>", "dog", "saw")
    assert " ".join(words(corpus, "train")) == "the cat <unk> <eos> the dog saw the cat <eos>"
    assert words(corpus, "valid") == ["the", "saw", "<eos>"]


def test_words_that_training_lacks_are_unknown():
    corpus = word_corpus("toy", TRAIN, " the emu \n", "")
    assert words(corpus, "valid") == ["the", "<unk>", "<eos>"]
    corpus = word_corpus("toy", "a b\n", "a\n", "emu auk\n")
    assert corpus.vocabulary == ("<eos>", "a", "b", "<unk>")
    assert words(corpus, "test") == ["<unk>", "<unk>", "<eos>"]
    assert word_corpus("toy", "a b\n", "a\n", "b\n").vocabulary == ("<eos>", "a", "b")


def test_an_unknown_word_is_predicted_only_where_training_has_it():
    learnt = word_corpus("toy", TRAIN, " the emu \n", "")
    assert learnt.scored() is learnt
    corpus = word_corpus("toy", "a b\n", "a emu\n", "b\n").scored()
    unknown, end = corpus.vocabulary.index("<unk>"), corpus.vocabulary.index("<eos>")
    assert corpus.valid.tolist() == [corpus.vocabulary.index("a"), ~unknown, end]
    assert not corpus.all_scored
    with pytest.raises(DataError, match=r"toy \(valid\): expected symbols .* got none among 2"):
        character_corpus("toy", "ab", "xy", "a").scored()


@pytest.mark.parametrize(
    ("size", "vocabulary", "train"),
    [
        (2, "the <unk>", "the <unk> <unk> <unk> the <unk> <unk> the <unk> <unk>"),
        (3, "the <eos> <unk>", "the <unk> <unk> <eos> the <unk> <unk> the <unk> <eos>"),
        (4, "the <eos> cat <unk>", "the cat <unk> <eos> the <unk> <unk> the cat <eos>"),
        (5, "the <eos> cat <unk> dog", "the cat <unk> <eos> the dog <unk> the cat <eos>"),
    ],
)
def test_limited_vocabulary_keeps_the_most_frequent_words(size, vocabulary, train):
    limited = toy().limit(vocabulary_size=size)
    assert " ".join(limited.vocabulary) == vocabulary
    assert " ".join(words(limited, "train")) == train
    assert words(limited, "test") == [
        word if word in vocabulary.split() else "<unk>" for word in words(toy(), "test")
    ]


def test_limited_splits_keep_their_leading_part():
    limited = toy().limit(max_train_symbols=4, max_valid_symbols=1)
    assert words(limited, "train") == ["the", "cat", "<unk>", "<eos>"]
    assert words(limited, "valid") == ["the"]
    assert words(limited, "test") == words(toy(), "test")


def test_limits_beyond_the_corpus_change_nothing():
    limited = toy().limit(vocabulary_size=99, max_train_symbols=99, max_valid_symbols=99)
    assert limited.vocabulary == toy().vocabulary
    assert words(limited, "train") == words(toy(), "train")


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_train_symbols": 0}, "max_train_symbols: expected at least 1"),
        ({"max_valid_symbols": -1}, "max_valid_symbols: expected at least 1"),
        ({"vocabulary_size": 1}, "vocabulary_size: expected at least 2"),
    ],
)
def test_impossible_limits(limits, message):
    with pytest.raises(DataError, match=message):
        toy().limit(**limits)


def test_vocabulary_without_unk_cannot_be_limited():
    corpus = load_xml(train_symbols=9, valid_symbols=9, test_symbols=9)
    with pytest.raises(DataError, match=r"xml \(29 symbols\) has no <unk>"):
        corpus.limit(vocabulary_size=10)
