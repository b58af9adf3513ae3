"""A trained predictor of curves as one file: its arrays in safetensors, the rest as metadata."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from archsearch.predictor.configured import configured_predictor
from archsearch.predictor.seam import CurvePredictor
from archsearch.whole_file import write_whole

FORMAT = "archsearch curve predictor, format 1"


def save_curve_predictor(
    path: Path,
    predictor: CurvePredictor,
    name: str,
    numbers: Mapping[str, Any],
    held_out: Mapping[str, Any],
) -> None:
    """Write a file that is there in full or, if this fails, as it was before.

    Args:
        name: of the predictor's file in conf/predictor/.
        numbers: of its configuration.
        held_out: how far off it was on trials held out from training; for whoever reads the file.
    """
    state = {key: np.ascontiguousarray(value) for key, value in predictor.state().items()}
    metadata = {
        "format": FORMAT,
        "predictor": name,
        "numbers": json.dumps(dict(numbers)),
        "held_out": json.dumps(dict(held_out)),
        "sha256": _digest(state),
    }
    write_whole(path, save(state, metadata))


def load_curve_predictor(file: str | Path) -> CurvePredictor:
    """The trained predictor in a file that `python -m archsearch.predictor.train` wrote.

    ValueError for no such file, or another or a damaged one.
    """
    try:
        with safe_open(file, framework="numpy") as opened:
            metadata = opened.metadata() or {}
            state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        if metadata.get("format") != FORMAT:
            raise ValueError(f"expected {FORMAT!r} in its metadata, got {metadata.get('format')!r}")
        if metadata["sha256"] != _digest(state):
            raise ValueError("its arrays are not those that were saved")
        numbers = dict(json.loads(metadata["numbers"]))
        predictor = configured_predictor(metadata["predictor"], _without_targets(numbers))
        if not isinstance(predictor, CurvePredictor):
            raise ValueError(f"{metadata['predictor']} does not read curves")
        predictor.restore(state)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{file}: expected a predictor that python -m archsearch.predictor.train saved: {error}"
        ) from error
    return predictor


def _digest(state: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(f"{name} {state[name].dtype} {state[name].shape}".encode())
        digest.update(state[name].tobytes())
    return digest.hexdigest()


def _without_targets(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Which classes are made, conf/predictor/ decides and no file from elsewhere."""
    return {
        key: _without_targets(value) if isinstance(value, Mapping) else value
        for key, value in numbers.items()
        if not key.startswith("_")
    }
