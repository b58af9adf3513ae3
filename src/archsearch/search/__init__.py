"""Strategies, the seam that they fill, and what runs them. Sees no data, network or trainer."""

from archsearch.search.callback import Callback, Ending
from archsearch.search.executor import Executor
from archsearch.search.gp_neat import GPNEAT
from archsearch.search.interrupt import Interrupt
from archsearch.search.loop import Search, trial_seed
from archsearch.search.protocol import Draft, DraftingStrategy, Strategy
from archsearch.search.random_ranking import RandomRanking
from archsearch.search.random_search import RandomSearch

__all__ = [
    "GPNEAT",
    "Callback",
    "Draft",
    "DraftingStrategy",
    "Ending",
    "Executor",
    "Interrupt",
    "RandomRanking",
    "RandomSearch",
    "Search",
    "Strategy",
    "trial_seed",
]
