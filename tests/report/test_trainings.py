"""What a report says of trainings: means, intervals, differences, failures."""

import csv
import io
import json
import statistics
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from archsearch.cell import parse, zoo
from archsearch.findings.differences import t_interval
from archsearch.findings.trainings import compare_trainings, read_training
from archsearch.report.__main__ import main
from archsearch.report.build import build_report
from archsearch.report.command import write_report
from archsearch.report.page import Report

FOUND = parse("h_t = Sin(Linear(x_t, h_tm1))")
SIZES = {"found": 10_000, "lstm": 10_100, "gru": 10_050}


def write(
    root: Path, cell: str, seed: int, reached: float | None, *, epochs: int = 1, **facts: Any
) -> Path:
    """The directory of a training as `python -m archsearch.train` leaves it, without weights; one
    that failed where it has reached nothing."""
    folder = root / f"{cell}-{seed}-{epochs}"
    folder.mkdir(parents=True)
    architecture = FOUND if cell == "found" else zoo[cell]
    known = {
        "task": "xml", "cell": str(architecture), "key": architecture.key, "seed": seed,
        "metric": "perplexity", "num_params": SIZES[cell], "wall_seconds": 4.4748,
        "budget": {"hidden_size": 64}, "lower_is_better": True, "symbol": "character",
    }  # fmt: skip
    ended = {"cause": "loss is nan"} if reached is None else {"valid": 99.0, "test": reached}
    name = "failed.json" if reached is None else "result.json"
    (folder / name).write_text(json.dumps({**known, **ended, **facts}))
    config = {
        "task": {"corpus": {"_target_": "archsearch.data.load_xml"}}, "test": True,
        "budget": {"name": "tiny", "epochs": epochs}, "cell": cell, "seed": seed,
    }  # fmt: skip
    OmegaConf.save(OmegaConf.create(config), folder / "config.yaml")
    return folder


def write_all(root: Path, metrics: dict[str, list[float]], **facts: Any) -> list[Path]:
    return [
        write(root, cell, seed, metric, **facts)
        for cell, each in metrics.items()
        for seed, metric in enumerate(each, 1)
    ]


def report_of(folders: list[Path]) -> Report:
    return build_report([], [read_training(folder) for folder in folders])


def test_a_cell_has_its_mean_and_students_interval_over_seeds(tmp_path: Path) -> None:
    gru = [13.0, 13.1, 13.3]
    folders = write_all(tmp_path, {"gru": gru, "lstm": [14.0, 14.2]})
    write_report(folders, tmp_path / "report")
    text = (tmp_path / "report/tables/trainings-1-means.csv").read_text()
    first, second = csv.DictReader(io.StringIO(text))
    assert first["cell"] == "gru", "the best first"
    mean, low, high = t_interval(gru)
    found = [float(first[name]) for name in ("mean test perplexity", "from", "to")]
    assert found == pytest.approx([mean, low, high])
    assert float(second["mean test perplexity"]) == pytest.approx(statistics.fmean([14.0, 14.2]))
    assert (second["from"], second["to"]) == ("", ""), "two seeds have no interval"
    assert float(first["time [s]"]) == 4.4748


@pytest.mark.parametrize(
    ("found", "gru", "verdict"),
    [
        ([12.0, 12.1, 12.0], [13.0, 13.1, 13.2], "the data show that cell"),
        ([13.5, 12.0, 13.2], [13.0, 13.1, 13.2], "3 seeds do not show a difference"),
        ([12.0, 12.0], [13.0, 13.0], "2 seeds show no difference; an interval takes 3"),
        ([12.0], [13.0], "one seed each shows nothing yet"),
    ],
)
def test_the_first_sentence_says_what_the_seeds_show(
    tmp_path: Path, found: list[float], gru: list[float], verdict: str
) -> None:
    lstm = [value + 2 for value in gru]
    folders = write_all(tmp_path, {"lstm": lstm, "found": found, "gru": gru})
    (sentence,) = report_of(folders).summary
    assert "with 10.0k parameters; best reference gru" in sentence
    assert "bits per character" in sentence
    assert f"at equal size, {verdict}" in sentence


def test_each_found_cell_is_paired_with_the_best_reference_under_shared_seeds(
    tmp_path: Path,
) -> None:
    metrics = {"lstm": [15.0, 15.0], "found": [12.0, 12.5, 11.0], "gru": [13.0, 13.0]}
    folders = write_all(tmp_path, metrics)
    (comparison,) = compare_trainings([read_training(folder) for folder in folders])
    (difference,) = comparison.differences
    assert difference.other == "gru"
    assert difference.differences == (-1.0, -0.5)


def test_cells_of_other_sizes_are_not_compared_at_equal_size(tmp_path: Path) -> None:
    folders = write_all(tmp_path, {"found": [12.0, 12.1, 12.0]}, num_params=59_677)
    folders += write_all(tmp_path, {"gru": [13.0, 13.1, 13.2]})
    (comparison,) = compare_trainings([read_training(folder) for folder in folders])
    (difference,) = comparison.differences
    assert "not at equal size (59.7k and 10.1k parameters)" in difference.sentence


def test_more_is_better_where_a_result_says_so(tmp_path: Path) -> None:
    metrics = {"found": [0.5, 0.51, 0.5], "gru": [0.6, 0.61, 0.6]}
    known = write_all(tmp_path / "new", metrics, metric="score", lower_is_better=False)
    (sentence,) = report_of(known).summary
    assert "the data show that gru is better" in sentence
    assert "higher is better" in sentence
    older = write_all(tmp_path / "old", metrics, metric="accuracy", lower_is_better=None)
    (sentence,) = report_of(older).summary
    assert "the data show a difference" in sentence
    assert "whose better direction an earlier revision did not note" in sentence


def test_a_failed_training_is_counted_and_named_with_its_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [write(tmp_path, "gru", 1, 13.0), write(tmp_path, "gru", 2, None)]
    write_report(folders, tmp_path / "report")
    assert capsys.readouterr().err == ""
    page = (tmp_path / "report/index.html").read_text()
    assert "1 of 2 trainings failed" in page
    assert "gru-2-1, gru: loss is nan" in page
    (row,) = csv.DictReader(
        io.StringIO((tmp_path / "report/tables/trainings-1-means.csv").read_text())
    )
    assert (row["seeds"], row["failed"]) == ("1", "1")
    write_report(folders[1:], tmp_path / "report")
    assert "all trainings failed" in (tmp_path / "report/index.html").read_text()


def test_settings_of_a_task_are_told_apart(tmp_path: Path) -> None:
    folders = [write(tmp_path, "gru", 1, 13.0), write(tmp_path, "gru", 1, 12.0, epochs=5)]
    titles = [part.title for part in report_of(folders).sections[0].parts]
    assert titles == ["xml, budget tiny (epochs=1)", "xml, budget tiny (epochs=5)"]


def test_a_terminal_has_a_line_for_each_cell_within_80_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = write_all(tmp_path, {"found": [12.0, 12.2, 12.1], "gru": [13.0, 13.2, 13.1]})
    folders.append(write(tmp_path, "lstm", 1, None))
    (tmp_path / "multirun.yaml").touch()
    monkeypatch.setattr("sys.argv", ["report", "--table", *map(str, tmp_path.iterdir())])
    main()
    out, error = capsys.readouterr()
    assert error == f"left out: {tmp_path / 'multirun.yaml'}: a file, and no run\n"
    (said, *lines) = [line for line in out.splitlines() if line.strip()]
    assert "the data show that cell" in said
    assert len(lines) == 2 + 3
    assert all(len(line) <= 80 for line in lines)
    assert "12.100" in lines[2]
    assert "11.852 to 12.348" in lines[2]
    assert lines[4].split() == ["lstm", "-", "-", "10,100", "0", "1"]
