"""New music from a trained network, frame by frame.

Shapes: T frames, K keys.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from archsearch.nn.frame_model import FrameModel
from archsearch.train.task import check_least


@dataclass(frozen=True, slots=True)
class MusicRequest:
    """What may be asked of a model of music. Seconds are those of the finished piece.

    seconds: of what the network makes.
    prime_seconds: of the given piece before that, which the network goes on from.
    piece: of the test split, counted from 0.
    """

    seconds: float = 30.0
    prime_seconds: float = 5.0
    piece: int = 0

    def __post_init__(self) -> None:
        check_least(self, seconds=0, prime_seconds=0, piece=-1)


@torch.no_grad()
def continue_roll(
    network: FrameModel, beginning: Tensor, num_frames: int, generator: torch.Generator
) -> Tensor:
    """The beginning (T, K), of at least one frame, and `num_frames` drawn after it: uint8.

    In a frame each key is drawn for itself with the probability that the network gives it after
    all frames before.
    """
    assert not network.training
    frames = [beginning.to(torch.uint8)]
    heard, states = beginning[:, None].float(), None
    for _ in range(num_frames):
        features = network(heard, states)
        states = features.states
        probabilities = network.logits(features)[-1, 0].float().sigmoid()
        drawn = torch.rand(probabilities.shape, generator=generator) < probabilities
        frames.append(drawn[None].to(torch.uint8))
        heard = drawn[None, None].float()
    return torch.cat(frames)
