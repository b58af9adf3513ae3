"""Checks for what spaces and strategies are configured with."""

from collections.abc import Collection, Sequence

from archsearch.cell import OPERATORS


def require(name: str, value: float, low: float, high: float, *, integer: bool = False) -> None:
    """ValueError unless low ≤ value ≤ high, and value is an int where `integer` is set."""
    kind = "an integer" if integer else "a number"
    types = (int,) if integer else (int, float)
    if isinstance(value, bool) or not isinstance(value, types) or not low <= value <= high:
        bound = f"{low} or more" if high == float("inf") else f"between {low} and {high}"
        raise ValueError(f"{name}: expected {kind} {bound}, got {value!r}")


def different(
    name: str, chosen: Sequence[str], known: Collection[str], *, least: int = 0
) -> tuple[str, ...]:
    """What was chosen; ValueError unless it is `least` or more of the known, each once."""
    is_list = not isinstance(chosen, str) and len(set(chosen)) == len(chosen) >= least
    if not is_list or not set(chosen) <= set(known):
        count = f"{least} or more " if least else ""
        raise ValueError(
            f"{name}: expected {count}different ones of {', '.join(known)}, got {list(chosen)}"
        )
    return tuple(chosen)


def operators_of(arity: int) -> list[str]:
    """Those with so many arguments and without weights."""
    ops = (op for op in OPERATORS.values() if op.min_args <= arity <= op.max_args)
    return sorted(op.name for op in ops if op.name != "Linear")
