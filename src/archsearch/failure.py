"""The errors that a command reports as one line and ends with, however it was asked."""


class Failure(Exception):
    """Something beside the command was not as needed: data, disk, an archive, an evaluator.

    The message says what was expected, what came, where, and what to try.
    """
