"""What `python -m archsearch.report` does once its options are read."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from archsearch.command import one_line_errors
from archsearch.findings.trainings import read_training
from archsearch.report.build import build_report
from archsearch.report.folder import PAGE, files_of, write_folder
from archsearch.run import is_search, load
from archsearch.terminal.console import stdout_console
from archsearch.terminal.live import watch
from archsearch.terminal.trainings import show_trainings
from archsearch.train.files import is_training
from archsearch.usage import FAILURE, stop
from archsearch.wandb_log.report import OFFLINE, WandbReportError, publish, sync_command


def report(options: argparse.Namespace) -> None:
    """Do what the options ask for; errors are one line."""
    with one_line_errors():
        if options.live:
            live(options.runs[0])
        elif options.table:
            show_table(options.runs)
        elif options.sync:
            sync(options.runs)
        elif options.wandb is not None:
            report_on_wandb(options.wandb, options.runs)
        else:
            write_report(options.runs, options.out)


def live(folder: Path) -> None:
    """Show one search on the terminal."""
    if not is_search(folder):
        raise ValueError(
            "--live: expected the directory of a search, such as outputs/<run>; "
            f"{folder}: {_why_left_out(folder)}"
        )
    watch(folder, stdout_console())


def show_table(folders: Sequence[Path]) -> None:
    """Show trainings on the terminal, side by side."""
    trained = [folder for folder in folders if is_training(folder)]
    pass_over(folders, trained, "trainings that have ended")
    show_trainings([*map(read_training, trained)], stdout_console())


def sync(folders: Sequence[Path]) -> None:
    """Print the command that uploads what these runs logged offline."""
    runs = [folder for folder in folders if is_run(folder)]
    pass_over(folders, runs)
    sys.stdout.write(sync_command(runs) + "\n")


def report_on_wandb(place: str, folders: Sequence[Path]) -> None:
    """Make the W&B Report of the metrics that these searches have, and say where it is."""
    searches = [folder for folder in folders if is_search(folder)]
    pass_over(folders, searches, "searches, whose metrics the W&B Report is to show")
    names = {load(folder).metric_name: None for folder in searches}
    try:
        sys.stdout.write(f"{publish(place, list(names))}\n")
    except WandbReportError as error:
        stop(str(error), FAILURE)


def write_report(folders: Sequence[Path], out: Path) -> None:
    """Read the runs, write the page with its figures and tables, and say where it is.

    A directory that is given twice is read once: it is no second seed.
    """
    folders = list({folder.resolve(): folder for folder in folders}.values())
    searches = [folder for folder in folders if is_search(folder)]
    trained = [folder for folder in folders if is_training(folder)]
    runs = [run for run in map(load, searches) if run.trials]
    pass_over(folders, [*(run.folder for run in runs), *trained])
    report = build_report(runs, list(map(read_training, trained)))
    files = files_of(report)
    write_folder(out, files)
    size = sum(map(len, files.values())) / 1e6
    sys.stdout.write(f"{out / PAGE}: {len(files)} files, {size:.1f} MB\n")


def is_run(folder: Path) -> bool:
    """Whether a command has begun to work in this directory."""
    return is_search(folder) or is_training(folder) or any(folder.glob(OFFLINE))


def pass_over(
    folders: Sequence[Path],
    used: Sequence[Path],
    expected: str = "searches or trainings with results",
) -> None:
    """Say of each folder that is not used why; a shell's `outputs/*` has more than runs.

    Raises:
        ValueError: none is used.
    """
    reasons = [f"{folder}: {_why_left_out(folder)}" for folder in folders if folder not in used]
    if not used:
        raise ValueError(
            f"expected directories of {expected}, such as outputs/<run>; {', '.join(reasons)}"
        )
    for reason in reasons:
        sys.stderr.write(f"left out: {reason}\n")


def _why_left_out(folder: Path) -> str:
    """Of what has nothing to report."""
    if not folder.exists():
        return "no such directory"
    if not folder.is_dir():
        return "a file, and no run"
    if is_search(folder):
        return "no trial has finished yet"
    if is_training(folder):
        return "a training"
    if any(is_search(inner) or is_training(inner) for inner in folder.iterdir()):
        return f"holds runs and is none; give {folder}/*"
    return "neither a search nor a training that has ended"
