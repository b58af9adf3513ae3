"""The one error that a malformed cell raises."""

import difflib
from collections.abc import Iterable

_MAX_LISTED = 30  # names in a message


class CellError(ValueError):
    """A text, recipe or graph that is no valid cell.

    The message says what was expected, what came, where, and what to try.
    """


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known name, or else lists the known ones."""
    names = list(known)
    folded: dict[str, str] = {}
    for each in names:
        folded.setdefault(each.lower(), each)
    near = difflib.get_close_matches(name[:80].lower(), folded, n=1)
    if near:
        return f"did you mean {shown(folded[near[0]])}?"
    more = ", …" if len(names) > _MAX_LISTED else ""
    return f"known: {', '.join(map(shown, names[:_MAX_LISTED]))}{more}"


def shown(text: object, limit: int = 40) -> str:
    """Any object as short printable text, for messages."""
    full = text if isinstance(text, str) else repr(text)
    cut = full if len(full) <= limit else full[: limit - 1] + "…"
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut)
