import pytest

from archsearch.architecture import read_cell
from archsearch.cell import CellError, zoo

TEXT = "z = Sigmoid(Linear(x_t)); h_t = Tanh(Mult(z, Linear(h_tm1)))"


def test_zoo_text_file_and_run_directory_name_the_same_kind_of_thing(tmp_path):
    (tmp_path / "cell.txt").write_text(f"{TEXT}\n")
    assert read_cell("zoo/gru") == zoo["gru"]
    in_file, in_training = read_cell(str(tmp_path / "cell.txt")), read_cell(str(tmp_path))
    assert read_cell(TEXT) == in_file == in_training
    (tmp_path / "best_cell.txt").write_text(str(zoo["mgu"]))
    assert read_cell(str(tmp_path)) == zoo["mgu"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("zoo/lstn", "did you mean lstm"),
        ("nowhere.txt", "no file nowhere.txt; the zoo has rnn, lstm"),
        ("h_t = Tahn(x_t)", "Tanh"),
    ],
)
def test_what_is_no_cell_is_named(source, message):
    with pytest.raises(CellError, match=message):
        read_cell(source)


def test_a_file_that_is_not_text_is_named(tmp_path):
    path = tmp_path / "cell.txt"
    path.write_bytes(b"h_t = \xff")
    with pytest.raises(CellError, match=f"{path}: expected text in UTF-8, got the byte 0xff"):
        read_cell(str(path))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_part_of_a_cell(tmp_path, encoding):
    path = tmp_path / "cell.txt"
    path.write_text(TEXT, encoding=encoding)
    assert read_cell(str(path)) == read_cell(TEXT)
