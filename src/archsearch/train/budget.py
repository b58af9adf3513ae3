"""How much training a trial gets."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Budget:
    """Data, sizes, epochs and limits of a training; a part of the identity of every trial.

    `name` names it in displays; the numbers are in conf/budget. None means: no limit, or all.
    """

    name: str
    epochs: int
    batch_size: int  # streams side by side, or images
    # Sizes of recurrent networks; None where a budget is for others, see `require`.
    num_layers: int | None = None
    hidden_size: int | None = None
    unroll_steps: int | None = None  # steps of truncated backpropagation through time
    embedding_size: int | None = None  # None: hidden_size
    max_train_symbols: int | None = None  # of what a task counts in, such as images
    max_valid_symbols: int | None = None  # the same
    vocabulary_size: int | None = None  # rarer words become <unk>; only for corpora that have it
    max_seconds: float | None = None  # of one training, wall clock
    max_params: int | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name != "name" and value is not None and value <= 0:
                raise ValueError(f"budget.{each.name}: expected a number above 0, got {value}")

    def needed(self, name: str) -> int:
        """A size that a task's networks must have. Raises ValueError if it is None."""
        value: int | None = getattr(self, name)
        if value is None:
            raise ValueError(
                f"budget.{name}: recurrent networks need it, and budget={self.name} has none; "
                "try budget=small"
            )
        return value
