"""Hidden states of trained cells while they read the same text.

Schrimpf et al. (2017), appendix: cells with different parts keep different things of the same
input. A trace is the output h_t of the last layer, a value per unit and step.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from archsearch.findings.trainings import TrainingRecord
from archsearch.report.chart import Chart, canvas, label
from archsearch.train import LanguageTask
from archsearch.train.rebuilding import read_trained

MAX_STEPS, MAX_UNITS = 32, 32  # that a chart has room for


@dataclass(frozen=True, slots=True)
class Trace:
    """states: (T, H), of the T symbols in `symbols`."""

    name: str
    symbols: tuple[str, ...]
    states: NDArray[np.float32]


def read_trace(training: TrainingRecord) -> Trace | None:
    """What the trained cell answers to the beginning of the validation text; None for other tasks.

    Raises:
        ConfigError: the training is not whole.
        DataError: its data is not there.
    """
    trained = read_trained(training.folder)
    task, budget = trained.recipe.task, trained.recipe.budget
    if not isinstance(task, LanguageTask):
        return None
    corpus = task.corpus(budget)
    tokens = corpus.valid[:MAX_STEPS]
    tokens = torch.where(tokens < 0, ~tokens, tokens)  # read, though not to be predicted
    with torch.no_grad():
        states = trained.network(tokens[:, None]).raw[:, 0]
    symbols = tuple(corpus.vocabulary[i] for i in tokens.tolist())
    name = f"{training.cell} under seed {training.facts['seed']}"
    return Trace(name, symbols, states.numpy())


def trace_chart(traces: Sequence[Trace], name: str) -> Chart:
    """A map per cell, units over steps, under each other; of cells that read the same symbols."""
    first = traces[0]
    assert all(trace.symbols == first.symbols for trace in traces)
    with canvas(width=5.2, height=1.0 + 2.1 * len(traces)) as drawing:
        panels = drawing.figure.subplots(len(traces), 1, sharex=True, squeeze=False)[:, 0]
        for axes, trace in zip(panels, traces, strict=True):
            shown = trace.states[:, :MAX_UNITS].T
            # Orange to blue through white, told apart by all readers.
            image = axes.imshow(shown, aspect="auto", cmap="PuOr", vmin=-1, vmax=1)
            axes.set_ylabel("unit")
            axes.locator_params(axis="y", integer=True)
            axes.set_title(label(trace.name), fontsize=9)
        panels[-1].set_xlabel("symbols read")
        words = [label(repr(symbol)[1:-1]) for symbol in first.symbols]
        panels[-1].set_xticks(range(len(words)), words, fontsize=7, rotation=90)
        drawing.figure.colorbar(image, ax=list(panels), label="hidden state h", fraction=0.03)
        names = " and ".join(trace.name for trace in traces)
        return drawing.chart(
            name,
            f"Hidden states of {names} reading the same text, the first {MAX_UNITS} units of the "
            "last layer; after the appendix of Schrimpf et al. (2017).",
        )
