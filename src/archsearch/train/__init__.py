"""Training one architecture on a task under a budget."""

from archsearch.train.budget import Budget
from archsearch.train.failures import Diverged, TimeLimit, TooManyParameters, TrainingFailure
from archsearch.train.fit import Fit, count_parameters, fit, metric_on_test
from archsearch.train.image_module import ImageModule
from archsearch.train.images import ImageTask
from archsearch.train.language import LanguageTask
from archsearch.train.language_module import LanguageMetric, LanguageModule
from archsearch.train.module import BatchModule, StepLoss
from archsearch.train.music import MusicTask
from archsearch.train.music_module import MusicMetric, MusicModule
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
from archsearch.train.task import Model, Task, TaskModule
from archsearch.train.training import Loss, Precision, Training
from archsearch.train.translation import TranslationTask
from archsearch.train.translation_module import TranslationModule
from archsearch.train.width import matched_width

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
