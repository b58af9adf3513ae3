"""The command as a user sees it: results, repeats, mistakes and exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from torch_settings import torch_settings  # noqa: F401

from archsearch.__main__ import main
from archsearch.archive import Archive
from archsearch.cell import parse
from archsearch.data import data_root
from archsearch.data.cifar10_reduced import FIRST_4000_FILE

SMOKE = ("budget=smoke", "executor=serial", "logger=none", "trials=4")


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["archsearch", *arguments])
    try:
        main()
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0


def only_run(folder: Path) -> Path:
    (directory,) = (p for p in (folder / "outputs").iterdir() if p.is_dir())
    return directory


def archived(run_dir: Path) -> list[tuple[int, float, float]]:
    with Archive.read(f"sqlite:///{run_dir / 'archive.sqlite'}") as archive:
        return [(t.candidate.number, t.fitness, t.wall_seconds) for t in archive.trials()]


def test_a_search_ends_with_a_cell_beside_its_references(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, *SMOKE) == 0
    printed = capsys.readouterr().out
    run_dir = only_run(tmp_path)
    assert "trials=4 and window=8: all candidates are proposed before" in printed
    assert (
        f"at equal size under fresh seeds: python -m archsearch.train -m cell={run_dir}," in printed
    )
    assert f"next: python -m archsearch.train cell={run_dir} task=xml" in printed
    assert "best reference: " in printed
    best = parse((run_dir / "best_cell.txt").read_text())
    assert str(best).splitlines()[0] in printed
    for name in ("rnn", "lstm", "gru"):
        assert name in printed
    assert (run_dir / "best_cell.svg").read_text().startswith("<svg")
    assert len(archived(run_dir)) == 4 + 3


def test_a_budget_that_no_reference_fits_ends_the_run_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, *SMOKE, "budget.max_params=1") == 1
    printed, error = capsys.readouterr()
    assert "archsearch.train" not in printed
    assert "no reference can be trained under this budget (rnn: " in error.splitlines()[-1]
    assert run(monkeypatch, tmp_path, *SMOKE, "budget.max_params=1", "references=[]") == 0
    printed = capsys.readouterr().out
    assert "the commonest cause (4 of 4): " in printed
    assert "archsearch.train" not in printed


def test_a_second_run_trains_nothing_and_more_trials_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, tmp_path, *SMOKE)
    first = archived(only_run(tmp_path))
    capsys.readouterr()
    assert run(monkeypatch, tmp_path, *SMOKE) == 0
    assert "complete" in capsys.readouterr().out
    assert archived(only_run(tmp_path)) == first
    assert run(monkeypatch, tmp_path, *SMOKE, "trials=6") == 0
    longer = archived(only_run(tmp_path))
    assert longer[: len(first)] == first
    assert len(longer) == 6 + 3


def test_a_sweep_makes_one_run_each_and_its_repeat_trains_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sweep = ("-m", "+sweeps=gp_neat_vs_random", "seed=1,2", *SMOKE, "trials=2")
    assert run(monkeypatch, tmp_path, *sweep) == 0
    runs = {p: archived(p) for p in (tmp_path / "outputs").iterdir() if p.is_dir()}
    assert len(runs) == 4
    assert run(monkeypatch, tmp_path, *sweep) == 0
    assert {p: archived(p) for p in (tmp_path / "outputs").iterdir() if p.is_dir()} == runs


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("serch=gp_neat", "serch: unknown key; did you mean 'search'?"),
        ("search=gp_neet", "search=gp_neet: no such choice; did you mean 'gp_neat'?"),
        ("search.populaton_size=9", "did you mean 'search.population_size'?"),
        ("search.population_size=1", "population_size"),
        ("search.population_size=many", "search.population_size='many'"),
        ("budget.hidden_size=-3", "hidden_size: expected a number above 0, got -3"),
        ("trainer.precision=half", "should be 'float32', 'bfloat16' or 'auto'"),
        ("trials=0", "trials: expected at least 1, got 0"),
        ("seed=one", "seed=one: Value 'one' of type 'str' could not be converted to Integer"),
        ("trials", "trials: expected name=value"),
        ("search.temprature=3", "unknown key of search=gp_neat_small; known are: "),
        ("executor.workers=2", "executor=serial has no such key, but executor=processes has"),
        ("sweeps=base_number", "sweeps: needs a plus, as in +sweeps=…"),
        ("trainer.accelerator=foo", "should be 'cpu', 'gpu', 'cuda', 'mps' or 'auto'"),
        ("cell_space=conv", "cell_space=gp_tree has cells"),
        ("warm_start.runs=[outputs/nope]", "outputs/nope: expected the archive of a run"),
        ("search._target_=nowhere.Greedy", "search._target_: cannot import nowhere.Greedy"),
        ("+experiment=bc3", "is for another command: python -m archsearch.train +experiment=bc3"),
        ("+sweeps=transfer", "another command: python -m archsearch.train -m +sweeps=transfer"),
        ("references=[lstn]", "lstm"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    argument: str,
    message: str,
) -> None:
    code = run(monkeypatch, tmp_path, *SMOKE, argument)
    assert code == (1 if "nope" in argument else 2)  # no such archive is a failure
    error = capsys.readouterr().err.strip()
    assert message in error
    assert len(error.splitlines()) == 1
    assert list(tmp_path.glob("outputs/*")) == [], "a mistake leaves no directory"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["warm_start.runs=[outputs/run]"], "warm_start.runs: Listed cannot begin from other"),
        (["predictor=ranking"], "predictor: Listed leaves a predictor nothing to choose from"),
        (["predictor=last_value"], "predictor: expected one that guesses epoch 2, the last of"),
    ],
)
def test_what_a_strategy_or_predictor_cannot_do_is_said_before_anything_is_trained(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    listed = ("search=listed", "search.cells=[zoo/lstm]")
    assert run(monkeypatch, tmp_path, *SMOKE, *listed, *arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert list(tmp_path.glob("outputs/*")) == []


def test_keys_are_those_of_the_choice_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ("search=local", "search.num_neighbors=3")
    assert run(monkeypatch, tmp_path, *SMOKE, *chosen) == 2
    assert "of search=local; did you mean 'search.num_neighbours'?" in capsys.readouterr().err
    several = ("search=gp_neat,random", "search.population_size=9")
    assert run(monkeypatch, tmp_path, *SMOKE, "-m", *several) == 2  # in whatever order
    assert "search=random has no such key, but search=gp_neat," in capsys.readouterr().err


def test_a_sweep_without_m_is_refused_with_its_command_and_touches_no_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, tmp_path, *SMOKE)
    before = archived(only_run(tmp_path))
    capsys.readouterr()
    longer = ("+sweeps=gp_neat_vs_random", *SMOKE, "search=gp_neat_small", "trials=9")
    assert run(monkeypatch, tmp_path, *longer) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(f"need -m: python -m archsearch -m {' '.join(longer)}")
    assert archived(only_run(tmp_path)) == before


def test_a_gpu_that_is_not_there_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    assert run(monkeypatch, tmp_path, *SMOKE, "trainer.accelerator=gpu") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "trainer.accelerator=gpu: this machine has none" in line


def test_text_that_is_too_short_for_a_batch_is_one_line_in_a_search_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "eins"):
        (tmp_path / name).write_text("a b c\n")
    files = [f"task.text.{split}=[one,eins]" for split in ("train", "valid", "test")]
    arguments = ("task=parallel", *SMOKE, "budget=translation_small", *files)
    assert run(monkeypatch, tmp_path, *arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert line.startswith("archsearch: 1 sentence pairs are too few for batch_size")
    assert list(tmp_path.glob("outputs/*")) == []


TERMINATED_AS_IT_STARTS = """
import runpy, signal, sys
module = sys.argv.pop(1)
class Terminator:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == module:
            sys.meta_path.remove(Terminator)
            signal.raise_signal(signal.SIGTERM)
sys.meta_path.insert(0, Terminator)
runpy.run_module("archsearch", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("module", ["hydra", "torch", "sqlalchemy"])
def test_a_signal_while_the_libraries_are_imported_ends_in_the_one_line_of_later(
    tmp_path: Path, module: str
) -> None:
    (tmp_path / "start.py").write_text(TERMINATED_AS_IT_STARTS)
    command = [sys.executable, "start.py", module, *SMOKE]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 130
    (line,) = done.stderr.splitlines()
    again = f"python start.py {module} {' '.join(SMOKE)}"
    assert line == f"archsearch: stopped, nothing is lost; to go on: {again}"
    assert list(tmp_path.glob("outputs/*")) == []


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("references=[lstm]", "expected a convolutional network"),
        ("model=gp_neat", "try model=convolutional"),
        ("cell_space=gp_tree", "searches have them in cell_space=conv"),
    ],
)
def test_what_does_not_fit_images_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    argument: str,
    message: str,
) -> None:
    if not (data_root() / FIRST_4000_FILE.path).is_file():
        pytest.skip(f"no {FIRST_4000_FILE.path} under ARCHSEARCH_DATA")
    task = ("task=cifar10_first4000", "budget=images_smoke", "cell_space=conv", "logger=none")
    assert run(monkeypatch, tmp_path, *task, argument) == 2
    error = capsys.readouterr().err.strip()
    assert message in error
    assert len(error.splitlines()) == 1


def test_a_directory_of_another_configuration_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, tmp_path, *SMOKE)
    run_dir = only_run(tmp_path)
    before = {p.name: p.read_bytes() for p in run_dir.iterdir() if p.name != ".lock"}
    capsys.readouterr()
    assert run(monkeypatch, tmp_path, *SMOKE, "seed=2", f"hydra.run.dir={run_dir}") == 1
    assert "config" in capsys.readouterr().err
    assert {p.name: p.read_bytes() for p in run_dir.iterdir() if p.name != ".lock"} == before


def test_an_output_folder_that_cannot_be_made_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outputs").write_text("a file")
    assert run(monkeypatch, tmp_path, *SMOKE) == 1
    assert "outputs" in capsys.readouterr().err
    assert (tmp_path / "outputs").read_text() == "a file"


OWN_STRATEGY = """
from archsearch.archive import Origin
from archsearch.search import Strategy
from archsearch.search.protocol import Proposal

class Deepest(Strategy):
    def __init__(self, space, rng, *, draws: int):
        self.space, self.rng, self.draws = space, rng, draws

    def ask(self, number):
        genomes = [self.space.sample(self.rng) for _ in range(self.draws)]
        cell = max(map(self.space.decode, genomes), key=lambda cell: cell.height)
        return Proposal(cell, None, Origin("deepest"))

    def tell(self, trial):
        pass
"""


def test_a_strategy_of_ones_own_is_one_module_and_one_yaml(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "own_strategy.py").write_text(OWN_STRATEGY)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "conf" / "search").mkdir(parents=True)
    (tmp_path / "conf" / "search" / "deepest.yaml").write_text(
        "_target_: own_strategy.Deepest\n_partial_: true\ndraws: 3\n"
    )
    assert run(monkeypatch, tmp_path, "--config-dir=conf", "search=deepest", *SMOKE) == 0
    with Archive.read(f"sqlite:///{only_run(tmp_path) / 'archive.sqlite'}") as archive:
        operations = [trial.candidate.origin.operation for trial in archive.trials()]
    assert operations == ["reference"] * 3 + ["deepest"] * 4


RECORDING_LOGGER = """
from archsearch.search import Callback

class Recording(Callback):
    def __init__(self, run_dir, metric_name, *, group, job_type):
        self.file = run_dir / "precision.txt"

    def on_start(self, run, trials):
        self.file.write_text(run.beginning.machine.precision)
"""


def test_workers_train_in_the_precision_that_the_run_began_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recording_logger.py").write_text(RECORDING_LOGGER)
    monkeypatch.syspath_prepend(tmp_path)
    fitness = {}
    for asked, executor in (("auto", "processes"), ("bfloat16", "serial"), ("float32", "serial")):
        folder = tmp_path / asked
        folder.mkdir()
        if asked == "auto":
            (folder / "precision.json").write_text('{"precision": "bfloat16"}')
        arguments = (
            *SMOKE, f"executor={executor}", "trials=1", "references=[]",
            f"trainer.precision={asked}", f"hydra.run.dir={folder}",
            "+logger._target_=recording_logger.Recording", "+logger._partial_=true",
        )  # fmt: skip
        assert run(monkeypatch, tmp_path, *arguments) == 0
        (fitness[asked],) = [trial[1] for trial in archived(folder)]
        recorded = (folder / "precision.txt").read_text()
        assert recorded == ("bfloat16" if asked == "auto" else asked)
    assert fitness["auto"] == fitness["bfloat16"] != fitness["float32"]


def test_auto_is_chosen_in_the_first_process_and_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, *SMOKE, "trials=1", "trainer.precision=auto") == 0
    record = (only_run(tmp_path) / "precision.json").read_text()
    chosen = json.loads(record)["precision"]
    assert f"precision: {chosen}; the same training steps took" in capsys.readouterr().out
    assert run(monkeypatch, tmp_path, *SMOKE, "trials=2", "trainer.precision=auto") == 0
    assert f"precision: {chosen}, as chosen when this run began" in capsys.readouterr().out
    assert (only_run(tmp_path) / "precision.json").read_text() == record
