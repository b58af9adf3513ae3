"""New text from a trained language model, symbol by symbol.

Shapes: V symbols.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from archsearch.nn.language_model import LanguageModel
from archsearch.train.task import check_least


@dataclass(frozen=True, slots=True)
class TextRequest:
    """What may be asked of a language model.

    length: symbols to draw: words, characters or pieces, whatever it was trained on.
    prompt: what they go on from; None: the beginning of a line.
    temperature: probabilities are raised to 1 / temperature; 0 takes the likeliest symbol always.
    """

    length: int = 500
    prompt: str | None = None
    temperature: float = 1.0

    def __post_init__(self) -> None:
        check_least(self, length=0)
        if not self.temperature >= 0:
            raise ValueError(f"temperature: expected at least 0, got {self.temperature}")


@torch.no_grad()
def continue_symbols(
    network: LanguageModel, beginning: Sequence[int], request: TextRequest,
    generator: torch.Generator, never: Sequence[int] = (),
) -> list[int]:  # fmt: skip
    """The numbers of symbols drawn after the beginning, of at least one symbol.

    never: symbols that are not drawn.
    """
    assert not network.training
    read, states = torch.tensor(beginning).unsqueeze(1), None
    drawn: list[int] = []
    for _ in range(request.length):
        features = network(read, states)
        states = features.states
        logits = network.logits(features)[-1, 0].double()  # (V,)
        logits[list(never)] = -torch.inf
        if request.temperature == 0:
            symbol = logits.argmax()
        else:
            probabilities = (logits / request.temperature).softmax(0)
            symbol = torch.multinomial(probabilities, 1, generator=generator)[0]
        drawn.append(int(symbol))
        read = symbol.view(1, 1)
    return drawn
