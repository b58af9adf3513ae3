"""A predictor of learning curves, trained on the trials of earlier runs, and saved: what
`python -m archsearch.predictor.train` does."""

import math
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from archsearch.config import ConfigError
from archsearch.config_check import check
from archsearch.predictor.curves import MIN_CURVES, WORST_FITNESS, as_table
from archsearch.predictor.last_value import LastValue
from archsearch.predictor.saved import save_curve_predictor
from archsearch.predictor.scores import Scores, score
from archsearch.predictor.seam import CurvePredictor
from archsearch.predictor.trial_curves import TrialCurve, read_trial_curves

TRAINED = "trained"  # the choice that loads what was saved here


def train(cfg: DictConfig) -> None:
    """Measure how far off it is on trials held out, then learn from all trials and save."""
    check(cfg)
    predictor = _predictor(cfg)
    runs = [Path(run) for run in cfg.runs]
    epochs = predictor.num_seen, predictor.num_epochs
    curves = [curve for run in runs for curve in read_trial_curves(run, *epochs)]
    learnt_from, held_out = hold_out(curves, cfg.held_out_share, cfg.seed)
    predictor.fit([curve.fitness for curve in learnt_from], cfg.seed)
    errors = score_on(predictor, held_out)
    rival = LastValue(
        num_seen=predictor.num_seen, num_epochs=predictor.num_epochs, worst_fitness=WORST_FITNESS
    )
    predictor.fit([curve.fitness for curve in curves], cfg.seed)
    write_predictor(cfg, predictor, {"trials": len(held_out), **asdict(errors)})
    report(cfg, len(learnt_from), len(held_out), errors, score_on(rival, held_out))


def hold_out(
    curves: Sequence[TrialCurve], share: float, seed: int
) -> tuple[list[TrialCurve], list[TrialCurve]]:
    """What to learn from, and what to test on: the curves of a `share` of the candidates, drawn."""
    keys = sorted({curve.key for curve in curves})
    num_tested = max(2, round(share * len(keys)))
    if len(keys) < num_tested + MIN_CURVES:
        raise ValueError(
            f"runs: expected trials of {num_tested + MIN_CURVES} different candidates or more, "
            f"{num_tested} of them to be held out, got {len(keys)}"
        )
    tested = set(random.Random(f"held out {seed}").sample(keys, num_tested))
    return [c for c in curves if c.key not in tested], [c for c in curves if c.key in tested]


def score_on(predictor: CurvePredictor, curves: Sequence[TrialCurve]) -> Scores:
    starts = [curve.fitness[: predictor.num_seen] for curve in curves]
    true = as_table([c.fitness for c in curves], predictor.num_epochs, -math.inf)[:, -1]
    return score(predictor.predict(starts), true)


def write_predictor(
    cfg: DictConfig, predictor: CurvePredictor, held_out: Mapping[str, float]
) -> None:
    out = Path(cfg.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    numbers: Any = OmegaConf.to_container(cfg.predictor, resolve=True)
    save_curve_predictor(out, predictor, _choice(), numbers, held_out)


def report(
    cfg: DictConfig, num_learnt: int, num_tested: int, errors: Scores, last_value: Scores
) -> None:
    lines = [
        f"epoch {cfg.predictor.num_epochs} guessed from {cfg.predictor.num_seen}, for "
        f"{num_tested} trials held out, learnt from {num_learnt} others:",
        _line("this predictor", errors),
        _line("last value seen", last_value),
        f"saved, learnt from all {num_learnt + num_tested}: {cfg.out}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _line(name: str, scores: Scores) -> str:
    return (
        f"  {name:<16} Spearman {scores.spearman:.3f}, mean error {scores.mape:.1%}, "
        f"median {scores.median:.1%}"
    )


def _predictor(cfg: DictConfig) -> CurvePredictor:
    if not cfg.runs:
        raise ConfigError("runs: expected directories of runs, such as runs=[outputs/a,outputs/b]")
    if not 0 < cfg.held_out_share < 1:
        raise ConfigError(f"held_out_share={cfg.held_out_share}: expected a number between 0 and 1")
    if _choice() == TRAINED:
        raise ConfigError(f"predictor={TRAINED}: expected one to train, such as meta_lstm")
    predictor = instantiate(cfg.predictor, _convert_="all")
    if not isinstance(predictor, CurvePredictor):
        raise ConfigError(f"predictor={_choice()}: expected one that reads curves, as meta_lstm")
    return predictor


def _choice() -> str:
    """The name of the predictor's file in conf/predictor/."""
    return str(HydraConfig.get().runtime.choices["predictor"])
