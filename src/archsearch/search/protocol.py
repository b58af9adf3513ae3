"""The seam between a search strategy and everything else.

The life of a candidate: the loop calls `ask` until enough candidates are in flight, or until the
strategy returns None because it must first hear of results. Each finished trial comes back through
`tell`. A strategy never sees data, networks or trainers, and holds no state that a replay of the
same asks and tells would not rebuild: that is how a killed search resumes.

What so many trials are to a strategy its rounds say, and `foresight` in words, for those who plan a
run or begin one.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from archsearch.architecture import Architecture
from archsearch.archive.records import Candidate, Json, Lesson, Origin, Trial
from archsearch.cell import Cell
from archsearch.predictor import ArchitecturePredictor
from archsearch.space.space import CellSpace

Genome = TypeVar("Genome")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a strategy proposes; the loop numbers it and makes it a candidate.

    `hyperparameters` change what the run's configuration says for this candidate alone; their names
    are those of `archsearch.evaluate.evaluator`.
    """

    architecture: Architecture
    genome: Json
    origin: Origin
    hyperparameters: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Round:
    """What a strategy must bring to an end before it does what its name says.

    name: "generation", of which there are many; of what comes `once`, "the first population".
    trials: how many it takes.
    until: what a run is that ends before its first: "all trials are start trees".
    or_more: whether it may take more than `trials`.
    """

    name: str
    trials: int
    until: str
    once: bool = False
    or_more: bool = False


class Strategy(ABC):
    """Proposes architectures and learns from their trials.

    What more it can do its class says: a `DraftingStrategy` can begin from given genomes, and
    leaves a predictor a choice; a `PredictingStrategy` has the predictor inside, and can learn from
    known pairs. `archsearch.search.equipment` reads no other signs.

    learns: whether what it proposes depends on results at all.
    """

    learns: ClassVar[bool] = True

    @abstractmethod
    def ask(self, number: int) -> Proposal | None:
        """The next proposal, which the run will know by `number`.

        None while results are outstanding without which the strategy cannot go on. It must not
        return None when every proposal so far has been told.
        """

    @abstractmethod
    def tell(self, trial: Trial) -> None:
        """Take in the trial of an earlier proposal. Failed trials come too, with fitness −∞."""

    def recall(self, candidate: Candidate) -> Proposal | None:
        """In a replay, `ask` for a candidate that the archive has.

        A strategy whose asks are costly may take the proposal from the candidate instead of
        finding it again; its state is then as after `ask`. None exactly where `ask` gives None.
        """
        return self.ask(candidate.number)

    def lessons(self) -> Sequence[Lesson]:
        """What it learnt by the last `tell`, of the trial told or of earlier ones, for the archive
        to keep."""
        return ()

    def status(self) -> Mapping[str, int | float | str]:
        """A few figures for progress displays and charts, such as the generation."""
        return {}

    def rounds(self) -> Sequence[Round]:
        """What it goes through, such as generations, so that a run can say how many it holds; to
        be called before the first ask."""
        return ()


@dataclass(frozen=True, slots=True)
class Draft(Generic[Genome]):
    """What a strategy could propose next."""

    genome: Genome
    architecture: Architecture
    origin: Origin
    hyperparameters: Mapping[str, Json] = field(default_factory=dict)


class DraftingStrategy(Strategy, Generic[Genome]):
    """A strategy over a cell space whose asks have two halves, so that others can come between.

    `draft` draws what could come next, as often as one likes; `commit` makes one draft the
    proposal. Between them a predictor may choose among drafts (`Screened`). `plant` brings in
    genomes that come from outside, such as the best of an earlier run.

    searches: the kind of space that it searches, and what to choose for one.
    """

    searches: ClassVar[tuple[type[CellSpace[Any]], str]] = (CellSpace, "cell_space=…")

    def __init__(self, space: CellSpace[Genome]) -> None:
        kind, choice = self.searches
        if not isinstance(space, kind):
            raise ValueError(
                f"space: expected a {kind.__name__} ({choice}), got {type(space).__name__}"
            )
        self.space = space
        self._seeds: deque[Genome] = deque()
        self._num_proposed = 0
        self._proposed_keys: set[str] = set()  # of architectures

    @abstractmethod
    def draft(self) -> Draft[Genome] | None:
        """A draw of what could come next; None while results are outstanding.

        It changes nothing that later drafts depend on but the generator. A planted genome is used
        up by it.
        """

    def commit(self, number: int, draft: Draft[Genome]) -> None:
        """Take it that this draft, of the last `draft`s, is candidate `number`; nothing to do for
        who needs to remember none."""

    def ask(self, number: int) -> Proposal | None:
        draft = self.draft()
        return None if draft is None else self.propose(number, draft)

    def propose(self, number: int, draft: Draft[Genome]) -> Proposal:
        """Commit to the draft."""
        self.commit(number, draft)
        self._num_proposed += 1
        self._proposed_keys.add(draft.architecture.key)
        genome = self.space.to_json(draft.genome)
        hyperparameters = {**self.space.hyperparameters(draft.genome), **draft.hyperparameters}
        return Proposal(draft.architecture, genome, draft.origin, hyperparameters)

    def plant(self, genomes: Sequence[Genome]) -> None:
        """Genomes of the space to begin from: they take the place of the first that would be drawn
        afresh. To be called before the first ask."""
        self._seeds.extend(genomes)

    def _planted(self, **details: Json) -> Draft[Genome] | None:
        """A draft of the next planted genome, if one is left."""
        if not self._seeds:
            return None
        genome = self._seeds.popleft()
        return Draft(genome, self.space.decode(genome), Origin("warm start", details=details))

    def _unproposed(self, draw: Callable[[], Draft[Genome]], max_attempts: int) -> Draft[Genome]:
        """A draw whose architecture was not proposed yet, or the last of so many."""
        for _ in range(max_attempts):
            draft = draw()
            if draft.architecture.key not in self._proposed_keys:
                break
        return draft

    @property
    def has_seeds(self) -> bool:
        """Whether planted genomes were not drafted yet."""
        return bool(self._seeds)


class PredictingStrategy(DraftingStrategy[Genome]):
    """One with a predictor of cells inside, so that none stands before it.

    Its constructor takes the predictor beside the space and the generator.
    """

    def __init__(self, space: CellSpace[Genome], predictor: ArchitecturePredictor) -> None:
        super().__init__(space)
        self._predictor = predictor

    @abstractmethod
    def learn(self, pairs: Sequence[tuple[Cell, float]]) -> None:
        """Cells with their fitness that are known from elsewhere, such as an earlier run. To be
        called before the first ask."""


def foresight(strategy: Strategy, trials: int, window: int) -> list[str]:
    """A line for each round, such as "40 trials are 4 generations of 10", and one where the window
    keeps all results from a strategy that learns."""
    lines = [(_once if each.once else _repeated)(each, trials) for each in strategy.rounds()]
    if strategy.learns and 1 < trials <= window:
        lines.append(
            f"trials={trials} and window={window}: all candidates are proposed before the first "
            "result, unless the strategy waits; window=1 lets it learn from each"
        )
    return lines


def _repeated(each: Round, trials: int) -> str:
    count = trials / each.trials
    name = each.name if count == 1 else f"{each.name}s"
    most, more = ("at most ", " or more") if each.or_more else ("", "")
    line = f"{trials} trials are {most}{_count_text(count)} {name} of {each.trials}{more}"
    if count < 1:
        line += f": the search never gets beyond its first {each.name}, and {each.until}"
    return line


def _once(each: Round, trials: int) -> str:
    more = " or more" if each.or_more else ""
    if trials > each.trials:
        return f"{each.name} takes the first {each.trials}{more} of {trials} trials"
    return f"{each.name} takes {each.trials}{more} trials, and there are {trials}: {each.until}"


def _count_text(count: float) -> str:
    """4, 3.1, 0.4, 0.013."""
    return f"{count:.2g}" if count < 10 else f"{count:.0f}"
