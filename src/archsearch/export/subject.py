"""What there is to export: a trained network, or the best cell of a search, with the weights of its
trial where the search has kept them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from archsearch.architecture import Architecture, ConvNetwork, HeterogeneousLayer, read_cell_file
from archsearch.config import ConfigError
from archsearch.data import DataError
from archsearch.export.description import describe_found, describe_trained
from archsearch.export.networks import Network, code_of
from archsearch.nn import ConvolutionalNetwork, make_layer
from archsearch.train import ImageTask, LanguageTask, TranslationTask
from archsearch.train.files import CONFIG, is_training, read_config
from archsearch.train.rebuilding import Trained, read_kept, read_trained
from archsearch.wording import metric_text, write_line

FOUND = "best_cell.txt"  # of a search

# The sizes of the networks by which the code of an untrained architecture is checked.
SHARE_SIZE, NUM_CLASSES = 4, 10


@dataclass(frozen=True, slots=True)
class Subject:
    """What is exported.

    vocabulary: what the numbers of symbols mean, by side; None where there are none.
    about: what the Python file says of itself first.
    description: the content of the JSON file.
    """

    folder: Path
    architecture: Architecture
    network: Network
    is_trained: bool
    vocabulary: dict[str, list[str]] | None
    about: str
    description: dict[str, Any]


def read_subject(folder: Path) -> Subject:
    """Of the directory of a finished training, or of a search.

    Raises:
        ConfigError: the folder is neither.
    """
    if is_training(folder):
        return _of_training(folder)
    if (folder / FOUND).is_file() and (folder / CONFIG).is_file():
        return _of_search(folder)
    raise ConfigError(
        f"{folder}: expected the directory of a finished `python -m archsearch.train`, or of a "
        f"search that has found a cell; found neither model.safetensors nor {FOUND}"
    )


def _of_training(folder: Path) -> Subject:
    trained = read_trained(folder)
    architecture, network = trained.architecture, code_of(trained.network, trained.architecture)
    description = describe_trained(folder, architecture)
    about = _about(architecture, network, "with its weights", description)
    return Subject(folder, architecture, network, True, _vocabulary(trained), about, description)


def _of_search(folder: Path) -> Subject:
    architecture = read_cell_file(folder / FOUND)
    config = read_config(folder)
    try:
        kept = read_kept(folder, config, architecture)
    except DataError as error:  # the architecture alone needs none
        write_line(f"without the weights: {error}")
        kept = None
    budget = kept.recipe.budget if kept else None
    description = describe_found(folder, config, architecture, budget)
    network = code_of(kept.network if kept else untrained(architecture), architecture)
    weights = "with the weights of its trial" if kept else "not trained"
    about = _about(architecture, network, weights, description)
    vocabulary = _vocabulary(kept) if kept else None
    return Subject(folder, architecture, network, bool(kept), vocabulary, about, description)


def untrained(architecture: Architecture) -> nn.Module:
    """A small network of an architecture; a cell reads inputs as wide as its hidden state."""
    generator = torch.Generator().manual_seed(0)
    if isinstance(architecture, ConvNetwork):
        return ConvolutionalNetwork(architecture, NUM_CLASSES, generator=generator).eval()
    shares = len(architecture.cells) if isinstance(architecture, HeterogeneousLayer) else 1
    size = SHARE_SIZE * shares
    return make_layer(architecture, SHARE_SIZE, size, generator=generator).eval()


def _vocabulary(trained: Trained) -> dict[str, list[str]] | None:
    task, budget = trained.recipe.task, trained.recipe.budget
    if isinstance(task, LanguageTask):
        return {"symbols": list(task.corpus(budget).vocabulary)}
    if isinstance(task, TranslationTask):
        corpus = task.corpus(budget)
        return {"source": list(corpus.source.words), "target": list(corpus.target.words)}
    if isinstance(task, ImageTask):
        return {"classes": list(task.corpus(budget).classes)}
    return None


def _about(
    architecture: Architecture, network: Network, weights: str, description: dict[str, Any]
) -> str:
    """What the file is, its equations, and where it comes from."""
    titles = {
        "cell": f"The cell {architecture.key} in {network.kind}, {weights}.",
        "layer": f"The heterogeneous layer {architecture.key} in {network.kind}, {weights}.",
        "network": f"The convolutional network {architecture.key}, {weights}.",
    }
    title, origin = titles[description["kind"]], description["provenance"]
    lines = [
        f"Run: {origin['run']}, task {origin['task']}, budget {origin['budget']['name']}, "
        f"seed {origin['seed']}",
        f"Revision of archsearch: {origin['revision']}",
    ]
    if origin["kind"] == "training":
        metric = origin["metric"]
        test = "" if metric["test"] is None else f", {metric_text(metric['test'])} on test data"
        lines.append(f"{metric['name']}: {metric_text(metric['valid'])} on validation data{test}")
    if origin["trial"] is not None:
        trial = origin["trial"]
        parents = " and ".join(map(str, trial["parents"]))
        of_parents = f" of {parents}" if parents else ""
        lines.append(
            f"Found by: {origin['found_in']}, trial {trial['number']}, "
            f"{trial['operation']}{of_parents}"
        )
    return f"{title}\n\n{architecture.equations()}\n\n" + "\n".join(lines)
