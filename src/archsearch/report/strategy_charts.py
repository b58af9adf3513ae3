"""What went on inside a strategy, as far as the archive and the origins of its candidates tell."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from statistics import quantiles

from archsearch.archive import Status
from archsearch.report.chart import COLOURS, GREY, Chart, canvas, label
from archsearch.report.operators import operator_shares
from archsearch.report.run_record import RunRecord
from archsearch.report.table import Table, table

MAX_SPECIES = 12  # with a bar of their own; of more, the smallest are one


def charts_of(run: RunRecord, name: str) -> list[Chart]:
    """Those that the run's strategy gives reason for."""
    makers: Sequence[Callable[[RunRecord, str], Chart | None]] = (
        species, reward, estimates, operators, measures,
    )  # fmt: skip
    made = (make(run, f"{name}-{make.__name__}") for make in makers)
    return [chart for chart in made if chart is not None]


def species(run: RunRecord, name: str) -> Chart | None:
    """Trials of each species in each generation; for strategies with species."""
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for trial in run.proposed:
        details = trial.candidate.origin.details
        if "species" in details and "generation" in details:
            counts[details["generation"]][details["species"]] += 1
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


def reward(run: RunRecord, name: str) -> Chart | None:
    """The controller's rewards and their moving average, which is its baseline (Zoph & Le 2016,
    section 3.2)."""
    search = run.config["search"]
    if not search["_target_"].endswith("NASController") or not run.proposed:
        return None
    from archsearch.search.nas_controller import REWARDS  # needs torch

    rewards, baselines = [], []
    baseline: float | None = None
    for trial in run.proposed:
        reward = 0.0
        if trial.status is Status.OK:
            reward = search["reward_scale"] * REWARDS[search["reward"]](trial.fitness)
        baseline = reward if baseline is None else baseline
        baseline += (1 - search["baseline_decay"]) * (reward - baseline)
        rewards.append(reward)
        baselines.append(baseline)
    xs = range(1, len(rewards) + 1)
    with canvas() as drawing:
        axes = drawing.axes("trials", "reward")
        axes.plot(xs, rewards, ".", color=COLOURS[5], markersize=3, label="reward of a trial")
        axes.plot(xs, baselines, color=COLOURS[1], label="baseline")
        drawing.legend(axes)
        return drawing.chart(
            name, f"Rewards of the controller of {run.name}, and its baseline, their exponential "
            "moving average. Failed trials have the reward 0.",
        )  # fmt: skip


def estimates(run: RunRecord, name: str) -> Chart | None:
    """What a predictor of cells expected, against what was measured."""
    pairs = [
        (float(trial.candidate.origin.details["estimate"]), trial.fitness)
        for trial in run.proposed
        if "estimate" in trial.candidate.origin.details and trial.status is Status.OK
    ]
    if len(pairs) < 3:
        return None
    expected, measured = zip(*pairs, strict=True)
    both = [*expected, *measured]
    with canvas() as drawing:
        axes = drawing.axes("predicted fitness", "measured fitness")
        axes.plot([min(both), max(both)], [min(both), max(both)], color=GREY, linewidth=0.8)
        axes.plot(expected, measured, ".", color=COLOURS[0], markersize=4)
        return drawing.chart(
            name, f"Predictor against truth in {run.name}: fitness of {len(pairs)} cells as "
            "predicted before their training and as measured. On the line both are equal.",
        )  # fmt: skip


def operators(run: RunRecord, name: str) -> Chart | None:
    """Schrimpf et al. (2017), figure of relative operator frequencies over the batches."""
    spans = operator_shares(run)
    if len(spans) < 2:
        return None
    totals: dict[str, float] = defaultdict(float)
    for _, shares in spans:
        for operator, share in shares.items():
            totals[operator] += share
    shown = sorted(totals, key=lambda operator: -totals[operator])[: len(COLOURS)]
    xs = [last for last, _ in spans]
    with canvas() as drawing:
        axes = drawing.axes("trials", "share of all operators")
        floor = [0.0] * len(xs)
        for colour, operator in zip(COLOURS, shown, strict=False):
            tops = [f + s.get(operator, 0) for f, (_, s) in zip(floor, spans, strict=True)]
            axes.fill_between(
                xs, floor, tops, color=colour, alpha=0.75, linewidth=0, label=operator
            )
            floor = tops
        axes.fill_between(xs, floor, [1.0] * len(xs), color="#dddddd", linewidth=0, label="others")
        axes.set_ylim(0, 1)
        axes.set_xlim(xs[0], xs[-1])
        drawing.legend(axes)
        return drawing.chart(
            name, f"Operators in the cells that {run.name} proposed, a share a tenth of the run; "
            "after Schrimpf et al. (2017).",
        )  # fmt: skip


def measures(run: RunRecord, name: str) -> Chart | None:
    """The metric against what else validation measured, as Schrimpf et al. (2017) hold BLEU
    against the loss; None where it measured nothing else."""
    pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for trial in run.proposed:
        if trial.metric is not None and trial.curve:
            for measure, value in trial.curve[-1].measures.items():
                if math.isfinite(value):
                    pairs[measure].append((value, trial.metric))
    if not pairs:
        return None
    measure, points = max(pairs.items(), key=lambda item: len(item[1]))
    if len(points) < 3:
        return None
    (left, right), (low, high) = (_middle(values) for values in zip(*points, strict=True))
    inside = [(x, y) for x, y in points if left <= x <= right and low <= y <= high]
    with canvas() as drawing:
        axes = drawing.axes(f"validation {label(measure)}", label(run.metric_name))
        axes.plot(*zip(*inside, strict=True), ".", color=COLOURS[0], markersize=4)
        return drawing.chart(
            name, f"Two measures of the cells of {run.name}: {run.metric_name} against {measure} "
            f"after the last epoch; {len(points) - len(inside)} far off are not shown. Schrimpf et "
            "al. (2017) look at BLEU against loss like this.",
        )  # fmt: skip


def _middle(values: Sequence[float]) -> tuple[float, float]:
    """Bounds that leave out what lies far from the middle half."""
    first, _, third = quantiles(values, n=4, method="inclusive")
    room = 3 * (third - first)
    return first - room, third + room


def operations(run: RunRecord, name: str) -> Table:
    """What each way to make a candidate brought."""
    made: dict[str, list[float | None]] = defaultdict(list)
    for trial in run.proposed:
        made[trial.candidate.origin.operation.replace("_", " ")].append(trial.metric)
    rows = []
    for operation, metrics in made.items():
        found = sorted(m for m in metrics if m is not None)
        best = (found[0] if run.lower_is_better else found[-1]) if found else None
        median = found[len(found) // 2] if found else None
        rows.append((operation, len(metrics), len(metrics) - len(found), median, best))
    columns = ("origin", "trials", "failed", f"median {run.metric_name}", "best")
    return table(name, f"What each origin of candidates brought to {run.name}.", columns, rows)
