"""How much training a trial gets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """Data, sizes, epochs and limits of a training; a part of the identity of every trial.

    `name` names it in displays; the numbers are in conf/budget. None means: no limit, or all.
    """

    name: str
    epochs: int
    num_layers: int
    hidden_size: int
    batch_size: int  # streams side by side
    unroll_steps: int  # steps of truncated backpropagation through time
    embedding_size: int | None = None  # None: hidden_size
    max_train_symbols: int | None = None
    max_valid_symbols: int | None = None
    vocabulary_size: int | None = None  # rarer words become <unk>; only for corpora that have it
    max_seconds: float | None = None  # of one training, wall clock
    max_params: int | None = None

    def __post_init__(self) -> None:
        for name in ("epochs", "num_layers", "hidden_size", "batch_size", "unroll_steps"):
            _check_positive(f"budget.{name}", getattr(self, name))
        for name in (
            "embedding_size", "max_train_symbols", "max_valid_symbols", "vocabulary_size",
            "max_seconds", "max_params",
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None:
                _check_positive(f"budget.{name}", value)


def _check_positive(name: str, value: float) -> None:
    if value <= 0:
        raise ValueError(f"{name}: expected a number above 0, got {value}")
