"""Callbacks that show a search and keep what it found: on the terminal, on disk, on W&B."""

from archsearch.search.callbacks.best_cell import BestCell
from archsearch.search.callbacks.leaderboard import Leaderboard
from archsearch.search.callbacks.progress import Progress
from archsearch.search.callbacks.wandb_log import WandbLog

__all__ = ["BestCell", "Leaderboard", "Progress", "WandbLog"]
