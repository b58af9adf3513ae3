"""The one error that missing, damaged or too short data raises."""

from archsearch.failure import Failure


class DataError(Failure, ValueError):
    """A data file that is missing or not the right one, or data that cannot be cut as asked.

    The message says what was expected, what came, where, and what to try.
    """
