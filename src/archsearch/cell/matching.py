"""The best way to pair the rows of a small table with its columns."""

from collections.abc import Sequence


def best_assignment(values: Sequence[Sequence[int]]) -> tuple[int, tuple[int, ...]]:
    """The largest sum with one entry from each row and at most one from each column, and the
    column of each row.

    There are at most as many rows as columns. By dynamic programming over the sets of columns used
    so far, so for tables of up to about ten columns. Of equal sums the first one found is taken.
    """
    best: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
    for row in values:
        following: dict[int, tuple[int, tuple[int, ...]]] = {}
        for used, (total, columns) in best.items():
            for column, value in enumerate(row):
                bit = 1 << column
                if used & bit:
                    continue
                known = following.get(used | bit)
                if known is None or total + value > known[0]:
                    following[used | bit] = total + value, (*columns, column)
        best = following
    return max(best.values(), key=lambda found: found[0])
