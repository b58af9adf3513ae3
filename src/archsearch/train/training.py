"""How weights are moved: loss, regularisation, clipping, schedule."""

from dataclasses import dataclass
from enum import StrEnum

import torch

from archsearch.train.schedules import Schedule


class Loss(StrEnum):
    """What the learning rate and the clipping norm refer to.

    Zaremba et al. sum the cross entropy over the unrolled steps and average over the batch, so
    their rate 1 and norm 5 at 20 steps are rate 20 and norm 0.25 of the mean over symbols.
    """

    MEAN = "mean"  # nats a symbol
    SUM_OVER_STEPS = "sum_over_steps"  # nats a segment, averaged over the batch


class Precision(StrEnum):
    """What matrix products are computed in; weights, optimiser and states are float32 in all."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"  # with float32 accumulation, under torch.autocast
    AUTO = "auto"  # the faster of the two where the run begins; see archsearch.train.precision


class Accelerator(StrEnum):
    """What networks are trained on, as Lightning names it."""

    CPU = "cpu"
    GPU = "gpu"  # whichever there is
    CUDA = "cuda"
    MPS = "mps"
    AUTO = "auto"  # a GPU where there is one


@dataclass(frozen=True)
class Training:
    """A way to train any network of a task; the numbers are in conf/trainer."""

    name: str
    schedule: Schedule
    clip_norm: float | None = None  # of the whole gradient; None does not clip
    loss: Loss = Loss.MEAN
    activation_regularization: float = 0.0  # α of Merity et al. (2017)
    temporal_regularization: float = 0.0  # β of the same
    variable_unroll: bool = False  # segment lengths drawn again each epoch (AWD-LSTM)
    accelerator: Accelerator = Accelerator.CPU
    precision: Precision = Precision.FLOAT32
    # So many steps in a row whose loss or gradient is not finite are left out, and states begin
    # again; one more, and the training has diverged. 0 keeps states in evaluations too.
    max_skipped_steps: int = 0

    def __post_init__(self) -> None:
        kinds = {"loss": Loss, "precision": Precision, "accelerator": Accelerator}
        for name, kind in kinds.items():  # configuration files have text
            value = getattr(self, name)
            if value not in tuple(kind):
                raise ValueError(f"trainer.{name}: expected {' or '.join(kind)}, got {value!r}")
            object.__setattr__(self, name, kind(value))
        if self.clip_norm is not None and self.clip_norm <= 0:
            raise ValueError(f"trainer.clip_norm: expected a number above 0, got {self.clip_norm}")
        if self.max_skipped_steps < 0:
            raise ValueError(
                f"trainer.max_skipped_steps: expected at least 0, got {self.max_skipped_steps}"
            )

    def check_machine(self) -> None:
        """Raise ValueError where there is no such accelerator."""
        if not _is_there(self.accelerator):
            raise ValueError(
                f"trainer.accelerator={self.accelerator}: this machine has none that PyTorch can "
                "use; try cpu, or auto, which takes a GPU where there is one"
            )


def _is_there(accelerator: Accelerator) -> bool:
    match accelerator:
        case Accelerator.CUDA:
            return torch.cuda.is_available()
        case Accelerator.MPS:
            return torch.backends.mps.is_available()
        case Accelerator.GPU:
            return _is_there(Accelerator.CUDA) or _is_there(Accelerator.MPS)
    return True
