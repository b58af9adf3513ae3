"""`python -m archsearch.bench`: how fast any cell trains, as a table and as JSON."""

import sys

from archsearch.bench.options import read_options


def main() -> None:
    """The command."""
    options = read_options(sys.argv[1:])
    # Here, because torch takes seconds to import: --help and mistakes are answered without.
    from archsearch.bench.command import bench

    bench(options)


if __name__ == "__main__":
    main()
