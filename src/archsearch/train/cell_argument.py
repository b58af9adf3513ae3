"""`cell=<text>` on a command line that Hydra reads."""

from archsearch.architecture.sources import TEXT_SIGNS
from archsearch.override_text import quoted


def quote_text(argument: str) -> str:
    """A command line argument `cell=<text>` quoted, as Hydra's grammar asks of such texts.

    Everything else, `cell=zoo/lstm,zoo/gru` of a multirun too, comes back as it is.
    """
    key, equals, value = argument.partition("=")
    if key != "cell" or value[:1] in ("'", '"') or not any(s in value for s in TEXT_SIGNS):
        return argument
    return f"{key}{equals}{quoted(value)}"
