"""Training of a language model by truncated backpropagation through time.

Shapes: T time, B batch.
"""

import math
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from archsearch.archive import Epoch
from archsearch.data import Segment, TokenCorpus, batchify, segments, variable_segments
from archsearch.nn.language_model import Features, LanguageModel, State, activation_penalty, detach
from archsearch.train.averaging import WeightAverage
from archsearch.train.budget import Budget
from archsearch.train.descent import descend
from archsearch.train.failures import Diverged, TimeLimit
from archsearch.train.schedules import Progress
from archsearch.train.task import TaskModule
from archsearch.train.training import Loss, Training

# On an accelerator reading a value waits for all work before it; not finite stays not finite.
_SEGMENTS_BETWEEN_CHECKS = {"cpu": 1}
_SEGMENTS_BETWEEN_CHECKS_ELSEWHERE = 16
_LARGEST_NATS = 700.0  # whose exponential is still a float


class Stretches:
    """What Lightning iterates over: segments in their order, some at a time, cut anew each epoch.

    Lightning's own work is 0.2 to 0.4 ms for everything that it is handed, which next to a
    segment of a small network would be several percent.
    """

    SEGMENTS = 8  # in a stretch

    def __init__(self, cut: Callable[[], list[Segment]]) -> None:
        self._cut = cut

    def __iter__(self) -> Iterator[list[Segment]]:
        segments = self._cut()
        for start in range(0, len(segments), self.SEGMENTS):
            yield segments[start : start + self.SEGMENTS]


class LanguageModule(TaskModule):
    """Trains and evaluates a LanguageModel on segments that follow each other in a stream.

    States are carried from segment to segment and cut from the graph between them; they start
    from zeros with every epoch and every evaluation. `curve` grows by one point an epoch.

    Raises, from inside Trainer.fit:
        Diverged: loss, gradient or perplexity is not finite, or perplexity above max_perplexity.
        TimeLimit: after the budget's max_seconds, looked at after every segment.
    """

    def __init__(
        self,
        network: LanguageModel,
        corpus: TokenCorpus,
        budget: Budget,
        training: Training,
        generator: torch.Generator,
        *,
        max_perplexity: float,
        test_batch_size: int,
    ) -> None:
        """`generator` is the one that `network` draws from; it is saved with checkpoints."""
        super().__init__()
        self.automatic_optimization = False
        self.network: LanguageModel = network
        self.budget, self.training_plan = budget, training
        self.curve: list[Epoch] = []
        self.average: WeightAverage | None = None
        self.learning_rate = math.nan  # of the last step
        self._corpus = corpus
        self._train_stream = batchify(corpus.train, budget.batch_size)
        self._max_perplexity, self._test_batch_size = max_perplexity, test_batch_size
        self._generator = generator
        self._cut_seed = int(torch.randint(2**62, (), generator=generator))
        self._weights = list(network.parameters())
        self._states: list[State] | None = None
        self._segments_done = 0  # of this epoch, or of this evaluation
        self._steps_done = 0  # time steps of the same
        self._nats: Tensor | float = 0.0  # summed over those steps, averaged over the batch
        self._seconds_before = 0.0  # spent on epochs before this process took over
        self._started = math.nan

    def train_dataloader(self) -> Stretches:
        return Stretches(self._cut_train)

    def val_dataloader(self) -> Stretches:
        stream = batchify(self._corpus.valid, self.budget.batch_size)
        return Stretches(partial(segments, stream, self.budget.unroll_steps))

    def test_dataloader(self) -> Stretches:
        stream = batchify(self._corpus.test, self._test_batch_size)
        # As many symbols at a time as in training, so that the logits take no more memory.
        num_symbols = self.budget.batch_size * self.budget.unroll_steps
        return Stretches(partial(segments, stream, max(1, num_symbols // self._test_batch_size)))

    def _cut_train(self) -> list[Segment]:
        if not self.training_plan.variable_unroll:
            return segments(self._train_stream, self.budget.unroll_steps)
        # Lightning may iterate more than once before an epoch, so the epoch gives the draw.
        draws = torch.Generator().manual_seed(self._cut_seed + len(self.curve))
        return variable_segments(self._train_stream, self.budget.unroll_steps, draws)

    def validated_weights(self) -> dict[str, Tensor]:
        if self.average is None:
            return {name: value.clone() for name, value in self.network.state_dict().items()}
        self.average.swap()
        weights = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.average.swap()
        return weights

    def configure_optimizers(self) -> Optimizer:
        return self.training_plan.schedule.optimizer(self._weights)

    def on_fit_start(self) -> None:
        self._started = time.perf_counter()
        device = self.device.type
        self._check_every = _SEGMENTS_BETWEEN_CHECKS.get(device, _SEGMENTS_BETWEEN_CHECKS_ELSEWHERE)
        # Lightning's wrapper costs tens of microseconds a step and adds nothing here.
        self._optimizer: Any = self.optimizers(use_pl_optimizer=False)

    def on_train_epoch_start(self) -> None:
        self._restart_stream()

    def training_step(self, stretch: list[Segment]) -> None:
        for segment in stretch:
            self._train_on(segment)

    def _train_on(self, segment: Segment) -> None:
        inputs, targets = segment
        self._forget_gradients()
        features = self.network(inputs, self._states)
        self._states = detach(features.states)
        loss = self.network.loss(features, targets)
        self._backward(self._penalised(loss, features))
        loss = loss.detach()
        self._set_learning_rate(len(inputs))
        norm = self._descend(len(inputs))
        if self.average is not None:
            self.average.update()
        self._count(loss, len(inputs))
        self._check_finite(loss, norm)
        self._check_time()

    def _penalised(self, loss: Tensor, features: Features) -> Tensor:
        plan = self.training_plan
        if plan.activation_regularization or plan.temporal_regularization:
            loss = loss + activation_penalty(
                features, plan.activation_regularization, plan.temporal_regularization
            )
        return loss

    def _forget_gradients(self) -> None:
        """Before the forward pass, so that it gets their memory, which else is given back to the
        system in every step: Zaremba's small network trained 1.1 times as fast in bfloat16."""
        for weight in self._weights:
            weight.grad = None

    def _backward(self, objective: Tensor) -> None:
        with torch.autocast(self.device.type, enabled=False):  # which is for forward passes only
            objective.backward()  # type: ignore[no-untyped-call]

    def _descend(self, num_steps: int) -> Tensor | None:
        """A step of the optimiser; gives the norm of the gradient if it is clipped."""
        plan = self.training_plan
        factor = num_steps if plan.loss is Loss.SUM_OVER_STEPS else 1.0
        return descend(self._optimizer, self._weights, factor=factor, max_norm=plan.clip_norm)

    def _set_learning_rate(self, num_steps: int) -> None:
        epochs = len(self.curve) + self._steps_done / (len(self._train_stream) - 1)
        progress = Progress(epochs, self.budget.epochs, self.metrics)
        rate = self.training_plan.schedule.learning_rate(progress)
        self.learning_rate = rate
        if self.training_plan.variable_unroll:
            rate *= num_steps / self.budget.unroll_steps  # Merity et al. (2017), section 4.1
        for group in self._optimizer.param_groups:
            group["lr"] = rate

    def on_validation_epoch_start(self) -> None:
        self._train_loss = self._mean_nats()
        if self.average is not None:
            self.average.swap()
        self._restart_stream()

    def validation_step(self, stretch: list[Segment]) -> None:
        self._evaluate(stretch)

    def on_validation_epoch_end(self) -> None:
        if self.average is not None:
            self.average.swap()
        perplexity, epoch = self._perplexity(), len(self.curve) + 1
        if math.isfinite(perplexity):
            self.curve.append(Epoch(self._train_loss, perplexity, self._seconds()))
        if not perplexity <= self._max_perplexity:
            reason = f"validation perplexity {perplexity:.4g} over {self._max_perplexity:.4g}"
            raise Diverged(epoch, None, reason)
        if self.average is None and self.training_plan.schedule.averages(self.metrics):
            self.average = WeightAverage(self._weights)

    def on_test_epoch_start(self) -> None:
        self._restart_stream()

    def test_step(self, stretch: list[Segment]) -> None:
        self._evaluate(stretch)

    def on_test_epoch_end(self) -> None:
        self.test_metric = self._perplexity()

    def _evaluate(self, stretch: list[Segment]) -> None:
        for inputs, targets in stretch:
            features = self.network(inputs, self._states)
            self._states = features.states
            self._count(self.network.loss(features, targets), len(inputs))
            self._check_time()

    def _restart_stream(self) -> None:
        self._states = None
        self._segments_done, self._steps_done, self._nats = 0, 0, 0.0

    def _count(self, loss: Tensor, num_steps: int) -> None:
        self._segments_done += 1
        self._steps_done += num_steps
        self._nats = self._nats + loss * num_steps

    def _mean_nats(self) -> float:
        return float(self._nats) / self._steps_done

    def _perplexity(self) -> float:
        nats = self._mean_nats()
        return math.exp(min(nats, _LARGEST_NATS)) if not math.isnan(nats) else math.nan

    def _check_finite(self, loss: Tensor, norm: Tensor | None) -> None:
        if self._segments_done % self._check_every != 0:
            return
        for name, tensor in (("loss", loss), ("gradient norm", norm)):
            value = 0.0 if tensor is None else float(tensor)
            if not math.isfinite(value):
                raise Diverged(len(self.curve) + 1, self._segments_done, f"{name} is {value}")

    def _check_time(self) -> None:
        limit = self.budget.max_seconds
        if limit is not None and self._seconds() > limit:
            raise TimeLimit(limit, len(self.curve) + 1)

    def _seconds(self) -> float:
        return self._seconds_before + time.perf_counter() - self._started

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["archsearch"] = {
            "curve": [(e.train_loss, e.valid_metric, e.wall_seconds) for e in self.curve],
            "generator": self._generator.get_state(),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        saved = checkpoint["archsearch"]
        self.curve = [Epoch(*point) for point in saved["curve"]]
        self._seconds_before = self.curve[-1].wall_seconds if self.curve else 0.0
        self._generator.set_state(saved["generator"])
        if any(name.startswith("average.") for name in checkpoint["state_dict"]):
            self.average = WeightAverage(self._weights)  # which the state is then loaded into
