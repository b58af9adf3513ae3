"""Every command describes itself at once: what it does, its options, and archsearch's version."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import pytest

from archsearch.conf_files import choices, config_root
from archsearch.help import help_text

# Some of what each command must say.
COMMANDS = {
    "archsearch": (
        "trials=40",
        "warm_start.runs",
        "window=8",
        "gp_neat_small",
        "gp_neat_vs_random",
    ),
    "archsearch.train": ("match_parameters", "start_from", "cell=zoo/lstm", "zaremba_small"),
    "archsearch.sample": ("prompt", "length", "temperature", "beam_size", "prime_seconds"),
    "archsearch.predictor.train": ("held_out_share=0.2", "runs", "meta_lstm"),
    "archsearch.bench.fidelity": ("how well does a budget rank cells?", "trials=40"),
    "archsearch.export": ("--to", "torch_export"),
    "archsearch.bench": ("--quick", "--compare"),
    "archsearch.draw": ("--out",),
    "archsearch.report": ("--live",),
    "archsearch.predictor.benchmark": ("--predictor", "curve_forest"),
}
SLOW = {"torch", "sqlalchemy", "scipy", "sklearn", "matplotlib", "wandb"}  # to import
# Ends a program that lists a folder below the root in its first argument but conf/, sweeps/, src/.
LISTS_NOTHING_ELSE = """
import runpy, sys
from pathlib import Path
root = Path(sys.argv.pop(1))
def watch(event, arguments):
    if event in ("os.listdir", "os.scandir") and root in Path(str(arguments[0])).parents:
        if Path(arguments[0]).relative_to(root).parts[0] not in ("conf", "sweeps", "src"):
            sys.stderr.write(f"listed {arguments[0]}")
            raise SystemExit(3)
sys.addaudithook(watch)
runpy.run_module("archsearch", run_name="__main__", alter_sys=True)
"""


def run(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, **options
    )


@pytest.mark.parametrize("module", COMMANDS)
def test_help_says_the_options_of_a_command_without_the_slow_libraries(module: str) -> None:
    done = run("-X", "importtime", "-m", module, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: python -m {module} ")
    assert [text for text in COMMANDS[module] if text.lower() not in done.stdout.lower()] == []
    imported = set(re.findall(r"\| +(\w+)$", done.stderr, re.MULTILINE))
    assert "argparse" in imported
    assert imported.isdisjoint(SLOW)


@pytest.mark.parametrize("module", ["archsearch", "archsearch.sample", "archsearch.export"])
def test_the_version_is_that_of_archsearch(module: str) -> None:
    assert run("-m", module, "--version").stdout == f"archsearch {metadata.version('archsearch')}\n"


@pytest.mark.parametrize("name", ["config", "train", "sample", "train_predictor"])
def test_every_option_has_its_meaning(name: str) -> None:
    text = help_text(name).partition("Options")[2].partition("Choices")[0]
    without = re.findall(r"^  (\S+=\S+)$(?!\n {26})", text, re.MULTILINE)
    assert without == []
    assert max(map(len, text.splitlines())) <= 100


def test_files_for_one_command_are_offered_by_that_command_alone() -> None:
    search, train = help_text("config"), help_text("train")
    for sweep in choices("sweeps"):
        assert (f" {sweep}" in search.replace(",", "")) != (f" {sweep}" in train.replace(",", ""))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One with an environment and results inside."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("conf", "sweeps", "src/archsearch"):
        shutil.copytree(
            config_root() / name, root / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in (".venv/lib/package/inner", "outputs/run/wandb"):
        (root / name).mkdir(parents=True)
        (root / name / "some.yaml").write_text("a: 1\n")
    return root


@pytest.mark.parametrize(
    ("arguments", "typed", "shown"),
    [
        (["--help"], "", "compare_strategies"),
        (["--hydra-help"], "", "hydra/launcher"),
        (["--info", "searchpath"], "", "sweeps://"),
        (["-sc", "query=bash"], "archsearch ", "search="),
        (["-sc", "query=bash"], "archsearch +sweeps=", "+sweeps=compare_strategies"),
    ],
)
def test_only_conf_and_sweeps_are_looked_through(
    checkout: Path, arguments: Sequence[str], typed: str, shown: str
) -> None:
    env = {"PYTHONPATH": f"{checkout}/src", "COMP_LINE": typed, "COMP_POINT": str(len(typed))}
    done = run("-c", LISTS_NOTHING_ELSE, str(checkout), *arguments, env=env)
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout
    assert "some.yaml" not in done.stdout
