"""`python -m archsearch.report outputs/<run> …`: what searches found, as one page."""

import argparse
from pathlib import Path

from archsearch.usage import Parser


def main() -> None:
    """The command."""
    parser = _parser()
    options = parser.parse_args()
    if not options.runs:
        parser.error("expected the directories of runs, such as outputs/<run>, got none")
    if options.live and len(options.runs) != 1:
        parser.error("--live: expected the directory of one run")
    # Here, because charts take a second to import: --help and mistakes are answered without.
    from archsearch.report.command import report

    report(options)


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
        "--table", action="store_true", help="show trainings on the terminal, side by side"
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
