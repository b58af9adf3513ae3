"""The one error that the archive raises for what its user can put right."""


class ArchiveError(ValueError):
    """An archive that cannot be opened, read, written or continued.

    The message is one line: what was expected, what was found, where, and what to try.
    """
