"""`python -m archsearch.report outputs/<run> …`: what searches found, as one page."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from archsearch.command import Parser, one_line_errors
from archsearch.report.build import build_report
from archsearch.report.folder import PAGE, files_of, write_folder
from archsearch.report.live import watch
from archsearch.report.run_record import is_search, read_run
from archsearch.report.training_record import is_training, read_training
from archsearch.report.wandb_report import WandbReportError, publish
from archsearch.report.wandb_sync import sync_command
from archsearch.search.callbacks.terminal import stdout_console
from archsearch.usage import FAILURE, stop


def main() -> None:
    """The command."""
    parser = _parser()
    options = parser.parse_args()
    if not options.runs:
        parser.error("expected the directories of runs, such as outputs/<run>, got none")
    if options.live and len(options.runs) != 1:
        parser.error("--live: expected the directory of one run")
    with one_line_errors():
        if options.live:
            live(options.runs[0])
        elif options.sync:
            sys.stdout.write(sync_command(options.runs) + "\n")
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


def report_on_wandb(place: str, folders: Sequence[Path]) -> None:
    """Make the W&B Report of the metrics that these searches have, and say where it is."""
    names = {read_run(folder).metric_name: None for folder in folders if is_search(folder)}
    if not names:
        raise ValueError(
            "--wandb: expected directories of searches, whose metrics the report is to show, got "
            f"none: {', '.join(map(str, folders))}"
        )
    try:
        sys.stdout.write(f"{publish(place, list(names))}\n")
    except WandbReportError as error:
        stop(str(error), FAILURE)


def write_report(folders: Sequence[Path], out: Path) -> None:
    """Read the runs, write the page with its figures and tables, and say where it is."""
    searches = [folder for folder in folders if is_search(folder)]
    trained = [folder for folder in folders if is_training(folder)]
    left_out = [folder for folder in folders if folder not in searches and folder not in trained]
    runs = [run for run in map(read_run, searches) if run.trials]
    left_out += [folder for folder in searches if folder not in [run.folder for run in runs]]
    reasons = [f"{folder}: {_why_left_out(folder)}" for folder in left_out]
    if not runs and not trained:
        raise ValueError(
            "expected directories of searches or trainings with results, such as outputs/<run>; "
            f"{', '.join(reasons)}"
        )
    for reason in reasons:
        sys.stderr.write(f"left out: {reason}\n")
    report = build_report(runs, list(map(read_training, trained)))
    files = files_of(report)
    write_folder(out, files)
    size = sum(map(len, files.values())) / 1e6
    sys.stdout.write(f"{out / PAGE}: {len(files)} files, {size:.1f} MB\n")


def _why_left_out(folder: Path) -> str:
    """Of a directory that has nothing to report."""
    if not folder.is_dir():
        return "no such directory"
    if is_search(folder):
        return "no trial has finished yet"
    if is_training(folder):
        return "a training"
    if any(is_search(inner) or is_training(inner) for inner in folder.iterdir()):
        return f"holds runs and is none; give {folder}/*"
    return "neither a search nor a finished training"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m archsearch.report",
        description="One static page about searches and trainings, with its figures as SVG and PNG "
        "and its tables as CSV. Runs are only read, and may still be at work.",
    )
    parser.add_argument(
        "runs", nargs="*", type=Path, help="directories of searches, and of trainings"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--live", action="store_true", help="show one search on the terminal, while it is at work"
    )
    instead.add_argument(
        "--wandb",
        metavar="ENTITY/PROJECT",
        help="make a W&B Report of the searches that were logged there",
    )
    instead.add_argument(
        "--sync", action="store_true", help="print the command that uploads offline logs of W&B"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("report"),
        help="folder of the report (default: report); an earlier report there is replaced, other "
        "files stay",
    )
    return parser


if __name__ == "__main__":
    main()
