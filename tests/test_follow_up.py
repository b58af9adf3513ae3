"""Commands that go on from a search give its task, data and settings again, as they are typed."""

import html
import random
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from own_data import make_own_data
from toy_runs import trials_of

from archsearch.archive import Asked
from archsearch.conf_files import conf_folder
from archsearch.config import register
from archsearch.follow_up import FollowUp
from archsearch.identity import identity

OWN_TASK = Path(__file__).parent.parent / "docs" / "examples" / "own_task" / "conf"
RUN = Path("outputs/a run, of 'mine'")


def composed(command: str, words: list[str]) -> DictConfig:
    """What a command line comes to; a sweep's first run."""
    register()
    own: list[str] = []
    if words[:1] == ["--config-dir"]:
        own, words = [f"hydra.searchpath=[file://{words[1]}]"], words[2:]
    with initialize_config_dir(conf_folder(), version_base="1.3"):
        return compose(command, [*own, *words], return_hydra_config=True)


def follow_up(words: list[str]) -> FollowUp:
    cfg = composed("config", words)
    config_dir = words[1] if words[0] == "--config-dir" else None
    choices = dict(cfg.hydra.runtime.choices)
    asked = Asked(choices, tuple(words), config_dir)
    plain: Any = OmegaConf.to_container(
        OmegaConf.create({key: cfg[key] for key in cfg if key != "hydra"}), resolve=True
    )
    return FollowUp(RUN, asked, plain, ("rnn", "lstm", "gru"))


@pytest.fixture
def text(tmp_path: Path) -> str:
    file = tmp_path / "my own, text.txt"
    file.write_text("the sun rises and the sun sets\n" * 20)
    return str(file).replace(",", "\\,").replace(" ", "\\ ")


CASES = [
    ["task=xml"],
    ["task=text", "data.train=TEXT", "task.corpus.level=character"],
    ["task=midi", "task.corpus.source=my_pieces"],
    ["task=parallel", "task.text.train=[a.en,a.de]", "task.text.valid=[b.en,b.de]",
     "task.text.test=[c.en,c.de]"],
    ["task=multi30k", "budget=smoke", "budget.batch_size=4"],
    ["task=jsb_chorales", "trainer.schedule.lr=1e-05", "data.root=some/where"],
    ["task=cifar10_reduced", "cell_space=conv_small", "search=nas_controller_conv_small"],
    ["task=ptb", "budget=tiny", "model=gp_neat", "trainer=sgd_decay", "trainer.precision=auto"],
    ["search=exploration_small", "cell_space=graph", "suite=exploration", "task=xml"],
    ["search=local", "predictor=ranking", "warm_start.runs=[outputs/a]", "references=[lstm]"],
    ["+sweeps=three_strategies_on_words", "search=random", "seed=4"],
    ["--config-dir", str(OWN_TASK), "task=brackets", "window=1"],
]  # fmt: skip


@pytest.mark.parametrize("words", CASES, ids=" ".join)
def test_a_command_that_goes_on_names_all_that_differs(words: list[str], text: str) -> None:
    words = [word.replace("TEXT", text) for word in words]
    run = follow_up(words)
    first, *_ = trials_of("random", seed=1, num_trials=1)
    _, _, module, *again = shlex.split(run.search_again())
    assert module == "archsearch"
    assert identity(composed("config", again)) == identity(composed("config", words))

    _, _, module, *training = shlex.split(run.train_longer(first))
    assert module == "archsearch.train"
    trained = composed("train", training)
    assert trained.cell == str(RUN)
    assert trained.budget.epochs > run.config["budget"]["epochs"]
    trained.budget.epochs = run.config["budget"]["epochs"]
    given = OmegaConf.to_container(trained, resolve=True)
    assert isinstance(given, dict)
    for key in ("task", "budget", "model", "trainer", "data"):
        assert given[key] == run.config[key]


def test_what_the_best_cell_brought_along_goes_with_it() -> None:
    run = follow_up(["task=xml"])
    (best, *_) = trials_of("random", seed=1, num_trials=1)
    object.__setattr__(
        best.candidate, "hyperparameters",
        {"learning_rate": 0.01, "init_scale": 0.05, "num_layers": 2, "num_params": 9},
    )  # fmt: skip
    cfg = composed("train", shlex.split(run.train_longer(best))[3:])
    assert (cfg.trainer.schedule.lr, cfg.model.init_scale, cfg.budget.num_layers) == (0.01, 0.05, 2)
    assert cfg.match_parameters == str(best.num_params)


KINDS = {
    "characters": ["task=xml"],
    "own text": ["task=text", "data.train=my.txt"],
    "music": ["task=midi", "task.corpus.source=my_pieces"],
    "translation": ["task=parallel", "task.text.train=[a.en,a.de]", "task.text.valid=[b.en,b.de]",
                    "task.text.test=[c.en,c.de]"],
    "images": ["task=cifar10_first4000", "budget=images_smoke", "budget.epochs=1",
               "cell_space=conv_small", "search=random"],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_command_that_a_search_and_its_report_print_can_be_pasted(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_own_data()
    smoke = [] if kind == "images" else ["budget=smoke"]
    small = [*smoke, "trials=2", "executor=serial", "logger=none"]
    printed = pasted(shlex.join(["python", "-m", "archsearch", *KINDS[kind], *small]))
    (run,) = Path("outputs").iterdir()
    pasted(shlex.join(["python", "-m", "archsearch.report", str(run)]))
    page = html.unescape(Path("report/index.html").read_text(encoding="utf-8"))
    found = re.findall(r"python -m archsearch.*", printed)
    found += re.findall(r"<code>(python -m archsearch[^<]*)</code>", page)
    assert len(found) >= 4
    for command in dict.fromkeys(found):
        pasted(command)


def pasted(command: str) -> str:
    """What the command prints."""
    words = [sys.executable, *shlex.split(command)[1:]]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


@pytest.mark.parametrize("seed", range(20))
def test_any_value_comes_back_as_hydra_reads_it(seed: int) -> None:
    from archsearch.override_text import override_text

    rng = random.Random(seed)
    letters = "aZ09_./+- ,:=[]{}'\"\\$é\t"
    value = ["".join(rng.choices(letters, k=rng.randint(0, 8))) for _ in range(4)]
    value = [part.replace("${", "$") for part in value]  # an interpolation is no text
    values = [*value, "null", "true", "1e5", "20M", "inf", 3, -0.5, 1e-09, True, None]
    cfg = composed("config", [f"+search.given={override_text(values)}"])
    assert list(cfg.search.given) == values
