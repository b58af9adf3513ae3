import pytest

from archsearch.data import DataError, Iwslt, Multi30k, data_root, parallel_corpus
from archsearch.data.iwslt import SAMPLE
from archsearch.data.multi30k import FILES, TESTS


def skip_without(files) -> None:
    for file in files.values():
        plain = data_root() / file.path
        if not (plain.exists() or plain.with_name(plain.name + ".gz").exists()):
            pytest.skip(f"no {file.path} under ARCHSEARCH_DATA")


def sizes(text) -> list[int]:
    return [len(split.source) for split in (text.train, text.valid, text.test)]


def test_multi30k_has_the_pairs_that_its_authors_count():
    skip_without(FILES)
    expected = {"2016_flickr": 1000, "2017_flickr": 1000, "2017_mscoco": 461}
    for test in TESTS:
        assert sizes(Multi30k(test=test)()) == [29_000, 1_014, expected[test]]
    text = Multi30k()()
    assert text is Multi30k()(), "read once a process"
    assert text.train.source[0] == "two young , white males are outside near many bushes ."
    assert text.test.target[0] == "ein mann mit einem orangefarbenen hut , der etwas anstarrt ."
    assert Multi30k("de", "en")().valid == (text.valid.target, text.valid.source)


def test_multi30k_has_the_words_that_its_authors_count():
    skip_without(FILES)
    every = parallel_corpus(Multi30k()())
    assert (len(every.source), len(every.target)) == (10_210 + 4, 18_722 + 4)
    assert sum(len(pair.source) - 1 for pair in every.train) == 377_534
    assert sum(len(pair.target) - 1 for pair in every.train) == 360_706
    twice = parallel_corpus(Multi30k()(), min_count=2)
    assert (len(twice.source), len(twice.target)) == (5_917 + 4, 7_855 + 4)


def test_the_iwslt_sample_has_500_pairs_a_split_and_says_that_it_is_one():
    skip_without(SAMPLE)
    assert sizes(Iwslt()()) == [500, 500, 500]
    assert Iwslt()().train.source[0].startswith("und was menschliche gesundheit ist")
    assert Iwslt("en", "de")().train.target == Iwslt()().train.source
    assert Iwslt()().name == "iwslt-sample"
    assert Iwslt().notes["data"].startswith("a sample of 500 pairs")


def test_the_full_iwslt_set_is_the_users(tmp_path):
    for split in ("train", "valid", "test"):
        for language in ("de", "en"):
            (tmp_path / f"{split}.de-en.{language}").write_text(f"{split} {language}\n")
    text = Iwslt("en", "de", folder=str(tmp_path))
    assert text().valid == (("valid en",), ("valid de",))
    assert "not verified" in text.notes["data"]


def test_languages_and_test_sets_that_do_not_exist_are_named():
    for wrong in ({"source": "fr"}, {"target": "en"}):
        with pytest.raises(DataError, match="expected en and de in either order"):
            Multi30k(**wrong)
    with pytest.raises(DataError, match="test: expected 2016_flickr, 2017_flickr, 2017_mscoco"):
        Multi30k(test="2018")
    with pytest.raises(DataError, match="expected de and en in either order"):
        Iwslt(source="en")


def test_missing_files_come_from_their_public_address(tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHSEARCH_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"multi30k/tok/train\.lc\.norm\.tok\.en is missing"):
        Multi30k(mirror="http://")()
    assert all(file.url.endswith(file.path.removeprefix("multi30k/")) for file in FILES.values())
