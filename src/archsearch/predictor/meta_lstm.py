"""Meta-LSTM: a sequence-to-sequence LSTM that reads how a training begins and writes how it ends.

Rawal & Miikkulainen, From Nodes to Networks: Evolving Recurrent Neural Networks (2018), section
2.2: an encoder LSTM reads the first 10 epochs, a decoder LSTM starts from its state and writes the
later ones; the loss is the mean absolute percentage error of the perplexity.

What the paper leaves open, as decided here: the decoder is told the last epoch's inputs at every
step and writes differences from the last value seen; the loss is half of the last epoch and half of
all that are written, and grows only linearly where a perplexity is guessed too high by e² or more.
Beyond the paper: what the encoder reads (`curve_inputs`); half of the curves of a batch are slowed
down, as a training that learns less an epoch would give; several networks are trained, and the
median of their guesses counts.
"""

import math
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn

from archsearch.predictor.curve_inputs import NUM_INPUTS, curve_inputs, slowed
from archsearch.predictor.curves import TablePredictor
from archsearch.predictor.seam import FloatArray
from archsearch.torch_threads import torch_threads

LINEAR_FROM = 2.0  # of ln(guess / truth)
MAX_GRADIENT_NORM = 1.0
RISE = 0.2  # of the training, in which the learning rate rises


class EncoderDecoder(nn.Module):
    """Standardised inputs (N, num_seen, NUM_INPUTS) -> later fitness less the last, (N, later)."""

    def __init__(self, num_later: int, hidden_size: int, num_layers: int) -> None:
        super().__init__()
        self.encoder = nn.LSTM(NUM_INPUTS, hidden_size, num_layers, batch_first=True)
        self.decoder = nn.LSTM(NUM_INPUTS, hidden_size, num_layers, batch_first=True)
        self.output = nn.Linear(hidden_size, 1)
        self.num_later = num_later

    def forward(self, inputs: Tensor) -> Tensor:
        _, state = self.encoder(inputs)
        hidden, _ = self.decoder(inputs[:, -1:].expand(-1, self.num_later, -1), state)
        written: Tensor = self.output(hidden)
        return written.squeeze(2)


@final
class MetaLSTM(TablePredictor):
    """The median of several encoders and decoders.

    Args:
        num_seen, num_epochs, worst_fitness: see `TablePredictor`.
        hidden_size, num_layers: of the encoder, and of the decoder.
        num_networks: of which the median counts.
        passes: over the training curves.
        batch_size, learning_rate, weight_decay: of AdamW; the rate rises and falls once.
        slowest: the speed of slowed curves is drawn between this and 1, evenly in its logarithm.
        level_noise, epoch_noise: standard deviations of what is added to a whole curve, and to
            each epoch seen.
    """

    def __init__(
        self,
        *,
        num_seen: int,
        num_epochs: int,
        worst_fitness: float,
        hidden_size: int,
        num_layers: int,
        num_networks: int,
        passes: int,
        batch_size: int,
        learning_rate: float,
        weight_decay: float,
        slowest: float,
        level_noise: float,
        epoch_noise: float,
    ) -> None:
        super().__init__(num_seen, num_epochs, worst_fitness)
        self._passes = passes
        self._batch_size = batch_size
        self._learning_rate = learning_rate
        self._weight_decay = weight_decay
        self._slowest = slowest
        self._level_noise = level_noise
        self._epoch_noise = epoch_noise
        self._networks = nn.ModuleList(
            EncoderDecoder(num_epochs - num_seen, hidden_size, num_layers)
            for _ in range(num_networks)
        )
        self._center = torch.zeros(NUM_INPUTS)
        self._scale = torch.zeros(NUM_INPUTS)  # zero until something was learnt

    def _learn(self, curves: FloatArray, seed: int) -> None:
        table = torch.from_numpy(curves)
        inputs = curve_inputs(table[:, : self.num_seen]).flatten(0, 1).float()
        self._center, self._scale = inputs.mean(0), inputs.std(0) + 1e-6
        generator = torch.Generator().manual_seed(seed)
        with torch_threads(1):
            for network in self._networks:
                assert isinstance(network, EncoderDecoder)
                self._train(network, table, generator)

    @property
    def _knows_something(self) -> bool:
        return bool(self._scale.any())

    def _guess(self, starts: FloatArray) -> FloatArray:
        inputs = self._inputs(torch.from_numpy(starts))
        with torch_threads(1), torch.inference_mode():
            written = [network(inputs)[:, -1].double().numpy() for network in self._networks]
        return np.asarray(starts[:, -1] + np.median(written, axis=0))

    def state(self) -> dict[str, Any]:
        weights = {name: value.numpy() for name, value in self._networks.state_dict().items()}
        return {**weights, "center": self._center.numpy(), "scale": self._scale.numpy()}

    def restore(self, state: dict[str, Any]) -> None:
        expected = {name: value.shape for name, value in self.state().items()}
        got = {name: value.shape for name, value in state.items()}
        if expected != got:
            differing = sorted(dict(expected.items() ^ got.items()))
            raise ValueError(
                f"state of a MetaLSTM: expected the arrays of one with these numbers, got others "
                f"or none for {', '.join(differing)}"
            )
        tensors = {name: torch.from_numpy(np.array(value)) for name, value in state.items()}
        self._center, self._scale = tensors.pop("center"), tensors.pop("scale")
        self._networks.load_state_dict(tensors)

    def _inputs(self, starts: Tensor) -> Tensor:
        return (curve_inputs(starts).float() - self._center) / self._scale

    def _train(self, network: EncoderDecoder, table: Tensor, generator: torch.Generator) -> None:
        """Train one network from scratch; `table` holds whole curves, (N, num_epochs)."""
        _initialise(network, generator)
        num_batches = -(-len(table) // self._batch_size)
        optimizer = torch.optim.AdamW(
            network.parameters(), self._learning_rate, weight_decay=self._weight_decay
        )
        num_steps = self._passes * num_batches
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: rise_and_fall((step + 1) / num_steps)
        )
        for _ in range(self._passes):
            order = torch.randperm(len(table), generator=generator)
            for batch in order.chunk(num_batches):
                loss = self._loss(network, self._varied(table[batch], generator))
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(network.parameters(), MAX_GRADIENT_NORM)
                optimizer.step()
                schedule.step()

    def _loss(self, network: EncoderDecoder, curves: Tensor) -> Tensor:
        seen, later = curves[:, : self.num_seen], curves[:, self.num_seen :]
        errors = percentage_error(network(self._inputs(seen)), (later - seen[:, -1:]).float())
        return (errors.mean() + errors[:, -1].mean()) / 2

    def _varied(self, curves: Tensor, generator: torch.Generator) -> Tensor:
        """The curves with noise, half of them slowed down."""
        num_curves = len(curves)
        is_slowed = torch.rand(num_curves, 1, generator=generator) < 0.5
        curves = torch.where(is_slowed, slowed(curves, self._slowest, generator), curves)
        level = torch.randn(num_curves, 1, generator=generator) * self._level_noise
        noise = torch.randn(num_curves, self.num_seen, generator=generator) * self._epoch_noise
        return curves + level + nn.functional.pad(noise, (0, self.num_epochs - self.num_seen))


def rise_and_fall(done: float) -> float:
    """The share of the learning rate when a share of the steps is done: up in a line over the first
    fifth, then down to 0 along a cosine."""
    return done / RISE if done < RISE else (1 + math.cos(math.pi * (done - RISE) / (1 - RISE))) / 2


def percentage_error(guessed: Tensor, true: Tensor) -> Tensor:
    """|guess − truth| / truth of perplexities, from fitness; linear from a ratio of e² on."""
    log_ratio = true - guessed
    exact = torch.expm1(log_ratio.clamp(max=LINEAR_FROM)).abs()
    slope = torch.tensor(LINEAR_FROM).exp()
    return exact + slope * (log_ratio - LINEAR_FROM).clamp(min=0)


def _initialise(network: EncoderDecoder, generator: torch.Generator) -> None:
    """Uniform within ±1/√width, as PyTorch begins LSTMs, but from the generator given."""
    bound = network.output.in_features**-0.5
    for parameter in network.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
