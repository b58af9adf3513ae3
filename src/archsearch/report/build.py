"""From records of runs to the report."""

from collections.abc import Sequence
from statistics import fmean

from archsearch.findings.comparisons import Comparison, Setting, compare, unlike
from archsearch.findings.differences import paired_differences
from archsearch.findings.pairs import LEAST, guessed
from archsearch.findings.trainings import TrainingRecord, compare_trainings, trainings_summary
from archsearch.report.chart import slug
from archsearch.report.difference_blocks import difference_blocks
from archsearch.report.page import Block, Charts, Code, Paragraph, Report, Section
from archsearch.report.progress_charts import (
    best_against_seconds,
    best_against_trials,
    curves_chart,
    over_random,
)
from archsearch.report.run_section import asked, run_section
from archsearch.report.strategy_charts import charts_of, scatter_chart
from archsearch.report.table import Table, Value, table
from archsearch.report.trainings_section import trainings_section
from archsearch.run import Run
from archsearch.wording import ANECDOTE, Scale, found_lines, metric_text

TOP = 10


def build_report(runs: Sequence[Run], trainings: Sequence[TrainingRecord]) -> Report:
    """The whole report; runs and trainings stand in the order given."""
    named = _named(runs)
    comparisons = compare(runs)
    sections = []
    if runs:
        sections.append(Section("asked", "What was asked", (asked(named),)))
        for i, comparison in enumerate(comparisons):
            mark = "" if len(comparisons) == 1 else f"-{i + 1}"
            sections += _comparison_sections(comparison, mark)
        winners = [comparison.best_run for comparison in comparisons]
        details = tuple(
            run_section(run, name, folded=run not in winners) for name, run in named.items()
        )
        sections.append(
            Section("runs", "The winner" if len(runs) == 1 else "Each run", (), details)
        )
    trained = compare_trainings(trainings)
    if trained:
        sections.append(trainings_section(trained, trainings))
    sentences = (*map(_summary, comparisons), *map(trainings_summary, trained))
    return Report(_title(runs, trainings), sentences, tuple(sections))


def _named(runs: Sequence[Run]) -> dict[str, Run]:
    """Each run under a name of its own for anchors and files."""
    return {f"run{i + 1}-{slug(run.name)[:60]}": run for i, run in enumerate(runs)}


def _title(runs: Sequence[Run], trainings: Sequence[TrainingRecord]) -> str:
    if len(runs) == 1:
        return f"Search {runs[0].name}"
    if runs:
        return f"{len(runs)} searches side by side"
    return f"{len(trainings)} training{'s' * (len(trainings) > 1)}"


def _summary(comparison: Comparison) -> str:
    """The best cell of all runs beside the references of its own run, which had its seed."""
    run, scale = comparison.best_run, Scale(comparison.metric)
    words = "; ".join(found_lines(run.best, run.standings.best_reference, scale))
    by = f"{run.choices.search} on {run.choices.cell_space} under seed {run.seed}"
    return f"{comparison.title}, {by}: {words}. The metric: {scale.heading}."


def _comparison_sections(comparison: Comparison, mark: str) -> list[Section]:
    title = comparison.title
    found: list[Block] = [_settings_table(comparison, f"settings{mark}")]
    found += map(Paragraph, unlike(comparison.runs))
    curves = curves_chart(comparison, f"learning_curves{mark}")
    charts = (
        best_against_trials(comparison, f"best_against_trials{mark}"),
        best_against_seconds(comparison, f"best_against_seconds{mark}"),
        *curves,
    )
    progress: list[Block] = [Charts(charts)]
    if not curves:
        progress.append(Paragraph("Trainings of one epoch have no learning curve to show."))
    sections = [
        Section(f"found{mark}", f"What was found: {title}", tuple(found)),
        Section(f"progress{mark}", f"Progress: {title}", tuple(progress)),
    ]
    if len(comparison.settings) > 1:
        sections.append(_difference_section(comparison, mark))
    sections.append(_strategies_section(comparison, mark))
    return sections


def _settings_table(comparison: Comparison, name: str) -> Table:
    """A row a setting, means over its seeds; then the references."""
    best = comparison.best_reference
    rows = [_setting_row(setting, best) for setting in comparison.settings]
    for reference, known in comparison.references.items():
        words = f"reference {reference}"
        rows.append((words, None, None, known.metric, None, None, known.num_params, None, None))
    columns = (
        "setting", "seeds", "trials", f"best {comparison.metric.name}", "each seed's best",
        f"mean of the {TOP} best", "parameters of the best", f"better than {best or 'a reference'}",
        "failed",
    )  # fmt: skip
    caption = (
        "Means over seeds. Better than and failed: of all trials of the setting, each beside its "
        "own run's reference. The references are trials of the runs, under the same budget"
    )
    if max(len(setting.runs) for setting in comparison.settings) == 1:
        caption += f"; {ANECDOTE}"
    return table(name, f"{caption}.", columns, rows)


def _setting_row(setting: Setting, best_reference: str | None) -> tuple[Value, ...]:
    bests, tops = setting.best_metrics, setting.top_means(TOP)
    best = setting.best_run.best
    return (
        setting.label,
        ", ".join(str(run.seed) for run in setting.runs),
        len(setting.trials),
        fmean(bests) if bests else None,
        ", ".join(map(metric_text, bests)),
        fmean(tops) if tops else None,
        best.num_params if best else None,
        None if best_reference is None else setting.num_better(best_reference),
        setting.num_failed,
    )


def _difference_section(comparison: Comparison, mark: str) -> Section:
    differences = paired_differences(comparison)
    count = len({(d.one, d.other) for d in differences})
    if not differences:
        text = "No two settings are to be compared: with more than five, each is held against "
        text += "random search on its cell space, and there is none."
        return Section(f"fair{mark}", "Fair comparison", (Paragraph(text),))
    of_all = f" of all {count} comparisons together (Bonferroni)" if count > 1 else ""
    blocks: list[Block] = [
        Paragraph(
            "Differences between runs under the same seed, at equal numbers of trials and at equal "
            f"seconds of compute, in {Scale(comparison.metric).heading}. Intervals are Student's "
            f"t for the mean over seeds, at 95%{of_all}."
        ),
        *difference_blocks(differences, f"differences{mark}", comparison.metric.name),
    ]
    return Section(f"fair{mark}", f"Fair comparison: {comparison.title}", tuple(blocks))


def _strategies_section(comparison: Comparison, mark: str) -> Section:
    """For each setting the charts of its best run, and those of all its runs beside others."""
    parts = []
    everyone = [trial for run in comparison.runs for trial in run.trials]
    for i, setting in enumerate(comparison.settings):
        name = f"setting{mark}-{i + 1}"
        own = [trial for run in setting.runs for trial in run.trials]
        truth = guessed(own, everyone, comparison.metric, setting.label)
        charts = [
            *over_random(comparison, setting, f"{name}-over_random"),
            *(scatter_chart(each, name) for each in truth),
            *charts_of(setting.best_run, name),
        ]
        blocks: list[Block] = [Charts(tuple(charts))] if charts else []
        if not truth:
            blocks += _untold_guesses(setting)
        if blocks:
            parts.append(Section(name, setting.label, tuple(blocks)))
    said = "Of each setting the run with the best cell."
    if not parts:
        said = "Their trials are too few, or too alike, for a chart."
    title = f"Inside the strategies: {comparison.title}"
    return Section(f"strategies{mark}", title, (Paragraph(said),), tuple(parts))


def _untold_guesses(setting: Setting) -> list[Block]:
    """Why nothing holds a predictor of curves against the truth, and what would."""
    run = next((run for run in setting.runs if any(trial.guess for trial in run.trials)), None)
    if run is None:
        return []
    reason = (
        "A predictor ended trainings early and guessed their results. How well is not to be seen "
        f"here: no run of this report did {LEAST} or more of the same trainings in full. The same "
        "search without the predictor does, if only those of the reference cells; report both runs "
        "together."
    )
    if run.follow_up is None:
        return [Paragraph(reason)]
    command = run.follow_up.without_predictor()
    return [Paragraph(reason), Code("The search without the predictor", command)]
