"""Training one architecture on a task under a budget.

Lightning takes seconds to import. What needs it is imported at its first use, so that a process
that only says what is to be trained, such as the main process of a search, starts without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from archsearch.train.budget import Budget
from archsearch.train.failures import Diverged, TimeLimit, TooManyParameters, TrainingFailure
from archsearch.train.fit import Fit, count_parameters, fit, metric_on_test
from archsearch.train.images import ImageTask
from archsearch.train.language import LanguageTask
from archsearch.train.metrics import LanguageMetric, MusicMetric
from archsearch.train.music import MusicTask
from archsearch.train.precision import resolve_precision
from archsearch.train.process import set_up_process
from archsearch.train.sampling import Sampler
from archsearch.train.schedules import (
    Adam,
    NesterovCosine,
    NesterovSteps,
    NtAsgd,
    Schedule,
    SgdDecay,
    SgdPlateau,
)
from archsearch.train.step_timer import StepTimer
from archsearch.train.task import Model, Task
from archsearch.train.training import Loss, Precision, Training
from archsearch.train.translation import TranslationTask
from archsearch.train.width import matched_width

if TYPE_CHECKING:
    from archsearch.train.image_module import ImageModule
    from archsearch.train.language_module import LanguageModule
    from archsearch.train.module import BatchModule, StepLoss
    from archsearch.train.music_module import MusicModule
    from archsearch.train.task_module import TaskModule
    from archsearch.train.translation_module import TranslationModule
else:
    _AT_FIRST_USE = {
        "BatchModule": "module",
        "ImageModule": "image_module",
        "LanguageModule": "language_module",
        "MusicModule": "music_module",
        "StepLoss": "module",
        "TaskModule": "task_module",
        "TranslationModule": "translation_module",
    }

    def __getattr__(name: str) -> object:
        if name not in _AT_FIRST_USE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_AT_FIRST_USE[name]}"), name)


__all__ = [
    "Adam",
    "BatchModule",
    "Budget",
    "Diverged",
    "Fit",
    "ImageModule",
    "ImageTask",
    "LanguageMetric",
    "LanguageModule",
    "LanguageTask",
    "Loss",
    "Model",
    "MusicMetric",
    "MusicModule",
    "MusicTask",
    "NesterovCosine",
    "NesterovSteps",
    "NtAsgd",
    "Precision",
    "Sampler",
    "Schedule",
    "SgdDecay",
    "SgdPlateau",
    "StepLoss",
    "StepTimer",
    "Task",
    "TaskModule",
    "TimeLimit",
    "TooManyParameters",
    "Training",
    "TrainingFailure",
    "TranslationModule",
    "TranslationTask",
    "count_parameters",
    "fit",
    "matched_width",
    "metric_on_test",
    "resolve_precision",
    "set_up_process",
]
