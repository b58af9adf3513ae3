"""A search without training: a strategy that depends on every result, and a cheap evaluator.

Workers import this module, so it lies outside the test modules. As a program it is the search that
the fault drills kill: `python toy_search.py RUN_DIR [--executor …]`.
"""

import argparse
import math
import os
import random
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from archsearch.archive import (
    Archive,
    Asked,
    Beginning,
    Candidate,
    Epoch,
    FitnessRule,
    Machine,
    Metric,
    Origin,
    RunInfo,
    Status,
    Trial,
    lock_run,
)
from archsearch.cell import Cell, parse, zoo
from archsearch.evaluate import Processes, Serial
from archsearch.search import Callback, Ending, Interrupt, Search, Strategy
from archsearch.search.executor import Evaluator, Executor
from archsearch.search.protocol import Proposal

REFERENCES = {name: zoo[name] for name in ("rnn", "lstm", "gru")}
FUNCTIONS = ("Tanh", "Sigmoid", "ReLU")


def toy_cell(digits: tuple[int, ...]) -> Cell:
    text = "Linear(x_t, h_tm1)"
    for digit in digits:
        text = f"{FUNCTIONS[digit]}({text})"
    return parse(text)


class ToyStrategy(Strategy):
    """Mutates the best of two told genomes; waits for results after each six proposals.

    Its space is so small that it often proposes a cell again.
    """

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._told: list[tuple[float, int, tuple[int, ...]]] = []
        self._asked: dict[int, tuple[int, ...]] = {}

    def ask(self, number: int) -> Proposal | None:
        if len(self._asked) - len(self._told) >= 6:
            return None
        parents: tuple[int, ...] = ()
        genome = tuple(self._rng.choices(range(3), k=2))
        if self._told:
            _, parent, genome = max(self._rng.choices(self._told, k=2))
            parents = (parent,)
            length = self._rng.randint(1, 4)
            genome = (*genome, *self._rng.choices(range(3), k=2))[-length:]
        self._asked[number] = genome
        return Proposal(toy_cell(genome), list(genome), Origin("toy", parents))

    def tell(self, trial: Trial) -> None:
        number = trial.candidate.number
        assert trial.candidate.genome == list(self._asked[number])
        self._told.append((trial.fitness, number, self._asked[number]))

    def status(self) -> dict[str, int]:
        return {"told": len(self._told)}


@dataclass(frozen=True)
class ToyFactory:
    """Makes evaluators that sleep up to `seconds`, and log when they begin and end."""

    seconds: float = 0.0
    log: Path | None = None

    def __call__(self) -> Evaluator:
        self._write("worker", os.getpid())
        return self._evaluate

    def _evaluate(self, candidate: Candidate, seed: int) -> Trial:
        self._write("begin", candidate.key)
        time.sleep(random.random() * self.seconds)  # timing must not matter
        trial = toy_trial(candidate, seed)
        self._write("end", candidate.key)
        return trial

    def _write(self, what: str, which: object) -> None:
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(f"{what} {which}\n")


def toy_trial(candidate: Candidate, seed: int) -> Trial:
    """Depends on the key and the seed alone; every sixth cell or so diverges."""
    if int(candidate.key, 16) % 6 == 0:
        return Trial.failed(
            candidate, Status.DIVERGED, seed, "NaN in epoch 1", 0.01,
            curve=(Epoch(math.nan, math.inf, 0.01),),
        )  # fmt: skip
    metric = 1 + random.Random(f"{candidate.key} {seed}").random()
    curve = (Epoch(2 * metric, metric + 1, 0.01), Epoch(metric / 3, metric, 0.02))
    return Trial(candidate, Status.OK, seed, curve, metric, -math.log(metric), 1234, 0.02)


def toy_search(
    archive: Archive, executor: Executor, *, seed: int = 1, trials: int = 30, **options: object
) -> Search:
    references = options.pop("references", REFERENCES)
    strategy = options.pop("strategy", None) or ToyStrategy(seed)
    return Search(
        strategy, executor, archive, references=references, seed=seed, trials=trials, **options
    )


def toy_run(config_hash: str = "abc") -> RunInfo:
    return RunInfo("toy", config_hash, {"seed": 1}, "revision")


def toy_beginning(rule: FitnessRule = FitnessRule.LOGARITHM) -> Beginning:
    """What a search on a task with this rule writes down when it begins."""
    metric = Metric.under(rule, "perplexity" if rule.lower_is_better else "accuracy", "character")
    machine = Machine("a processor", 2, {"python": "3.12", "torch": "2.9"}, "float32")
    asked = Asked({"task": "xml"}, ("task=xml",), None)
    return Beginning(asked, metric, metric, tuple(REFERENCES), machine)


def without_times(trials: list[Trial]) -> list[Trial]:
    """What two equal runs share. NaN, which equals nothing, becomes a number that does."""
    return [
        replace(
            trial,
            wall_seconds=0.0,
            curve=tuple(
                Epoch(*(-1.0 if math.isnan(v) else v for v in (e.train_loss, e.valid_metric)), 0.0)
                for e in trial.curve
            ),
        )
        for trial in trials
    ]


class Announce(Callback):
    def on_trial(self, trial: Trial, figures: object) -> None:
        sys.stdout.write(f"told {trial.candidate.number} {trial.status}\n")
        sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("--executor", choices=("serial", "processes"), default="processes")
    parser.add_argument("--asynchronous", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=0.1)
    args = parser.parse_args()
    factory = ToyFactory(args.seconds, args.run_dir / "log")
    if args.executor == "serial":
        executor: Executor = Serial(factory, threads=None)
    else:
        executor = Processes(factory, workers=args.workers)
    url = f"sqlite:///{args.run_dir}/archive.sqlite"
    with lock_run(args.run_dir), Archive.open(url, toy_run()) as archive, executor:
        search = toy_search(
            archive, executor, trials=args.trials, asynchronous=args.asynchronous,
            callbacks=[Announce()],
        )  # fmt: skip
        with Interrupt() as interrupt:
            ending = search.run(interrupt)
    sys.stdout.write(f"{ending}\n")
    return 0 if ending is Ending.COMPLETE else 130


if __name__ == "__main__":
    sys.exit(main())
