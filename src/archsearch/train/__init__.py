"""Training one architecture on a task under a budget."""

from archsearch.train.budget import Budget
from archsearch.train.cell_sources import read_cell
from archsearch.train.failures import Diverged, TimeLimit, TooManyParameters, TrainingFailure
from archsearch.train.fit import Fit, count_parameters, fit, metric_on_test
from archsearch.train.language import LanguageTask
from archsearch.train.module import LanguageModule
from archsearch.train.schedules import Adam, NtAsgd, Schedule, SgdDecay, SgdPlateau
from archsearch.train.task import Model, Task, TaskModule
from archsearch.train.training import Loss, Training

__all__ = [
    "Adam",
    "Budget",
    "Diverged",
    "Fit",
    "LanguageModule",
    "LanguageTask",
    "Loss",
    "Model",
    "NtAsgd",
    "Schedule",
    "SgdDecay",
    "SgdPlateau",
    "Task",
    "TaskModule",
    "TimeLimit",
    "TooManyParameters",
    "Training",
    "TrainingFailure",
    "count_parameters",
    "fit",
    "metric_on_test",
    "read_cell",
]
