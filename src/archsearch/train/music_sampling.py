"""New music from a trained network, frame by frame.

Shapes: T frames, K keys.
"""

import torch
from torch import Tensor

from archsearch.nn.frame_model import FrameModel


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
