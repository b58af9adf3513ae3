"""The controller: an LSTM that makes the decisions of an architecture one after another.

Zoph & Le, Neural Architecture Search with Reinforcement Learning (2016), sections 3.1 and 3.3. Each
decision is predicted by a softmax over its options and then fed into the next step as input. An
anchor point predicts a set of earlier layers: layer j is an input of layer i with probability
sigmoid(vᵀ tanh(W_prev h_j + W_curr h_i)), where h is the controller's hidden state at their
anchor points.

What the paper leaves open, as decided here: each node and layer has softmaxes of its own, as figure
2 draws them. (Where nodes share them, the LSTM must learn to count before two nodes can be treated
differently.) A decision is fed as a learnt vector, a set of layers as the mean of theirs; before
the first decision comes a vector of zeros. A size that the schedule sets is no step.

Shapes: H is the hidden width, V the number of options of all decisions, T the steps of a genome.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from archsearch.space.decisions import (
    Choice,
    Decision,
    Decisions,
    DecisionSpace,
    Question,
    Size,
    Subset,
)

Step = tuple[Question, Decision]
State = tuple[Tensor, Tensor]


class ControllerNetwork(nn.Module):
    """vocabulary: the number of options of each decision, by kind and place.
    init_range: all weights and biases begin uniform between its negative and itself.
    """

    def __init__(
        self,
        vocabulary: Mapping[tuple[str, int], int],
        hidden_size: int,
        num_layers: int,
        init_range: float,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self._first_token: dict[tuple[str, int], int] = {}
        num_tokens = 0
        for decision, num_options in vocabulary.items():
            self._first_token[decision] = num_tokens
            num_tokens += num_options
        # Without storage at first: torch would initialise it from the global generator.
        with torch.device("meta"):
            self.embedding = nn.EmbeddingBag(num_tokens, hidden_size, mode="mean")
            self.lstm = nn.LSTM(hidden_size, hidden_size, num_layers)
            self.logits = nn.Linear(hidden_size, num_tokens)
            self.w_prev = nn.Linear(hidden_size, hidden_size, bias=False)
            self.w_curr = nn.Linear(hidden_size, hidden_size, bias=False)
            self.v = nn.Linear(hidden_size, 1, bias=False)
        self.to_empty(device="cpu")
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.uniform_(-init_range, init_range, generator=generator)

    @torch.inference_mode()
    def sample(self, space: DecisionSpace, size: int, generator: torch.Generator) -> Decisions:
        """A genome, drawn decision by decision; its size is the nearest to `size` that may be."""
        fed = self._embedded([[]])
        state: State | None = None
        anchors: list[Tensor] = []

        def answer(question: Question) -> Decision:
            nonlocal fed, state
            if isinstance(question, Size):
                return min(max(size, question.low), question.high)
            output, state = self.lstm(fed, state)
            decision: Decision
            if isinstance(question, Choice):
                token = slice(*self._range(question))
                logits = functional.linear(
                    output[0], self.logits.weight[token], self.logits.bias[token]
                )
                drawn = torch.multinomial(logits.softmax(0), 1, generator=generator)
                decision = question.options[int(drawn)]
            else:
                previous = torch.stack(anchors) if anchors else output[:0]
                probabilities = self._connections(output, previous)[0].sigmoid()
                draws = torch.rand(question.place, generator=generator)
                decision = tuple((draws < probabilities).nonzero()[:, 0].tolist())
                anchors.append(output[0])
            fed = self._embedded([self._tokens(question, decision)])
            return decision

        return space.decide(answer)

    def log_probabilities(self, genomes: Sequence[Sequence[Step]]) -> Tensor:
        """Of each genome, given as its questions with their decisions: (len(genomes),)."""
        predicted = [[step for step in steps if not isinstance(step[0], Size)] for steps in genomes]
        outputs = self._outputs(predicted)
        return self._of_choices(predicted, outputs) + self._of_subsets(predicted, outputs)

    def _outputs(self, genomes: list[list[Step]]) -> Tensor:
        """The hidden state that each decision is predicted from: (longest T, len(genomes), H)."""
        num_steps = max(map(len, genomes))
        fed: list[list[int]] = [[] for _ in genomes]
        for position in range(num_steps - 1):
            for steps in genomes:
                fed.append(self._tokens(*steps[position]) if position < len(steps) else [])
        output, _ = self.lstm(self._embedded(fed).view(num_steps, len(genomes), -1))
        assert isinstance(output, Tensor)
        return output

    def _of_choices(self, genomes: list[list[Step]], outputs: Tensor) -> Tensor:
        positions: list[tuple[int, int]] = []  # step and genome
        ranges: list[tuple[int, int]] = []  # the first token of the question, and the one behind
        chosen: list[list[int]] = []
        for index, steps in enumerate(genomes):
            for position, (question, decision) in enumerate(steps):
                if isinstance(question, Choice):
                    positions.append((position, index))
                    ranges.append(self._range(question))
                    chosen.append(self._tokens(question, decision))
        if not positions:
            return outputs.new_zeros(len(genomes))
        position, genome = torch.tensor(positions).T
        first, behind = torch.tensor(ranges).T[..., None]
        logits = self.logits(outputs[position, genome])
        token = torch.arange(logits.shape[1])
        of_others = (token < first) | (token >= behind)
        log_probability = functional.log_softmax(logits.masked_fill(of_others, -math.inf), -1)
        values = log_probability.gather(1, torch.tensor(chosen))[:, 0]
        return outputs.new_zeros(len(genomes)).index_add(0, genome, values)

    def _of_subsets(self, genomes: list[list[Step]], outputs: Tensor) -> Tensor:
        log_probabilities = []
        for index, steps in enumerate(genomes):
            at = [p for p, (question, _) in enumerate(steps) if isinstance(question, Subset)]
            anchors = outputs[at, index]
            logits = self._connections(anchors, anchors)
            is_input = torch.zeros_like(logits, dtype=torch.bool)
            for layer, position in enumerate(at):
                is_input[layer, list(_places(steps[position][1]))] = True
            log_probability = functional.logsigmoid(torch.where(is_input, logits, -logits))
            log_probabilities.append(log_probability.tril(-1).sum())
        return torch.stack(log_probabilities)

    def _connections(self, layers: Tensor, previous: Tensor) -> Tensor:
        """For each layer (L, H) and each previous one (P, H) the logit that it is an input, (L, P).
        Both are given as the hidden states at their anchor points."""
        hidden = torch.tanh(self.w_prev(previous) + self.w_curr(layers)[:, None])
        logits = self.v(hidden)[..., 0]
        assert isinstance(logits, Tensor)
        return logits

    def _range(self, question: Choice) -> tuple[int, int]:
        first = self._first_token[question.kind, question.place]
        return first, first + len(question.options)

    def _tokens(self, question: Question, decision: Decision) -> list[int]:
        first = self._first_token[question.kind, question.place]
        if isinstance(question, Choice):
            return [first + question.options.index(decision)]
        return [first + place for place in _places(decision)]

    def _embedded(self, bags: list[list[int]]) -> Tensor:
        """The mean of the vectors of each bag of tokens, zeros where it is empty: (bags, H)."""
        lengths = torch.tensor([0, *map(len, bags)])
        tokens = torch.tensor([token for bag in bags for token in bag], dtype=torch.long)
        embedded = self.embedding(tokens, lengths.cumsum(0)[:-1])
        assert isinstance(embedded, Tensor)
        return embedded


def _places(decision: Decision) -> tuple[int, ...]:
    assert isinstance(decision, tuple)
    return decision
