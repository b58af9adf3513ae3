"""What searches would take: each is made ready as if it began, and a few trials are timed."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from statistics import fmean

from hydra.utils import instantiate
from omegaconf import OmegaConf

from archsearch.archive import ARCHIVE_FILE, Archive, Candidate, Origin, Status, Trial
from archsearch.cell import zoo
from archsearch.command import Interrupted
from archsearch.config import ConfigError
from archsearch.config_check import check
from archsearch.data import use_data_root
from archsearch.dry_run import Job
from archsearch.evaluate.suite import BASELINE
from archsearch.evaluate.timing import PEAK_BYTES, PROCESS, SPENT_SECONDS, WIDTH, TimingFactory
from archsearch.identity import config_hash, identity
from archsearch.machine import peak_bytes
from archsearch.main import (
    chosen_references,
    first_lines,
    make_factory,
    make_space,
    make_strategy,
    with_precision,
)
from archsearch.search import Executor, Interrupt, trial_seed
from archsearch.train import count_parameters, set_up_process
from archsearch.wording import (
    MISSING,
    bytes_text,
    duration_text,
    params_text,
    time_text,
    write_line,
)

PLACES = ("first", "second", "third")  # in the search, of the candidates that stand for all


@dataclass(frozen=True)
class Plan:
    """A search that is ready to begin, or to go on.

    about: what it uses, and what its trials are to its strategy.
    references: what is trained beside the strategy's candidates, by what it is called.
    drawn: what the strategy proposes first.
    num_done: of its trials, beside the references.
    """

    job: Job
    about: Sequence[str]
    executor: Executor
    references: Mapping[str, Candidate]
    drawn: Sequence[Candidate]
    done_references: frozenset[str]
    num_done: int

    @property
    def training(self) -> str:
        """Equal for plans that train alike."""
        cfg = OmegaConf.to_container(self.job.cfg, resolve=True)
        assert isinstance(cfg, dict)
        parts = ("task", "suite", "budget", "model", "trainer", "predictor", "executor")
        return config_hash({part: cfg.get(part) for part in parts})

    @property
    def kind(self) -> str:
        """Equal for plans that differ in the seed alone."""
        return config_hash({**identity(self.job.cfg), "seed": None})


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a run, in seconds.

    references: the seconds of each reference cell that is still to be trained.
    drawn: the seconds of candidates that stand for all.
    trials: how many are left.
    compute_seconds: what they may take together; None: no limit.
    max_seconds: of one trial; None: no limit.
    """

    references: Sequence[float]
    drawn: Sequence[float]
    trials: int
    compute_seconds: float | None = None
    max_seconds: float | None = None

    @property
    def seconds_per_trial(self) -> float:
        """In the mean; where none was drawn that trains, as long as a reference cell."""
        known = self.drawn or self.references
        return fmean(self._limited(seconds) for seconds in known) if known else 0.0

    @property
    def seconds(self) -> float:
        """Of all trials together."""
        trials = self.trials * self.seconds_per_trial
        if self.compute_seconds is not None:
            trials = min(trials, self.compute_seconds)
        return trials + sum(self._limited(seconds) for seconds in self.references)

    def _limited(self, seconds: float) -> float:
        return seconds if self.max_seconds is None else min(seconds, self.max_seconds)

    def wall_seconds(self, workers: int, start_seconds: float) -> float:
        """From the command to the end, where so many workers are never idle and took so long to
        start."""
        return start_seconds + self.seconds / workers if self.seconds else 0.0


@dataclass(frozen=True)
class Forecast:
    """A plan with the trials that were timed for it.

    start_seconds: until a worker is ready.
    """

    plan: Plan
    references: Mapping[str, Trial]
    drawn: Sequence[Trial]
    start_seconds: float

    @property
    def num_trials_left(self) -> int:
        return max(0, int(self.plan.job.cfg.trials) - self.plan.num_done)

    @property
    def remaining(self) -> Remaining:
        cfg = self.plan.job.cfg
        left = {n: t for n, t in self.references.items() if n not in self.plan.done_references}
        return Remaining(
            [trial.wall_seconds for trial in left.values()],
            [trial.wall_seconds for trial in self.drawn if trial.status is Status.OK],
            self.num_trials_left,
            cfg.compute_seconds,
            cfg.budget.max_seconds,
        )

    @property
    def num_at_a_time(self) -> int:
        return min(self.plan.executor.workers, int(self.plan.job.cfg.window))

    @property
    def wall_seconds(self) -> float:
        return self.remaining.wall_seconds(self.num_at_a_time, self.start_seconds)

    @property
    def timed(self) -> Sequence[Trial]:
        return (*self.references.values(), *self.drawn)

    @property
    def worker_bytes(self) -> int | None:
        """The most that one has held; None where this process does all."""
        others = [trial for trial in self.timed if trial.details.get(PROCESS) != os.getpid()]
        sizes = [trial.details[PEAK_BYTES] for trial in others]
        return max(sizes, default=None)

    @property
    def total_bytes(self) -> int:
        return peak_bytes() + self.plan.executor.workers * (self.worker_bytes or 0)


def forecasts(jobs: Sequence[Job]) -> list[Forecast]:
    """Of all runs, in their order. Who trains alike is timed once, and so are seeds."""
    set_up_process()
    plans = [make_plan(job) for job in jobs]
    drawn = {plan.kind: plan.drawn for plan in reversed(plans)}
    found: dict[tuple[str, str], Trial] = {}
    start_seconds: dict[str, float] = {}
    for training in dict.fromkeys(plan.training for plan in plans):
        alike = [plan for plan in plans if plan.training == training]
        candidates = [c for plan in alike for c in (*plan.references.values(), *drawn[plan.kind])]
        trials, start_seconds[training] = timed(alike[0], {c.key: c for c in candidates})
        found.update({(training, key): trial for key, trial in trials.items()})
    return [
        Forecast(
            plan,
            {name: found[plan.training, c.key] for name, c in plan.references.items()},
            [found[plan.training, c.key] for c in drawn[plan.kind]],
            start_seconds[plan.training],
        )
        for plan in plans
    ]


def make_plan(job: Job) -> Plan:
    """Raises what the search itself would raise where it begins."""
    cfg = job.cfg
    check(cfg)
    use_data_root(cfg.data.root)
    done_references, num_done = done(job)
    factory, predictor = make_factory(cfg)
    factory = with_precision(factory, job.scratch, OmegaConf.select(cfg, "executor.threads"))
    factories = [factory]
    named = dict(chosen_references(cfg, factory.recipe.task))
    if cfg.suite:
        suite = instantiate(cfg.suite)(first=factory, seed=cfg.seed)
        factories = [*suite.factories.values(), *([suite.gate.factory] if suite.gate else [])]
        if not (job.scratch / BASELINE).exists():
            named[f"{suite.baseline}, the suite's baseline"] = zoo[suite.baseline]
    strategy = make_strategy(cfg, make_space(cfg, job.scratch), predictor, job.scratch)
    executor = instantiate(cfg.executor)(TimingFactory(tuple(factories)))
    about = first_lines(cfg, factory, strategy, executor)
    proposals = [p for p in map(strategy.ask, range(len(PLACES))) if p is not None]
    drawn = [
        Candidate(number, p.architecture, p.genome, p.origin, p.hyperparameters)
        for number, p in enumerate(proposals)
    ]
    references = {
        name: Candidate(0, cell, None, Origin.of_reference(name)) for name, cell in named.items()
    }
    for candidate in (*references.values(), *drawn):
        count_parameters(factory.recipe, candidate.architecture)
    return Plan(job, about, executor, references, drawn, done_references, num_done)


def done(job: Job) -> tuple[frozenset[str], int]:
    """The references and the number of trials that the run's archive has.

    Raises:
        ConfigError: it is of another configuration.
    """
    path = job.folder / ARCHIVE_FILE
    if not path.exists():
        return frozenset(), 0
    with Archive.read(f"sqlite:///{path}") as archive:
        if archive.run.config_hash != config_hash(identity(job.cfg)):
            raise ConfigError(
                f"{job.folder}: holds a run of another configuration; "
                "choose another directory with hydra.run.dir=…"
            )
        candidates = [t.candidate for t in (*archive.stored_trials(), *archive.early_trials())]
    references = [name for c in candidates if (name := c.origin.reference)]
    return frozenset(references), len(candidates) - len(references)


def timed(plan: Plan, candidates: Mapping[str, Candidate]) -> tuple[dict[str, Trial], float]:
    """The trials by their keys, and the seconds until the first worker was ready."""
    began = time.perf_counter()
    start_seconds = 0.0
    trials: dict[str, Trial] = {}
    with plan.executor as executor, Interrupt() as interrupt:
        for number, candidate in enumerate(candidates.values()):
            seed = trial_seed(plan.job.cfg.seed, candidate.key)
            executor.submit(replace(candidate, number=number), seed)
        while len(trials) < len(candidates):
            trial = executor.next_trial(interrupt)
            if trial is None:
                raise Interrupted("interrupted; nothing was written")
            if not trials:
                spent = trial.details.get(SPENT_SECONDS, trial.wall_seconds)
                start_seconds = time.perf_counter() - began - spent
            trials[trial.candidate.key] = trial
    return trials, start_seconds


def tell(jobs: Sequence[Job]) -> None:
    """Print what these searches would take."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    told = forecasts(jobs)
    for line in chain.from_iterable(map(_block, told)):
        write_line(line)
    if len(told) > 1:
        hours = time_text(sum(each.wall_seconds for each in told))
        most = bytes_text(max(each.total_bytes for each in told))
        write_line(f"{len(told)} runs, one after another: {hours}, {most} at most")
    if load > cores:
        write_line(
            f"other programs keep this machine busy (load {load:.1f} on {cores} cores): "
            "without them it goes faster"
        )
    write_line("dry run: nothing was trained to its end, and nothing written")


def _block(forecast: Forecast) -> Iterator[str]:
    plan, cfg, left = forecast.plan, forecast.plan.job.cfg, forecast.remaining
    yield f"{plan.job.folder}"
    yield f"  {_left_text(forecast)}"
    for line in plan.about:
        yield f"  {line}"
    yield from _table(forecast)
    yield (
        f"  a trial takes {duration_text(left.seconds_per_trial)}, all together "
        f"{time_text(left.seconds)}: {forecast.num_at_a_time} at a time, and "
        f"{time_text(forecast.start_seconds)} to start, {time_text(forecast.wall_seconds)}"
    )
    workers, each = plan.executor.workers, forecast.worker_bytes
    shares = "" if each is None else f", {workers} × {bytes_text(each)} and the search itself"
    yield f"  memory: {bytes_text(forecast.total_bytes)}{shares}"
    if cfg.compute_seconds is not None:
        yield f"  it ends after compute_seconds={cfg.compute_seconds:g} of trials, if not before"
    yield ""


def _left_text(forecast: Forecast) -> str:
    plan = forecast.plan
    trials, references = plan.job.cfg.trials, len(plan.references)
    all_of_it = f"{trials} trials and {references} reference cells"
    if not (plan.num_done or plan.done_references):
        return f"{all_of_it}; none is done yet"
    left = max(0, references - len(plan.done_references))
    return (
        f"{all_of_it}; {plan.num_done} and {len(plan.done_references)} are done already, "
        f"{forecast.num_trials_left} and {left} remain"
    )


def _table(forecast: Forecast) -> Iterator[str]:
    rows = [("", "parameters", "width", "a trial")]
    rows += [_row(f"reference {name}", trial) for name, trial in forecast.references.items()]
    rows += [
        _row(f"the search's {PLACES[number]}", trial) for number, trial in enumerate(forecast.drawn)
    ]
    limit = forecast.plan.job.cfg.budget.max_seconds
    first = max(len(row[0]) for row in rows)
    for name, params, width, seconds in rows:
        yield f"    {name:<{first}}  {params:>10}  {width:>5}  {seconds}"
    if limit is not None and any(
        t.status is Status.OK and t.wall_seconds > limit for t in forecast.timed
    ):
        yield f"  over budget.max_seconds={limit:g} a trial is ended, and fails"


def _row(name: str, trial: Trial) -> tuple[str, str, str, str]:
    params = params_text(trial.num_params)
    if trial.status is not Status.OK:
        return name, params, MISSING, f"fails at once: {trial.cause}"
    return name, params, str(trial.details[WIDTH] or MISSING), duration_text(trial.wall_seconds)
