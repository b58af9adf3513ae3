"""Training one architecture on a task under a budget.

torch and Lightning take seconds to import. Each name is imported at its first use, so that a
command line is read without torch, and a process that only says what is to be trained, such as the
main process of a search, starts without Lightning.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archsearch.train.budget import Budget
    from archsearch.train.failures import Diverged, TimeLimit, TooManyParameters, TrainingFailure
    from archsearch.train.image_module import ImageModule
    from archsearch.train.images import ImageTask
    from archsearch.train.language import LanguageTask
    from archsearch.train.language_module import LanguageModule
    from archsearch.train.metrics import LanguageMetric, MusicMetric
    from archsearch.train.module import BatchModule, StepLoss
    from archsearch.train.music import MusicTask
    from archsearch.train.music_module import MusicModule
    from archsearch.train.precision import resolve_precision
    from archsearch.train.process import set_up_process
    from archsearch.train.recipe import Fit, Recipe, count_parameters, fit, metric_on_test
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
    from archsearch.train.task import Model, Task
    from archsearch.train.timing import StepTimer
    from archsearch.train.training import Loss, Precision, Training
    from archsearch.train.translation import TranslationTask
    from archsearch.train.translation_module import TranslationModule
    from archsearch.train.width import matched_width
else:
    _NAMES_OF = {
        "budget": "Budget",
        "failures": "Diverged TimeLimit TooManyParameters TrainingFailure",
        "image_module": "ImageModule",
        "images": "ImageTask",
        "language": "LanguageTask",
        "language_module": "LanguageModule",
        "metrics": "LanguageMetric MusicMetric",
        "module": "BatchModule StepLoss",
        "music": "MusicTask",
        "music_module": "MusicModule",
        "precision": "resolve_precision",
        "process": "set_up_process",
        "recipe": "Fit Recipe count_parameters fit metric_on_test",
        "sampling": "Sampler",
        "schedules": "Adam NesterovCosine NesterovSteps NtAsgd Schedule SgdDecay SgdPlateau",
        "task": "Model Task",
        "timing": "StepTimer",
        "training": "Loss Precision Training",
        "translation": "TranslationTask",
        "translation_module": "TranslationModule",
        "width": "matched_width",
    }
    _MODULE_OF = {name: module for module, names in _NAMES_OF.items() for name in names.split()}

    def __getattr__(name: str) -> object:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


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
    "Recipe",
    "Sampler",
    "Schedule",
    "SgdDecay",
    "SgdPlateau",
    "StepLoss",
    "StepTimer",
    "Task",
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
