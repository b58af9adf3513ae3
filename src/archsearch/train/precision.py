"""`trainer.precision=auto`: measured once, where a run begins, and kept as long as the run lives.

The choice is written beside what else the run keeps in its directory, so a run that is resumed goes
on in the precision that it began with, on another machine too.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

from archsearch.train.recipe import Recipe
from archsearch.train.training import Precision
from archsearch.whole_file import write_whole
from archsearch.wording import write_line

PRECISION = "precision.json"
ROUNDS = 5
# Results in float32 compare with what was published: the gain must be worth another rounding, and
# more than the noise of the measurement.
LEAST_GAIN = 1.1

Timer = Callable[[Precision], float]  # the seconds that the same training steps take in a precision


def resolve_precision(recipe: Recipe, run_dir: Path, timer: Timer) -> Recipe:
    """The recipe in the precision of this run: `timer` decides where "auto" has not yet been.

    Raises:
        ValueError: the run's directory has a choice that cannot be read.
    """
    if recipe.training.precision is not Precision.AUTO:
        return recipe
    path = run_dir / PRECISION
    if path.exists():
        precision = _read(path)
        write_line(f"precision: {precision}, as chosen when this run began")
    else:
        precision = _measure(timer, path)
    return replace(recipe, training=replace(recipe.training, precision=precision))


def _measure(timer: Timer, path: Path) -> Precision:
    """Time both in turns, so that what else the machine does meets both; write the choice down."""
    candidates = (Precision.FLOAT32, Precision.BFLOAT16)
    _, *rounds = ([timer(each) for each in candidates] for _ in range(1 + ROUNDS))  # a warm-up
    gain = median(float32 / bfloat16 for float32, bfloat16 in rounds)
    float32, bfloat16 = (median(seconds) for seconds in zip(*rounds, strict=True))
    precision = Precision.BFLOAT16 if gain >= LEAST_GAIN else Precision.FLOAT32
    record = {"precision": precision, "float32_seconds": float32, "bfloat16_seconds": bfloat16}
    write_whole(path, json.dumps(record, indent=2) + "\n")
    write_line(
        f"precision: {precision}; the same training steps took {float32:.3g} s in float32 and "
        f"{bfloat16:.3g} s in bfloat16"
    )
    return precision


def _read(path: Path) -> Precision:
    text = path.read_text(encoding="utf-8")
    try:
        return Precision(json.loads(text)["precision"])
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{path}: expected the precision in which this run began, got {text!r}; "
            'restore the file, or write {"precision": "float32"} if that is what it was'
        ) from None
