"""Guesses of how an architecture will do, from what it is or from how its training begins."""

from archsearch.predictor.seam import ArchitecturePredictor, CurvePredictor, readable_cell

__all__ = ["ArchitecturePredictor", "CurvePredictor", "readable_cell"]
