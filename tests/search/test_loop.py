import random
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_search import REFERENCES, ToyStrategy, toy_cell, toy_run, toy_search, toy_trial
from toy_search import without_times as same

from archsearch.archive import Archive, ArchiveError, Candidate, Origin, Status, Trial
from archsearch.search import Callback, Ending, Executor, Interrupt, Strategy, trial_seed
from archsearch.search.loop import ReferencesFailed, StrategyError
from archsearch.search.protocol import Proposal

MEMORY = "sqlite://"


class Killed(BaseException):
    """Stands for kill -9: nothing of the process survives but the archive."""


class ToyExecutor(Executor):
    """Workers without processes: gives the trials back in an order drawn from `rng`."""

    def __init__(
        self,
        rng: random.Random | None = None,
        workers: int = 3,
        killed_after: int | None = None,
        crash: Callable[[Candidate, int], bool] = lambda candidate, run: False,
    ) -> None:
        self._rng = rng or random.Random(0)
        self._workers = workers
        self._killed_after = killed_after
        self._crash = crash
        self._queue: list[tuple[Candidate, int]] = []
        self.evaluated: list[Candidate] = []

    def submit(self, candidate: Candidate, seed: int) -> None:
        self._queue.append((candidate, seed))

    def next_trial(self, interrupt: Interrupt) -> Trial | None:
        if interrupt.requested:
            return None
        if len(self.evaluated) == self._killed_after:
            raise Killed
        candidate, seed = self._queue.pop(self._rng.randrange(len(self._queue[: self._workers])))
        self.evaluated.append(candidate)
        if self._crash(candidate, len(self.evaluated)):
            return Trial.failed(candidate, Status.CRASHED, seed, "died", 0.1)
        trial = toy_trial(candidate, seed)
        return replace(trial, wall_seconds=1.0)

    def close(self) -> None:
        self._queue.clear()


class Events(Callback):
    def __init__(self) -> None:
        self.seen: list[object] = []
        self.launched: list[int] = []

    def on_start(self, run, trials) -> None:
        self.seen.append(("start", run.name, trials))

    def on_replay(self, trial, figures) -> None:
        self.seen.append(("replay", trial.candidate.number, figures["told"]))

    def on_launch(self, candidate) -> None:
        self.launched.append(candidate.number)

    def on_trial(self, trial, figures) -> None:
        assert trial.reused_from is not None or trial.candidate.number in self.launched
        self.seen.append(("trial", trial.candidate.number, figures["told"]))

    def on_end(self, ending) -> None:
        self.seen.append(("end", ending))


def complete(archive: Archive, executor: Executor | None = None, **options) -> list[Trial]:
    search = toy_search(archive, executor or ToyExecutor(), **options)
    assert search.run(Interrupt()) is Ending.COMPLETE
    return same(archive.trials())


@pytest.fixture(scope="module")
def undisturbed() -> list[Trial]:
    with Archive.open(MEMORY, toy_run()) as archive:
        return complete(archive)


def test_references_come_first_and_only_to_the_archive(undisturbed: list[Trial]) -> None:
    names = [trial.candidate.origin.details.get("name") for trial in undisturbed]
    assert names == [*REFERENCES, *[None] * 30]
    assert [trial.candidate.number for trial in undisturbed] == list(range(33))


def test_an_evaluated_cell_is_not_trained_again(undisturbed: list[Trial]) -> None:
    first: dict[str, Trial] = {}
    for trial in undisturbed:
        original = first.setdefault(trial.candidate.key, trial)
        assert trial.reused_from == (None if trial is original else original.candidate.number)
        assert trial == replace(
            original, candidate=trial.candidate, reused_from=trial.reused_from, wall_seconds=0.0
        )
        assert trial.seed == trial_seed(1, trial.candidate.key)
    assert len(first) < len(undisturbed), "the toy strategy must repeat itself for this test"


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 9), st.booleans(), st.data())
def test_kills_and_timings_change_nothing(
    undisturbed: list[Trial], rng: random.Random, workers: int, asynchronous: bool, data
) -> None:
    """Ordered runs equal the undisturbed one; asynchronous ones replay to themselves. A trial that
    reached the archive is never trained again."""
    with Archive.open(MEMORY, toy_run()) as archive:
        for kill in data.draw(st.lists(st.integers(0, 20), max_size=4)):
            done = {
                trial.candidate.number for trial in (*archive.trials(), *archive.early_trials())
            }
            executor = ToyExecutor(rng, workers, killed_after=kill)
            search = toy_search(archive, executor, asynchronous=asynchronous)
            with suppress(Killed):
                search.run(Interrupt())
            assert done.isdisjoint(candidate.number for candidate in executor.evaluated)
        trials = complete(archive, ToyExecutor(rng, workers), asynchronous=asynchronous)
        assert archive.early_trials() == []
        again = ToyExecutor()
        assert complete(archive, again, asynchronous=asynchronous) == trials
        assert again.evaluated == []
    if asynchronous:
        assert sum(not trial.candidate.is_reference for trial in trials) == 30
    else:
        assert trials == undisturbed


def test_a_larger_number_of_trials_goes_on_as_if_it_had_been_so_from_the_start(
    undisturbed: list[Trial],
) -> None:
    with Archive.open(MEMORY, toy_run()) as archive:
        assert complete(archive, trials=11) == undisturbed[:14]
        assert complete(archive, trials=30) == undisturbed
        assert complete(archive, trials=5) == undisturbed, "a smaller one finds all done"


@pytest.mark.parametrize("window", [1, 2, 50])
def test_any_window_completes(window: int) -> None:
    with Archive.open(MEMORY, toy_run()) as archive:
        assert len(complete(archive, window=window)) == 33


def test_the_compute_limit_ends_a_run_and_leaves_it_ended() -> None:
    with Archive.open(MEMORY, toy_run()) as archive:
        complete(archive, compute_seconds=7)
        spent = [t.wall_seconds for t in archive.trials() if not t.candidate.is_reference]
        assert sum(spent) == 7
        executor = ToyExecutor()
        complete(archive, executor, compute_seconds=7)
        assert executor.evaluated == []


def test_a_crash_costs_one_trial_and_its_cell_may_be_trained_again(undisturbed) -> None:
    repeated = next(t.reused_from for t in undisturbed if t.reused_from and t.reused_from > 2)
    executor = ToyExecutor(crash=lambda candidate, _: candidate.number == repeated)
    with Archive.open(MEMORY, toy_run()) as archive:
        trials = complete(archive, executor)
        assert [t.candidate.number for t in trials if t.status is Status.CRASHED] == [repeated]
        key = trials[repeated].candidate.key
        twins = [t for t in trials if t.candidate.key == key and t is not trials[repeated]]
        assert all(t.status is not Status.CRASHED for t in twins)
        assert sum(t.reused_from is None for t in twins) <= 1
        assert complete(archive) == trials


def test_an_interrupt_ends_in_order(undisturbed: list[Trial]) -> None:
    class PressCtrlC(Callback):
        def on_trial(self, trial: Trial, figures: object) -> None:
            if trial.candidate.number == 9:
                signal.raise_signal(signal.SIGINT)

    with Archive.open(MEMORY, toy_run()) as archive:
        with Interrupt() as interrupt:
            search = toy_search(archive, ToyExecutor(), callbacks=[PressCtrlC()])
            assert search.run(interrupt) is Ending.INTERRUPTED
        assert 10 <= len(archive) < 33
        assert complete(archive) == undisturbed
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_ends_at_once() -> None:
    with Interrupt() as interrupt:
        signal.raise_signal(signal.SIGTERM)
        assert interrupt.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_callbacks_hear_everything_in_order() -> None:
    with Archive.open(MEMORY, toy_run()) as archive:
        first, second = Events(), Events()
        complete(archive, trials=2, callbacks=[first])
        complete(archive, trials=3, callbacks=[second])
    told = [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2)]
    assert first.seen == [
        ("start", "toy", 2), *(("trial", *pair) for pair in told), ("end", "complete"),
    ]  # fmt: skip
    assert second.seen == [
        ("start", "toy", 3), *(("replay", *pair) for pair in told), ("trial", 5, 3),
        ("end", "complete"),
    ]  # fmt: skip


def test_callbacks_hear_of_the_end_when_something_breaks() -> None:
    events = Events()
    with Archive.open(MEMORY, toy_run()) as archive, pytest.raises(Killed):
        complete(archive, ToyExecutor(killed_after=1), callbacks=[events])
    assert events.seen[-1] == ("end", "failed")


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 2},
        {"references": {"rnn": REFERENCES["rnn"], "lstm": REFERENCES["lstm"]}},
        {"references": {}},
    ],
)
def test_an_archive_of_another_search_is_refused(changed: dict) -> None:
    with Archive.open(MEMORY, toy_run()) as archive:
        before = complete(archive, trials=10)
        with pytest.raises(ArchiveError, match="archive does not fit the strategy: candidate"):
            complete(archive, trials=20, **changed)
        assert same(archive.trials()) == before


class Stubborn(Strategy):
    """Proposes one candidate, then nothing."""

    def ask(self, number: int) -> Proposal | None:
        return None if number > 3 else Proposal(toy_cell((0, 1)), None, Origin("toy"))

    def tell(self, trial: Trial) -> None:
        pass


class Impostor(Stubborn):
    def ask(self, number: int) -> Proposal:
        return Proposal(toy_cell((0, 1)), None, Origin("reference"))


@pytest.mark.parametrize("strategy", [Stubborn(), Impostor()])
def test_a_strategy_that_breaks_its_contract_is_named(strategy: Strategy) -> None:
    with (
        Archive.open(MEMORY, toy_run()) as archive,
        pytest.raises(StrategyError, match=type(strategy).__name__),
    ):
        complete(archive, strategy=strategy)


@pytest.mark.parametrize(
    ("option", "value"), [("trials", 0), ("window", -1), ("compute_seconds", 0.0)]
)
def test_senseless_limits_are_refused(option: str, value: float) -> None:
    with (
        Archive.open(MEMORY, toy_run()) as archive,
        pytest.raises(ValueError, match=f"{option}: expected .*, got {value}"),
    ):
        toy_search(archive, ToyExecutor(), **{option: value})


def test_time_is_accounted_for() -> None:
    with Archive.open(MEMORY, toy_run()) as archive:
        search = toy_search(archive, ToyExecutor(), strategy=ToyStrategy(1))
        search.run(Interrupt())
    assert set(search.seconds) == {"ask", "tell", "archive", "callbacks", "wait"}


class OnlyFailures(ToyExecutor):
    """Every training fails in the way that its name or else its number says."""

    def __init__(self, statuses: dict[str, Status]) -> None:
        super().__init__(workers=1)
        self._statuses = statuses

    def next_trial(self, interrupt: Interrupt) -> Trial | None:
        trial = super().next_trial(interrupt)
        assert trial is not None
        name = trial.candidate.origin.details.get("name", "")
        status = self._statuses.get(name, Status.DIVERGED)
        return Trial.failed(trial.candidate, status, trial.seed, f"too large, {name}", 1.0)


def test_a_budget_under_which_no_reference_can_be_trained_ends_the_run() -> None:
    statuses = dict(
        zip(REFERENCES, (Status.INVALID, Status.OUT_OF_MEMORY, Status.INVALID), strict=True)
    )
    with Archive.open(MEMORY, toy_run()) as archive:
        for _ in range(2):  # the same command again finds no more
            executor = OnlyFailures(statuses)
            with pytest.raises(ReferencesFailed, match=r"rnn: too large, rnn; lstm: .*references="):
                complete(archive, executor)
            assert len(archive) == len(REFERENCES)
        assert not executor.evaluated


def test_references_whose_training_goes_wrong_end_nothing() -> None:
    statuses = dict(zip(REFERENCES, (Status.INVALID, Status.DIVERGED, Status.INVALID), strict=True))
    with Archive.open(MEMORY, toy_run()) as archive:
        assert len(complete(archive, OnlyFailures(statuses), trials=5)) == 8


def test_references_that_do_not_fit_end_nothing_where_a_found_cell_does() -> None:
    class TooLarge(ToyExecutor):
        def next_trial(self, interrupt: Interrupt) -> Trial | None:
            trial = super().next_trial(interrupt)
            if trial is not None and trial.candidate.is_reference:
                return Trial.failed(trial.candidate, Status.INVALID, trial.seed, "too large", 1.0)
            return trial

    with Archive.open(MEMORY, toy_run()) as archive:
        executor = TooLarge(random.Random(1), workers=8)
        complete(archive, executor, trials=9, asynchronous=True)
        assert len(archive) == 12
