"""A forecast as lines for a terminal."""

import os
from collections.abc import Iterator, Sequence

from archsearch.archive import Status, Trial
from archsearch.dry_run import Job
from archsearch.evaluate.timing import WIDTH
from archsearch.forecast import Forecast, forecasts
from archsearch.wording import duration_text, params_text, write_line


def tell(jobs: Sequence[Job]) -> None:
    """Print what these searches would take."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    told = forecasts(jobs)
    for each in told:
        for line in _block(each):
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
    yield f"  memory: {_memory_text(forecast)}"
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
    rows += [_row(_ordinal(i), trial) for i, trial in enumerate(forecast.drawn)]
    limit = forecast.plan.job.cfg.budget.max_seconds
    first = max(len(row[0]) for row in rows)
    for name, params, width, seconds in rows:
        yield f"    {name:<{first}}  {params:>10}  {width:>5}  {seconds}"
    if limit is not None and any(t.wall_seconds > limit for t in _timed_well(forecast)):
        yield f"  over budget.max_seconds={limit:g} a trial is ended, and fails"


def _row(name: str, trial: Trial) -> tuple[str, str, str, str]:
    if trial.status is not Status.OK:
        return name, params_text(trial.num_params), "-", f"fails at once: {trial.cause}"
    width = trial.details[WIDTH]
    return (
        name,
        params_text(trial.num_params),
        "-" if width is None else str(width),
        duration_text(trial.wall_seconds),
    )


def _ordinal(index: int) -> str:
    return f"the search's {('first', 'second', 'third')[index]}"


def _timed_well(forecast: Forecast) -> list[Trial]:
    trials = [*forecast.references.values(), *forecast.drawn]
    return [trial for trial in trials if trial.status is Status.OK]


def _memory_text(forecast: Forecast) -> str:
    total = bytes_text(forecast.total_bytes)
    if forecast.worker_bytes is None:
        return total
    workers = forecast.plan.executor.workers
    return f"{total}, {workers} × {bytes_text(forecast.worker_bytes)} and the search itself"


def time_text(seconds: float) -> str:
    """8 s, 12 minutes, 3.4 hours, 2.1 days."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size:
            count = seconds / size
            return f"{count:.1f} {unit}s" if count < 10 else f"{count:.0f} {unit}s"
    return f"{seconds:.0f} s"


def bytes_text(size: int) -> str:
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.0f} MB"
