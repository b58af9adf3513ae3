"""Every file of conf/search searches: through the command, with real trainings.

What a strategy proposes is held against its paper in tests/search; here is what lies between it and
a trial: its cell space, predictor and hyperparameters, as the configuration puts them together.
"""

import sys
from pathlib import Path

import pytest
from torch_settings import torch_settings  # noqa: F401

from archsearch.__main__ import main
from archsearch.archive import Archive, Status, Trial
from archsearch.conf_files import conf_folder
from archsearch.data import data_root
from archsearch.data.cifar10_reduced import FIRST_4000_FILE

SEARCHES = sorted(file.stem for file in (Path(conf_folder()) / "search").glob("*.yaml"))
SMALL = ("executor=serial", "logger=none", "references=[]", "trials=3")
XML = ("task=xml", "budget=smoke")
IMAGES = ("task=cifar10_first4000", "budget=images_smoke", "budget.epochs=1")
LESS = {  # than the papers', so that a trial and what precedes it take less than a second
    "exploration": ["search.priors.num_params.values=[5000,8000]"],
    "rl_generator": ["search.max_pretraining_updates=1"],
    "listed": ["search.cells=['h_t = Tanh(Linear(x_t, h_tm1))','h_t = Linear(x_t)','h_t = x_t']"],
}
BENCHMARK = "nas_bench_nlp/ptb_perplexity.jsonl.gz"


def search(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[Trial]:
    """The trials of the command, given in `folder`."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["archsearch", *SMALL, *arguments])
    main()
    (archive,) = folder.glob("outputs/*/archive.sqlite")
    with Archive.read(f"sqlite:///{archive}") as opened:
        return opened.trials()


def skip_without(data: str) -> None:
    if not (data_root() / data).is_file():
        pytest.skip(f"no {data} under ARCHSEARCH_DATA")


@pytest.mark.parametrize(
    "name", [name for name in SEARCHES if not name.startswith("nas_controller_conv")]
)
def test_a_search_trains_what_it_proposes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    further = LESS.get(name, [])
    if name == "nas_bench_nlp":
        skip_without(BENCHMARK)
    elif name == "heterogeneous":
        earlier = tmp_path / "earlier"
        earlier.mkdir()
        search(earlier, monkeypatch, "search=random", *XML)
        (run,) = earlier.glob("outputs/*/")
        further = [f"cell_space.runs=[{run}]", "cell_space.top_share=1"]
    trials = search(tmp_path, monkeypatch, f"search={name}", *XML, *further)
    assert len(trials) == 3
    assert any(trial.status is Status.OK for trial in trials)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name for name in SEARCHES if name.startswith("nas_controller_conv")]
)
def test_a_search_for_networks_trains_what_it_proposes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_without(FIRST_4000_FILE.path)
    trials = search(tmp_path, monkeypatch, f"search={name}", *IMAGES)
    assert [trial.status for trial in trials] == [Status.OK] * 3
