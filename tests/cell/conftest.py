"""Fixtures of `random_graphs`."""

from random_graphs import random_graph, respelled  # noqa: F401
