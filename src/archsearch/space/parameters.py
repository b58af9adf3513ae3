"""One check for the numbers that spaces and strategies are configured with."""


def require(name: str, value: float, low: float, high: float, *, integer: bool = False) -> None:
    """ValueError unless low ≤ value ≤ high, and value is an int where `integer` is set."""
    kind = "an integer" if integer else "a number"
    types = (int,) if integer else (int, float)
    if isinstance(value, bool) or not isinstance(value, types) or not low <= value <= high:
        bound = f"{low} or more" if high == float("inf") else f"between {low} and {high}"
        raise ValueError(f"{name}: expected {kind} {bound}, got {value!r}")
