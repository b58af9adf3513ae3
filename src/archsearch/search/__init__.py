"""Strategies, the seam that they fill, and what runs them. Sees no data, network or trainer."""

from archsearch.search.callback import Callback, Ending
from archsearch.search.executor import EvaluationError, Evaluator, EvaluatorFactory, Executor
from archsearch.search.gp_neat import GPNEAT
from archsearch.search.interrupt import Interrupt
from archsearch.search.loop import ReferencesFailed, Search, StrategyError, trial_seed
from archsearch.search.protocol import (
    Draft,
    DraftingStrategy,
    PredictingStrategy,
    Proposal,
    Round,
    Strategy,
)
from archsearch.search.random_ranking import RandomRanking
from archsearch.search.random_search import RandomSearch

__all__ = [
    "GPNEAT",
    "Callback",
    "Draft",
    "DraftingStrategy",
    "Ending",
    "EvaluationError",
    "Evaluator",
    "EvaluatorFactory",
    "Executor",
    "Interrupt",
    "PredictingStrategy",
    "Proposal",
    "RandomRanking",
    "RandomSearch",
    "ReferencesFailed",
    "Round",
    "Search",
    "Strategy",
    "StrategyError",
    "trial_seed",
]
