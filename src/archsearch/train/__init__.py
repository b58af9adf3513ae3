"""Training one architecture on a task under a budget.

torch and Lightning take seconds to import. Each name is imported at its first use, so that a
command line is read without torch, and a process that only says what is to be trained, such as the
main process of a search, starts without Lightning.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archsearch.train.budget import Budget as Budget
    from archsearch.train.failures import Diverged as Diverged
    from archsearch.train.failures import TimeLimit as TimeLimit
    from archsearch.train.failures import TooManyParameters as TooManyParameters
    from archsearch.train.failures import TrainingFailure as TrainingFailure
    from archsearch.train.images import ImageTask as ImageTask
    from archsearch.train.language import LanguageTask as LanguageTask
    from archsearch.train.module import BatchModule as BatchModule
    from archsearch.train.music import MusicTask as MusicTask
    from archsearch.train.precision import resolve_precision as resolve_precision
    from archsearch.train.recipe import Fit as Fit
    from archsearch.train.recipe import Recipe as Recipe
    from archsearch.train.recipe import count_parameters as count_parameters
    from archsearch.train.recipe import fit as fit
    from archsearch.train.recipe import metric_on_test as metric_on_test
    from archsearch.train.recipe import set_up_process as set_up_process
    from archsearch.train.schedules import Adam as Adam
    from archsearch.train.schedules import NesterovCosine as NesterovCosine
    from archsearch.train.schedules import NesterovSteps as NesterovSteps
    from archsearch.train.schedules import NtAsgd as NtAsgd
    from archsearch.train.schedules import Schedule as Schedule
    from archsearch.train.schedules import SgdDecay as SgdDecay
    from archsearch.train.schedules import SgdPlateau as SgdPlateau
    from archsearch.train.task import Model as Model
    from archsearch.train.task import Sampler as Sampler
    from archsearch.train.task import Task as Task
    from archsearch.train.timing import StepTimer as StepTimer
    from archsearch.train.training import Loss as Loss
    from archsearch.train.training import Precision as Precision
    from archsearch.train.training import Training as Training
    from archsearch.train.translation import TranslationTask as TranslationTask
    from archsearch.train.width import matched_width as matched_width
else:
    _NAMES_OF = {
        "budget": "Budget",
        "failures": "Diverged TimeLimit TooManyParameters TrainingFailure",
        "images": "ImageTask",
        "language": "LanguageTask",
        "module": "BatchModule",
        "music": "MusicTask",
        "precision": "resolve_precision",
        "recipe": "Fit Recipe count_parameters fit metric_on_test set_up_process",
        "schedules": "Adam NesterovCosine NesterovSteps NtAsgd Schedule SgdDecay SgdPlateau",
        "task": "Model Sampler Task",
        "timing": "StepTimer",
        "training": "Loss Precision Training",
        "translation": "TranslationTask",
        "width": "matched_width",
    }
    _MODULE_OF = {name: module for module, names in _NAMES_OF.items() for name in names.split()}
    __all__ = sorted(_MODULE_OF)

    def __getattr__(name: str) -> object:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
