"""Runs every command of README and its pages as typed, at smoke size; says how long each took.

    python tests/docs/page_commands.py an_empty_folder

What is in angle brackets becomes a directory that an earlier command has made. Beside
what makes a command small, nothing is changed. Each runs in a process of its own, forked from one
that has torch, so that the whole takes a minute or two.
"""

import os
import re
import resource
import runpy
import shlex
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path.append(str(ROOT / "tests" / "toys"))
WARM = ("archsearch.main", "archsearch.train.command", "archsearch.train.lightning",
        "archsearch.export.command", "archsearch.report.build", "archsearch.sample")  # fmt: skip

SEARCH = ["budget=smoke", "trials=2", "references=[gru]", "executor=serial", "logger=none"]
TRAIN = ["budget=smoke", "test=false"]
SMALL = {"archsearch": SEARCH, "archsearch.train": TRAIN}
# For commands of a module that hold this word, in place of what they say and beside the above.
SMALLER = {
    ("archsearch", "search=exploration"): ["search.priors.num_params.values=[5000,8000]"],
    ("archsearch", "search=heterogeneous"): ["cell_space.top_share=1"],
    ("archsearch", "suite=exploration"): ["suite=none"],  # its tasks have budgets of their own
    ("archsearch", "+sweeps=compare_strategies"): ["search=random", "seed=1"],
    ("archsearch", "trainer=gp_neat"): ["model=language_model"],
    ("archsearch", "budget.epochs=5"): ["trials=12"],  # enough for a predictor to learn from
    ("archsearch.train", "+sweeps=transfer"): ["task=xml", "seed=1"],
}
LEFT_OUT = {  # a part of a command, and why it cannot run here
    "--wandb": "needs a login",
    "predictor.benchmark": "takes ten minutes, and has tests of its own",
}
PAGES = ["README.md", "docs/searching.md", "docs/training.md", "docs/export.md", "docs/reports.md"]
DATA = {"task=ptb": "ptb", "task=piano_midi": "polyphonic", "zaremba": "ptb"}
TRAINED_ON = {"<training>": "xml", "<ptb-training>": "ptb", "<music-training>": "piano_midi",
              "<translation-training>": "parallel"}  # fmt: skip


def commands(page: Path) -> Iterator[list[str]]:
    """The words behind `python -m` of each line of the page's blocks."""
    blocks = page.read_text(encoding="utf-8").split("```")[1::2]
    for line in "\n".join(blocks).splitlines():
        if line.startswith("python -m "):
            yield shlex.split(line, comments=True)[2:]


def main(folder: Path) -> None:
    from own_data import make_own_data

    os.chdir(folder)
    make_own_data()
    for module in WARM:
        __import__(module)
    failed = 0
    for module, *words in (words for page in PAGES for words in commands(ROOT / page)):
        line = shlex.join(["python", "-m", module, *words])
        if reason := left_out(line):
            sys.stdout.write(f"   left out  {line}: {reason}\n")
            continue
        is_newest = module == "archsearch.predictor.train"  # those before have fewer epochs
        filled_in = [word for typed in words for word in filled(typed, is_newest=is_newest)]
        arguments = small(module, filled_in)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        code, output = run(module, arguments)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        sys.stdout.write(f"{'' if code == 0 else 'FAILED':>6} {seconds:5.1f} s  {line}\n")
        if code != 0:
            failed += 1
            sys.stdout.write(f"{shlex.join([module, *arguments])}\n{output}\n")
        sys.stdout.flush()
    sys.exit(bool(failed))


def left_out(line: str) -> str | None:
    """Why a command is not run, if so."""
    data = Path(os.environ.get("ARCHSEARCH_DATA", "nowhere"))
    missing = (
        f"no {corpus} under ARCHSEARCH_DATA"
        for part, corpus in DATA.items()
        if part in line and not (data / corpus).is_dir()
    )
    return next((why for part, why in LEFT_OUT.items() if part in line), next(missing, None))


def filled(word: str, *, is_newest: bool) -> list[str]:
    """A word with directories in place of names in brackets, and patterns as a shell has them.

    is_newest: take the newest search; else the first.
    """
    runs = sorted(Path("outputs").glob("*-seed*"), key=lambda run: run.stat().st_mtime)
    searches = [run.name for run in runs if (run / "best_cell.txt").is_file()]
    for name in re.findall(r"<[a-z-]+>", word):
        if name in TRAINED_ON:
            found = [run.name for run in runs if run.name.startswith(f"{TRAINED_ON[name]}-")]
            found = [run for run in found if (Path("outputs") / run / "result.json").is_file()]
        else:
            found = searches[::-1] if is_newest else searches
        word = word.replace(name, found[0], 1)
    return [str(path) for path in sorted(Path().glob(word))] if "*" in word else [word]


def small(module: str, words: Sequence[str]) -> list[str]:
    """The command's words, and those that make it small in place of what they change."""
    less = list(SMALL.get(module, []))
    for (of, part), more in SMALLER.items():
        less += more if of == module and part in words else []
    changed = {word.partition("=")[0] for word in less}
    kept = [word for word in words if word.partition("=")[0] not in changed]
    return [*kept, *less]


def run(module: str, arguments: Sequence[str]) -> tuple[int, str]:
    """The exit code and the output of `python -m module`."""
    output = Path("output.txt").absolute()
    child = os.fork()
    if child == 0:
        with output.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os._exit(ended(module, arguments))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), output.read_text(encoding="utf-8")


def ended(module: str, arguments: Sequence[str]) -> int:
    """Run the module here; its exit code."""
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    main(Path(sys.argv[1]))
