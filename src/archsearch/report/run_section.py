"""What the page says of one run: what was asked, its best cells, its failures, its winner."""

from collections.abc import Mapping, Sequence

from archsearch.archive import Status, Trial
from archsearch.config import CONFIG_FILE
from archsearch.findings.lineage import family
from archsearch.findings.origins import by_origin
from archsearch.findings.standings import Ranked, causes, fittest, rank, shown
from archsearch.report.lineage import to_svg
from archsearch.report.page import Block, Code, Fold, Listing, Paragraph, Picture, Section
from archsearch.report.table import Seconds, Table, Value, table
from archsearch.run import Run
from archsearch.wording import (
    BITS,
    Scale,
    cell_text,
    change_text,
    hyperparameters_text,
    origin_text,
    outcome_text,
    status_text,
)

LEADERS = 10
MAX_CAUSES, MAX_NUMBERS = 20, 8  # shown of a kind of failure, and of a cause


def run_section(run: Run, name: str, *, folded: bool) -> Section:
    """name: of the run's files and anchors, unlike that of any other run of the report."""
    blocks: list[Block] = [
        again(run),
        *began_on(run),
        leaderboard(run, f"{name}-leaderboard"),
        *failures(run, name),
        origins(run, f"{name}-origins"),
        *winner(run, name),
    ]
    return Section(name, run.name, tuple(blocks), folded=folded)


def again(run: Run) -> Block:
    """The command that gives the run again, if it is known."""
    if run.follow_up is not None:
        return Code("Command that reproduces it", run.follow_up.search_again())
    return Paragraph(
        "The command that reproduces it is not known: an earlier revision of archsearch, which did "
        f"not write it down, began the run. {run.folder / CONFIG_FILE} has its configuration."
    )


def began_on(run: Run) -> list[Block]:
    """The machine and what it trained with, if that is known."""
    machine = run.machine
    if machine is None:
        return []
    versions = ", ".join(f"{name} {version}" for name, version in sorted(machine.versions.items()))
    return [
        Paragraph(
            f"It began on {machine.processor} with {machine.cores} cores, {versions}, and trained "
            f"in {machine.precision}."
        )
    ]


def asked(runs: dict[str, Run]) -> Table:
    """What each run was told to do, and how far it came."""
    rows: list[tuple[Value, ...]] = []
    for run in runs.values():
        choices, seconds = run.choices, sum(trial.wall_seconds for trial in run.trials)
        wanted = run.config.get("trials")
        rows.append(
            (
                run.name,
                choices.task,
                choices.budget,
                choices.search,
                choices.cell_space,
                run.seed,
                len(run.proposed),
                wanted,
                Seconds(seconds),
                run.info.revision,
            )
        )
    columns = (
        "run", "task", "budget", "search", "cell space", "seed", "trials", "of", "time",
        "revision",
    )  # fmt: skip
    caption = "The runs. The time is that of all trials together, reference cells among them."
    return table("runs", caption, columns, rows, tuple(runs))


def leaderboard(run: Run, name: str) -> Table:
    """The best cells, the reference cells in their places among them."""
    entries = [e for e in shown(rank(run.trials), LEADERS) if isinstance(e, Ranked)]
    scale = Scale(run.metric)
    rows = [_row(entry, scale) for entry in entries]
    bits = (BITS,) if scale.has_bits else ()
    columns = ("rank", "trial", run.metric_name, *bits, "parameters", "time", "origin", "cell")
    caption = (
        f"The {LEADERS} best different cells, and the reference cells under the same budget; "
        f"{scale.heading}. Each was trained once, and near ones may change places under another "
        "seed. Cells of one width differ in parameters; the last command below compares them at "
        "equal ones."
    )
    return table(name, caption, columns, rows)


def _row(entry: Ranked, scale: Scale) -> tuple[Value, ...]:
    trial, candidate = entry.trial, entry.trial.candidate
    origin = origin_text(candidate)
    if hyperparameters := hyperparameters_text(candidate):
        origin += f", {hyperparameters}"
    return (
        entry.label, candidate.number, trial.metric, *scale.bits(trial.metric), trial.num_params,
        Seconds(trial.wall_seconds), origin, cell_text(candidate.architecture),
    )  # fmt: skip


def failures(run: Run, name: str) -> list[Block]:
    """How many of each kind, with their causes behind a fold."""
    found = causes(run.trials)
    if not found:
        return [Paragraph("No trial failed.")]
    totals = [(status_text(kind), sum(map(len, of_it.values()))) for kind, of_it in found.items()]
    counts = table(f"{name}-failures", "Failed trials by kind.", ("kind", "trials"), totals)
    return [counts, *(_causes(kind, of_it) for kind, of_it in found.items())]


def _causes(kind: Status, of_it: Mapping[str, Sequence[int]]) -> Fold:
    items = []
    for cause, numbers in list(of_it.items())[:MAX_CAUSES]:
        listed = ", ".join(map(str, numbers[:MAX_NUMBERS]))
        more = f" and {len(numbers) - MAX_NUMBERS} more" if len(numbers) > MAX_NUMBERS else ""
        items.append(f"{cause} (trial{'s' * (len(numbers) > 1)} {listed}{more})")
    if len(of_it) > MAX_CAUSES:
        items.append(f"{len(of_it) - MAX_CAUSES} other causes")
    return Fold(f"Causes: {status_text(kind)}", (Listing(tuple(items)),))


def origins(run: Run, name: str) -> Table:
    """What each way to make a candidate brought."""
    columns = ("origin", "trials", "failed", f"median {run.metric_name}", "best")
    caption = f"What each origin of candidates brought to {run.name}."
    return table(name, caption, columns, by_origin(run.proposed))


def winner(run: Run, name: str) -> list[Block]:
    """Drawing, equations, text, family and the command that trains it."""
    best = run.best
    if best is None:
        return [Paragraph("No cell of the strategy was trained without failing.")]
    architecture = best.candidate.architecture
    words = f"Best cell: trial {best.number}, {run.metric_name} {outcome_text(best)}"
    if hyperparameters := hyperparameters_text(best.candidate):
        words += f", with {hyperparameters}"
    blocks: list[Block] = [
        Paragraph(f"{words}."),
        Picture(f"{name}-best-cell", f"Drawing of the best cell of {run.name}",
                architecture.to_svg()),
        Code("Equations", architecture.equations()),
        Code("Text", str(architecture)),
        *lineage(run, best, name),
    ]  # fmt: skip
    return [*blocks, *_next_commands(run, best)]


def _next_commands(run: Run, best: Trial) -> list[Block]:
    next_ = run.follow_up
    if next_ is None:
        return []
    blocks: list[Block] = [
        Code("To take it home as code, with the weights of its trial where the run has them",
             next_.take_home()),
        Code("To train it again, and longer", next_.train_longer(best)),
    ]  # fmt: skip
    if command := next_.train_at_equal_size(best):
        label = "To hold it against the references at equal parameters; then report the trainings"
        blocks.append(Code(label, command))
    return blocks


def lineage(run: Run, best: Trial, name: str) -> list[Block]:
    """The family tree, and its members with what changed, which the tree's boxes lead to."""
    tree = family(best, run.by_number)
    if len(tree.members) == 1:
        return [Paragraph(f"It has no parents: {change_text(best.candidate)}.")]
    members = [
        _member(run, trial, tree.parents[number], name)
        for number, trial in sorted(tree.members.items(), reverse=True)
    ]
    count = len(tree.members) - 1
    hidden = f" {tree.num_hidden} older ones are left out." if tree.num_hidden else ""
    return [
        Paragraph(
            f"Its family: {count} ancestor{'s' * (count > 1)}, the oldest at the top.{hidden} Each "
            "box leads to the cell, and says what changed on the way to it."
        ),
        Picture(f"{name}-family", f"Family tree of the best cell of {run.name}",
                to_svg(tree, lambda number: _anchor(name, number)), has_links=True),
        *members,
    ]  # fmt: skip


def _member(run: Run, trial: Trial, parents: tuple[int, ...], name: str) -> Fold:
    number = trial.number
    of = f" of {', '.join(map(str, parents))}" if parents else ""
    summary = f"Trial {number}: {change_text(trial.candidate)}{of}; {outcome_text(trial)}"
    if parents and trial.metric is not None:
        before = fittest(run.by_number[parent] for parent in parents)
        if before is not None and before.metric is not None:
            change = trial.metric - before.metric
            summary += f" ({'+' if change >= 0 else '−'}{abs(change):.3g} against its best parent)"
    text = Code("Text", str(trial.candidate.architecture))
    return Fold(summary, (text,), _anchor(name, number))


def _anchor(name: str, number: int) -> str:
    return f"{name}-trial-{number}"
