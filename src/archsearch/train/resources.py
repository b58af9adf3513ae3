"""What trainings use of the machine, in one line for where a run begins."""

from functools import partial

import torch

from archsearch.architecture import ConvNetwork
from archsearch.compiler.backends import AUTO
from archsearch.compiler.backends.cpu.libraries import runtime
from archsearch.machine import processor_name
from archsearch.native import NoNativeCode, compiler_name
from archsearch.train.recipe import Recipe


def resources_line(recipe: Recipe, threads: int | None, workers: int | None = None) -> str:
    """Such as "2 workers × 1 thread on AMD EPYC, float32, compiled kernels (cc)".

    threads: torch's of a training; None: as they are.
    workers: trainings at a time; None where there is but one.
    """
    side_by_side = "" if workers is None else f"{_counted(workers, 'worker')} × "
    each = _counted(threads or torch.get_num_threads(), "thread")
    gpu = None if recipe.training.accelerator == "cpu" else _gpu_name()
    place = processor_name() if gpu is None else f"{processor_name()} with {gpu}"
    return f"{side_by_side}{each} on {place}, {recipe.training.precision}, {_kernels(recipe, gpu)}"


def _gpu_name() -> str | None:
    """None where there is no GPU."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return str(torch.accelerator.current_accelerator() or "") or None


def _kernels(recipe: Recipe, gpu: str | None) -> str:
    """What runs the cells, and why it is not the fastest where it is not."""
    model = recipe.model
    if isinstance(recipe.task.timed, ConvNetwork):
        return "plain PyTorch (convolutional networks have no kernels of their own)"
    backend = model.keywords.get("backend", AUTO) if isinstance(model, partial) else AUTO
    if backend not in (AUTO, "cpu"):
        return f"the backend {backend} (as model.backend says)"
    if gpu is not None:
        return "plain PyTorch (kernels are compiled for the CPU alone)"
    try:
        compiler = compiler_name()
        runtime(torch.float32)
    except NoNativeCode as reason:
        return f"plain PyTorch ({str(reason).split('. ')[0]})"
    return f"compiled kernels ({compiler})"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
