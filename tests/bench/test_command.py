"""`python -m archsearch.bench`, run in this process at tiny sizes."""

import json
import math
import sys
from dataclasses import replace

import pytest

from archsearch.bench import __main__ as bench
from archsearch.bench import measuring
from archsearch.bench.command import too_busy
from archsearch.bench.fresh_process import cannot_measure
from archsearch.bench.settings import QUICK

LAYERS = ["--quick", "--parts", "layers", "--cells", "gru", "--rounds", "2"]


@pytest.fixture
def command(monkeypatch, capfd):
    """Runs the command: gives exit code and what it printed."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["archsearch.bench", *arguments])
        monkeypatch.setenv("COLUMNS", "120")
        with pytest.raises(SystemExit) as exit_:
            bench.main()
        return exit_.value.code, *capfd.readouterr()

    return run


def figures(row: dict) -> list[float]:
    groups = (row[name] for name in ("median_ms", "min_ms", "ratios", "peak_mb"))
    return [value for group in groups for value in group.values()]


def test_a_run_has_all_rows_and_figures(command, tmp_path):
    path = tmp_path / "run.json"
    code, output, errors = command("--quick", "--json", str(path))
    assert (code, errors) == (0, "")
    record = json.loads(path.read_text())
    assert record["machine"]["torch_threads"] >= 1
    drawn = [row for row in record["rows"] if row["cell"].startswith("gp_tree")]
    assert {row["part"] for row in drawn} == {"layers", "compile"}
    assert len({row["key"] for row in drawn}) == 1
    assert all(row["text"].count("h_t") for row in record["rows"])
    assert [row["part"] for row in record["rows"]] == sorted(
        (row["part"] for row in record["rows"]), key=["compile", "step", "layers"].index
    )
    for row in record["rows"]:
        assert all(math.isfinite(value) and value > 0 for value in figures(row)), row
        assert all(row["min_ms"][name] <= row["median_ms"][name] for name in row["min_ms"])
        assert row["rounds"] == (1 if row["part"] == "compile" else 3)
        assert bool(row["peak_mb"]) == (row["part"] == "step" and cannot_measure() is None)
        assert row["cell"] in output

    lstm = next(row for row in record["rows"] if (row["part"], row["cell"]) == ("layers", "lstm"))
    assert list(lstm["median_ms"]) == ["torch.nn", "autograd", "plain", "cpu", "bound"]
    assert list(lstm["ratios"]) == ["cpu/bound", "torch.nn/cpu", "autograd/cpu"]
    assert "…" not in output
    assert max(map(len, output.splitlines())) <= 120


def test_options_choose_rows(command, tmp_path):
    path = tmp_path / "run.json"
    arguments = [*LAYERS, "--shapes", "2x1x4,3x2x8", "--threads", "1,2"]
    command(*arguments, "--precision", "float32,bfloat16", "--json", str(path))
    rows = json.loads(path.read_text())["rows"]
    settings = {(row["shape"], row["threads"], row["precision"]) for row in rows}
    assert len(rows) == len(settings) == 8
    assert {row["cell"] for row in rows} == {"gru"}
    assert {row["rounds"] for row in rows} == {2}


def test_a_run_is_compared_with_an_earlier_one(command, tmp_path):
    earlier = tmp_path / "earlier.json"
    command(*LAYERS, "--json", str(earlier))
    record = json.loads(earlier.read_text())
    record["machine"]["date"] = "the day before"
    record["rows"][0]["median_ms"] |= {"cpu": 1e6, "bound": 1e9}
    earlier.write_text(json.dumps(record))

    later = tmp_path / "later.json"
    _, output, _ = command(*LAYERS, "--compare", str(earlier), "--json", str(later))
    (row,) = json.loads(later.read_text())["rows"]
    (line,) = (line for line in output.splitlines() if line.strip().startswith("gru"))
    assert line.split()[-1] == f"{1e6 / row['median_ms']['cpu']:.2f}"
    drift = f"the day before; the matrix products alone: {1e9 / row['median_ms']['bound']:.2f}"
    assert drift in " ".join(output.split())

    _, output, _ = command(*LAYERS, "--shapes", "2x1x4", "--compare", str(earlier))
    (line,) = (line for line in output.splitlines() if line.strip().startswith("gru"))
    assert float(line.split()[-1]) < 1e3  # a shape that the earlier run lacks has no comparison


def test_an_interrupted_run_keeps_what_it_measured(command, tmp_path, monkeypatch):
    layer_rows = measuring.layer_rows

    def interrupted(*arguments):
        yield next(layer_rows(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(measuring, "layer_rows", interrupted)
    path = tmp_path / "run.json"
    code, output, _ = command(*LAYERS, "--shapes", "2x1x4,3x1x4", "--json", str(path))
    assert code == 130
    assert [row["shape"] for row in json.loads(path.read_text())["rows"]] == ["2x1x4"]
    assert "gru" in output


def test_without_a_compiler_it_says_so(command, tmp_path, monkeypatch):
    monkeypatch.setenv("ARCHSEARCH_CACHE", str(tmp_path))
    monkeypatch.setenv("CC", "no-such-compiler")
    code, _, errors = command(*LAYERS)
    assert code == 1
    assert errors.startswith("archsearch: no C compiler")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cells", "lstn"], "--cells: expected random:<number> or a cell of the zoo, got 'lstn'"),
        (["--shapes", "35x20"], "--shapes: expected time steps, batch and width such as 35x20x200"),
        (["--threads", "1,0"], "--threads: expected an integer of at least 1, got '0'"),
        (["--precision", "float16"], "--precision: expected some of float32, bfloat16"),
        (["--parts", "all"], "--parts: expected some of layers, step, compile, got 'all'"),
        (["--json", "missing/run.json"], "--json: expected a file in a folder that exists"),
        (["--compare", "missing.json"], "--compare: expected a file that --json of this version"),
        (["--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(command, arguments, message):
    code, output, errors = command(*arguments)
    assert (code, output) == (2, "")
    assert errors.startswith("archsearch: ")
    assert message in errors
    assert errors.count("\n") == 1


def test_a_busy_machine_is_noted():
    settings = replace(QUICK, threads=(1, 2))
    assert too_busy({"load": 0.3, "cores": 2}, settings) is None
    assert "load 1.2 on 2 cores" in too_busy({"load": 1.2, "cores": 2}, settings)
