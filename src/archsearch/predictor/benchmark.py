"""`python -m archsearch.predictor.benchmark`: how well predictors guess real measurements.

Without options all predictors are cross-validated on NAS-Bench-NLP: those that read cells on the
final perplexity, trained on 100, 400 and all cells of the training folds; those that read curves on
the validation perplexity at epoch 40, guessed from epochs 1 to 10. Folds keep the rows of one cell
together. With `--train` and `--test` one predictor learns from one file and guesses another.
Every predictor is as its file in conf/predictor/ configures it.
"""

import argparse
import sys
from pathlib import Path

from archsearch.conf_files import choices
from archsearch.usage import USAGE, Parser, positive, stop

PREDICTORS = [name for name in choices("predictor") if name not in ("none", "trained")]
NUM_SEEDS = 3


def main() -> None:
    """The command."""
    options = _read_options(sys.argv[1:])
    # Here, because torch takes seconds to import: --help and mistakes are answered without.
    from archsearch.predictor.benchmarking import cross_validate_all, train_and_test

    try:
        if options.train is None:
            predictors = [options.predictor] if options.predictor else PREDICTORS
            num_folds, num_sizes = (2, 1) if options.quick else (5, None)
            num_seeds = options.seeds or (1 if options.quick else NUM_SEEDS)
            cross_validate_all(predictors, num_seeds, num_folds, num_sizes)
        else:
            train_and_test(options.predictor, options.train, options.test, as_json=options.json)
    except ValueError as error:
        stop(str(error), USAGE)


def _read_options(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m archsearch.predictor.benchmark",
        description="Cross-validate predictors on NAS-Bench-NLP, or, with --train and --test, have "
        "one learn from a file and guess another.",
    )
    parser.add_argument("--predictor", choices=PREDICTORS, help="one, instead of all")
    parser.add_argument("--seeds", type=positive, metavar="N", help=f"default {NUM_SEEDS}")
    parser.add_argument(
        "--quick", action="store_true", help="one seed, two folds, the smallest number of cells"
    )
    files = "JSON lines, plain or .gz: recipe and ptb_test_ppl for ranking, val_loss for the others"
    parser.add_argument("--train", type=Path, metavar="FILE", help=files)
    parser.add_argument("--test", type=Path, metavar="FILE", help="the same")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    if (options.train is None) != (options.test is None):
        parser.error("expected --train and --test together")
    if options.train is not None and options.predictor is None:
        parser.error(f"--train: expected --predictor too, one of {', '.join(PREDICTORS)}")
    if options.json and options.train is None:
        parser.error("--json: expected --train and --test too")
    return options


if __name__ == "__main__":
    main()
