"""How large a cell may be: far above any published cell, low enough that nothing hangs."""

MAX_NODES = 1_000  # distinct nodes of a canonical cell, sources included
MAX_HEIGHT = 250  # operators on the longest path within one step
MAX_MEMORIES = 16  # states beside h
MAX_GIVEN_MEMORIES = 64  # the same before those that are always equal have merged
MAX_TEXT_LENGTH = 100_000  # characters of a cell's text
MAX_BIAS = 1_000.0  # absolute value of a Linear's initial bias
MAX_LABEL_LENGTH = 32  # characters of an author's name for a node
MAX_NUMBERED_NODES = 300_000  # in all numberings tried for one cell, in search of the canonical
