"""The one error that the archive raises for what its user can put right."""

from archsearch.failure import Failure


class ArchiveError(Failure, ValueError):
    """An archive that cannot be opened, read, written or continued.

    The message is one line: what was expected, what was found, where, and what to try.
    """
