"""Trainings side by side."""

import csv
import io
import json
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from rich.console import Console

from archsearch.cell import zoo
from archsearch.train.table import COLUMNS, drawn, main, table, write_csv


@pytest.fixture
def training(tmp_path: Path):
    def write(cell: str, seed: int, test: float, epochs: int = 1) -> Path:
        folder = tmp_path / f"{cell}-{seed}-{epochs}"
        folder.mkdir()
        result = {
            "task": "xml", "key": zoo[cell].key, "seed": seed, "metric": "perplexity",
            "test": test, "num_params": 100 + len(cell), "wall_seconds": 90.0,
        }  # fmt: skip
        (folder / "result.json").write_text(json.dumps(result))
        config = {
            "budget": {"name": "tiny", "epochs": epochs}, "cell": cell, "seed": seed, "test": True,
        }  # fmt: skip
        OmegaConf.save(OmegaConf.create(config), folder / "config.yaml")
        return folder

    return write


def test_seeds_of_a_cell_under_one_setting_make_a_row(training, tmp_path: Path) -> None:
    folders = [
        training("gru", 1, 12.0), training("gru", 2, 14.0), training("lstm", 1, 11.0),
        training("gru", 3, 9.0, epochs=5), tmp_path / "unfinished",
    ]  # fmt: skip
    rows = table(folders)
    assert len({row.setting for row in rows}) == 2
    assert {row.differs for row in rows} == {"budget.epochs=1", "budget.epochs=5"}
    (pair,) = [row for row in rows if row.seeds == 2]
    assert (pair.cell, pair.mean, pair.deviation) == ("gru", 13.0, pytest.approx(2**0.5))
    assert pair.minutes == 1.5
    (lstm,) = [row for row in rows if row.cell == "lstm"]
    assert (lstm.setting, lstm.deviation) == (pair.setting, None)
    write_csv(rows, tmp_path / "table.csv")
    written = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
    assert tuple(written[0]) == COLUMNS
    assert len(written) == 3


def test_a_training_that_failed_is_counted_beside_the_mean_of_the_others(
    training, tmp_path: Path
) -> None:
    folders = [training("gru", 1, 12.0), training("gru", 2, 0.0), training("lstm", 1, 0.0)]
    for folder in folders[1:]:
        facts = json.loads((folder / "result.json").read_text())
        del facts["test"]
        (folder / "failed.json").write_text(json.dumps({**facts, "cause": "loss is nan"}))
        (folder / "result.json").unlink()
    rows = {row.cell: row for row in table(folders)}
    assert (rows["gru"].mean, rows["gru"].seeds, rows["gru"].failed) == (12.0, 1, 1)
    assert (rows["lstm"].mean, rows["lstm"].seeds, rows["lstm"].failed) == (None, 0, 1)


def test_trainings_that_were_not_tested_stand_with_their_validation(training) -> None:
    tested, untested = training("gru", 1, 12.0), training("gru", 2, 12.0)
    facts = json.loads((untested / "result.json").read_text())
    (untested / "result.json").write_text(json.dumps({**facts, "test": None, "valid": 15.0}))
    rows = {row.split: row.mean for row in table([tested, untested])}
    assert rows == {"test": 12.0, "valid": 15.0}


def test_a_result_is_one_line_of_80_columns(training, tmp_path: Path) -> None:
    folders = [
        training(cell, seed, 12.3456 + seed, epochs)
        for cell in ("gru", "lstm") for seed in (1, 2, 3) for epochs in (1, 5)
    ]  # fmt: skip
    for folder in folders:
        file = folder / "result.json"
        facts = json.loads(file.read_text())
        longest = {"num_params": 1_234_567, "metric": "bits a symbol", "task": "multi30k_de_en"}
        file.write_text(json.dumps({**facts, **longest}))
    rows = table(folders)
    console = Console(width=80, file=io.StringIO())
    console.print(drawn(rows))
    assert isinstance(console.file, io.StringIO)
    lines = [line for line in console.file.getvalue().splitlines() if line.strip()]
    assert len(lines) == 2 + len(rows)
    assert all("13.35" in line or "14.35 ± 1.0000" in line for line in lines[2:])
    assert "…" not in console.file.getvalue()


def test_what_is_no_training_is_passed_over_with_a_word(
    training, tmp_path: Path, monkeypatch, capsys
) -> None:
    (tmp_path / "multirun.yaml").touch()
    trained, file = training("gru", 1, 12.0), tmp_path / "multirun.yaml"
    monkeypatch.setattr("sys.argv", ["table", str(trained), str(file)])
    main()
    out, error = capsys.readouterr()
    assert "gru" in out
    assert error == f"left out: {file}: has no result.json and no failed.json\n"
