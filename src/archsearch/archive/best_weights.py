"""The weights of a run's best trial, in a file beside the archive.

Who evaluates may be another process, and does not know what was told meanwhile: it leaves the
weights of every trial that is better than the one whose weights the run has. The run takes those of
its best trial, and removes the others. They are what the trial ended with, under the search's
budget.
"""

import math
from pathlib import Path

from safetensors import SafetensorError, safe_open

from archsearch.archive.records import ArchiveError, Trial

WEIGHTS_FILE = "best_cell.safetensors"
_FOREIGN = "expected the weights that the run has kept of its best trial; move the file away"


def left_weights(run_dir: Path, number: int) -> Path:
    """Where an evaluator leaves the weights of a trial, until the run has heard of it."""
    return run_dir / f".trial-{number}.safetensors"


def facts_about(trial: Trial) -> dict[str, str]:
    """What the file says of its trial: `trial`, the number, `fitness` and `cell`, the text."""
    candidate = trial.candidate
    return {
        "trial": str(candidate.number),
        "fitness": repr(trial.fitness),
        "cell": str(candidate.architecture),
    }


def known_facts(run_dir: Path) -> dict[str, str] | None:
    """What the run's file says of its trial; None where there is none.

    Raises:
        ArchiveError: the file is not one that a run has kept.
    """
    path = run_dir / WEIGHTS_FILE
    try:
        with safe_open(path, framework="numpy") as file:
            facts = dict(file.metadata() or {})
    except FileNotFoundError:
        return None
    except SafetensorError as error:
        raise ArchiveError(f"{path}: {_FOREIGN} ({error})") from error
    if not {"trial", "fitness", "cell"} <= facts.keys():
        raise ArchiveError(f"{path}: {_FOREIGN}")
    return facts


def is_worth_leaving(run_dir: Path, trial: Trial) -> bool:
    """Whether the trial is better than the one whose weights the run has."""
    facts = known_facts(run_dir)
    return trial.fitness > (-math.inf if facts is None else float(facts["fitness"]))


def keep_weights(run_dir: Path, best: Trial) -> None:
    """Take what was left of the best trial; where nothing was, no older weights stay either."""
    left, kept = left_weights(run_dir, best.candidate.number), run_dir / WEIGHTS_FILE
    if left.exists():
        left.replace(kept)
    elif best_weights(run_dir, best) is None:
        kept.unlink(missing_ok=True)


def best_weights(run_dir: Path, best: Trial) -> Path | None:
    """The file, if it has the weights of this trial."""
    facts = known_facts(run_dir)
    is_of_it = facts is not None and facts["trial"] == str(best.candidate.number)
    return run_dir / WEIGHTS_FILE if is_of_it else None


def drop_weights(run_dir: Path, trial: Trial) -> None:
    """Remove what was left of a trial that is not the best."""
    left_weights(run_dir, trial.candidate.number).unlink(missing_ok=True)
