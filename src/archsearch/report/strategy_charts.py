"""What went on inside a strategy, as far as the archive and the origins of its candidates tell."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from archsearch.report.chart import COLOURS, Chart, canvas
from archsearch.report.hyperparameter_chart import hyperparameters
from archsearch.report.operator_chart import operators
from archsearch.report.pair_charts import estimates, measures
from archsearch.report.table import Table, table
from archsearch.run import Run
from archsearch.search.callbacks.origins import by_origin

MAX_SPECIES = 12  # with a bar of their own; of more, the smallest are one


def charts_of(run: Run, name: str) -> list[Chart]:
    """Those that the run's strategy gives reason for."""
    makers: Sequence[Callable[[Run, str], Chart | None]] = (
        species, reward, hyperparameters, estimates, operators, measures,
    )  # fmt: skip
    made = (make(run, f"{name}-{make.__name__}") for make in makers)
    return [chart for chart in made if chart is not None]


def species(run: Run, name: str) -> Chart | None:
    """Trials of each species in each generation; for strategies with species."""
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for trial in run.proposed:
        origin = trial.origin
        if origin.species is not None and origin.generation is not None:
            counts[origin.generation][origin.species] += 1
    if not counts:
        return None
    generations = sorted(counts)
    totals: Counter[int] = sum(counts.values(), Counter())
    large = sorted(number for number, _ in totals.most_common(MAX_SPECIES))
    with canvas() as drawing:
        axes = drawing.axes("generation", "trials of a species")
        edges = [generations[0] - 0.5, *(g + 0.5 for g in generations)]
        floor = [0] * len(edges)
        for i, number in enumerate([*large, None]):
            sizes = [_size(counts[g], number, large) for g in generations]
            tops = [f + size for f, size in zip(floor, [sizes[0], *sizes], strict=True)]
            if any(sizes):
                axes.fill_between(
                    edges, floor, tops, step="pre", edgecolor="white", linewidth=0.3,
                    facecolor="#cccccc" if number is None else COLOURS[i % len(COLOURS)],
                    hatch="///" if number is not None and i >= len(COLOURS) else "",
                    label="others" if number is None else f"species {number}",
                )  # fmt: skip
            floor = tops
        axes.locator_params(axis="x", integer=True)
        drawing.legend(axes)
        return drawing.chart(
            name, f"Species of {run.name}: how many trials each had in each generation. "
            f"{len(totals)} species in {len(generations)} generations.",
        )  # fmt: skip


def _size(counts: Counter[int], number: int | None, named: Sequence[int]) -> int:
    """Of a species; with None, of all that have no name."""
    if number is not None:
        return counts[number]
    return counts.total() - sum(counts[each] for each in named)


def reward(run: Run, name: str) -> Chart | None:
    """What a strategy with a policy was rewarded with, and held it against."""
    if not run.lessons:
        return None
    lessons = run.lessons.values()
    xs = [lesson.number for lesson in lessons]
    with canvas() as drawing:
        axes = drawing.axes("trial", "reward")
        rewards = [lesson.reward for lesson in lessons]
        axes.plot(xs, rewards, ".", color=COLOURS[5], markersize=3, label="of a trial")
        baselines = [lesson.baseline for lesson in lessons]
        axes.step(xs, baselines, where="mid", color=COLOURS[1], label="baseline")
        drawing.legend(axes)
        return drawing.chart(
            name, f"Rewards that {run.name} learnt from, and the baseline that each was held "
            "against. Failed trials have the reward 0.",
        )  # fmt: skip


def origins(run: Run, name: str) -> Table:
    """What each way to make a candidate brought."""
    columns = ("origin", "trials", "failed", f"median {run.metric_name}", "best")
    caption = f"What each origin of candidates brought to {run.name}."
    return table(name, caption, columns, by_origin(run.proposed))
