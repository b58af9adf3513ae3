"""What Weights & Biases shows of searches: it renders findings, and computes nothing."""

from archsearch.wandb_log.log import WandbLog

__all__ = ["WandbLog"]
