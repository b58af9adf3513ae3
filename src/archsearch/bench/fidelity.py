"""How well does a budget rank cells?

python -m archsearch.bench.fidelity task=ptb budget=small

Trains cells of NAS-Bench-NLP (Klyuchnikov et al. 2020), evenly spread over the order of their
published test perplexities on the Penn Treebank, and holds the order of the results against that.
Failed trainings are the worst. It is a search like any other, with the same options; the same
command goes on where it was stopped.
"""

import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from archsearch.command import run_command

if TYPE_CHECKING:
    from archsearch.archive import Trial

# Before what the user gives, so that the last word is theirs.
DEFAULTS = ("search=nas_bench_nlp", "trials=40", "references=[]", "logger=none")


def main() -> None:
    """The command."""
    sys.argv[1:1] = DEFAULTS
    run_command(measure, "config", about=__doc__)


def measure(cfg: DictConfig) -> None:
    """Train what is missing, then say how the results compare."""
    # Here, as in `summary`: imports that take seconds, and that --help spares.
    from archsearch.archive import Archive
    from archsearch.main import search
    from archsearch.predictor.nas_bench_nlp import measured_cells
    from archsearch.request import this_request
    from archsearch.wording import write_line

    request = this_request()
    search(cfg, request)
    with Archive.read(request.run_dir) as archive:
        trials = archive.trials()
    published = {row.cell.key: -row.fitness for row in measured_cells()}
    known = [trial for trial in trials if trial.candidate.key in published]
    write_line(summary(known, published))


def summary(trials: "Sequence[Trial]", published: dict[str, float]) -> str:
    """One paragraph: rank correlations, failures, seconds."""
    import numpy as np
    from scipy.stats import kendalltau, spearmanr

    theirs = [published[trial.candidate.key] for trial in trials]
    ours = [-trial.fitness for trial in trials]  # ∞ for failures, which so tie as the worst
    best = np.argsort(theirs)[: max(2, len(trials) // 2)].tolist()
    seconds = [trial.wall_seconds for trial in trials]
    return (
        f"{len(trials)} cells, {sum(map(math.isinf, ours))} failed: "
        f"Spearman {spearmanr(theirs, ours).statistic:.3f}, "
        f"Kendall {kendalltau(theirs, ours).statistic:.3f}, Spearman of the better half "
        f"{spearmanr([theirs[i] for i in best], [ours[i] for i in best]).statistic:.3f}; "
        f"{np.mean(seconds):.1f} s a trial, {max(seconds):.1f} s at most"
    )


if __name__ == "__main__":
    main()
