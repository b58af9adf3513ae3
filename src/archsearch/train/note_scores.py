"""How well sounding keys are told from silent ones, at every threshold at once."""

from typing import NamedTuple

import torch
from torch import Tensor

NUM_THRESHOLDS = 100  # k / 100, of which 1 / 100 is the first that tells anything apart


class NoteScores(NamedTuple):
    """Over all keys of all frames together; 0 where nothing is to be divided by."""

    f1: float
    precision: float
    recall: float
    accuracy: float  # of Bay, Ehmann, Downie (2009): hits among all that sounds or is predicted


class NoteCounts:
    """Keys counted by their predicted probability, apart for those that sound and those that do
    not; memory does not grow with what is counted."""

    def __init__(self) -> None:
        self._sounding = torch.zeros(NUM_THRESHOLDS, dtype=torch.int64)
        self._silent = torch.zeros(NUM_THRESHOLDS, dtype=torch.int64)

    def count(self, probabilities: Tensor, sounds: Tensor) -> None:
        """Both of one shape; `sounds` is 0 or 1."""
        # What is not a number becomes the least integer.
        bins = (probabilities * NUM_THRESHOLDS).long().clamp(0, NUM_THRESHOLDS - 1)
        both = torch.bincount(
            (bins + NUM_THRESHOLDS * sounds).flatten(), minlength=2 * NUM_THRESHOLDS
        ).cpu()
        self._silent += both[:NUM_THRESHOLDS]
        self._sounding += both[NUM_THRESHOLDS:]

    def scores(self, threshold: float) -> NoteScores:
        """With the keys predicted whose probability is `threshold` or more, to 1 / 100."""
        first = round(threshold * NUM_THRESHOLDS)
        hits = int(self._sounding[first:].sum())
        false_alarms = int(self._silent[first:].sum())
        misses = int(self._sounding[:first].sum())
        return NoteScores(
            f1=_share(2 * hits, 2 * hits + false_alarms + misses),
            precision=_share(hits, hits + false_alarms),
            recall=_share(hits, hits + misses),
            accuracy=_share(hits, hits + false_alarms + misses),
        )

    def best_threshold(self) -> float:
        """The one with the largest F1; the lowest of several."""
        thresholds = [k / NUM_THRESHOLDS for k in range(1, NUM_THRESHOLDS)]
        return max(thresholds, key=lambda threshold: self.scores(threshold).f1)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
