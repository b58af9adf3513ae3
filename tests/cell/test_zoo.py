"""The published cells: their names, their facts, and keys that never change."""

import os
import subprocess
import sys

import pytest

from archsearch.cell import CellError, parse, zoo

# A change here breaks every archive: then raise the version in cell.py and say so in the changelog.
KEYS = {
    "rnn": "ebdea38ca92c2f20",
    "lstm": "1235876804726127",
    "lstm_b": "f343f3131a179cea",
    "lstm_f": "2c67c141e1d2dcaf",
    "lstm_i": "d8aa457be401bee8",
    "lstm_o": "2f12e1cec704b0e5",
    "gru": "1122a1136369c86c",
    "mgu": "c38f2582c41fa0c8",
    "mut1": "8245cbfbcb248d70",
    "mut2": "4cd052a4d0a379bb",
    "mut3": "c5a6348b4f3a604e",
    "nascell": "68cebfd94f26cc3d",
    "bc3": "1b35559972c14ade",
}


def test_keys():
    assert {name: cell.key for name, cell in zoo.items()} == KEYS


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_keys_are_the_same_in_every_process(seed):
    program = "from archsearch.cell import zoo\nfor name in zoo: print(name, zoo[name].key)"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    output = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert dict(line.split() for line in output.splitlines()) == KEYS


def test_the_package_needs_neither_torch_nor_numpy():
    program = "import sys, archsearch.cell\nprint({'torch', 'numpy'} & set(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    output = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert output.strip() == "set()"


def test_facts():
    linears = {name: len(cell.linears) for name, cell in zoo.items()}
    assert linears == {
        "rnn": 1, "lstm": 4, "lstm_b": 4, "lstm_f": 3, "lstm_i": 3, "lstm_o": 3, "gru": 4,
        "mgu": 2, "mut1": 3, "mut2": 3, "mut3": 3, "nascell": 9, "bc3": 7,
    }  # fmt: skip
    with_memory = {name for name, cell in zoo.items() if cell.memories == ("c",)}
    assert with_memory == {"lstm", "lstm_b", "lstm_f", "lstm_i", "lstm_o", "nascell", "bc3"}
    assert all(len(cell.memories) <= 1 for cell in zoo.values())
    assert {name for name in zoo if zoo[name].elementwise_sources} == {"mut1", "mut2"}


def test_the_lstm_with_a_forget_bias_differs_by_that_bias_alone():
    assert parse(str(zoo["lstm_b"]).replace(", bias=1", "")) == zoo["lstm"]
    assert zoo["lstm_b"] != zoo["lstm"]


def test_it_is_a_mapping():
    assert list(zoo) == list(KEYS)
    assert len(zoo) == len(KEYS)
    assert "lstm" in zoo
    assert "lst" not in zoo
    assert zoo.get("lst") is None


@pytest.mark.parametrize("error", [KeyError, CellError])
def test_an_unknown_name_names_the_nearest(error):
    with pytest.raises(error, match=r"got lsmt; did you mean lstm\?"):
        zoo["lsmt"]
