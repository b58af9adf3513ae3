"""The command that gives a run again, found by composing configurations and comparing them."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from archsearch.cell import zoo
from archsearch.config import SEARCH_IDENTITY, conf_folder, register
from archsearch.report.run_record import RunRecord

GROUPS = (
    "task", "budget", "model", "trainer", "cell_space", "predictor", "suite", "search",
)  # fmt: skip
FRESH_SEEDS = (101, 102, 103)  # beyond the run's own, under which the best cell was chosen
_PLAIN = re.compile(r"[A-Za-z0-9_./+-]+")


def search_command(run: RunRecord) -> str:
    """Of `python -m archsearch`: the files of conf/ that come closest, and each value that differs.

    A key that this revision does not have is left out; the revision that wrote the run knew it.
    """
    choices = _choices(run)
    composed = _compose(tuple(choices.items()))
    overrides = [f"{group}={choice}" for group, choice in choices.items()]
    overrides += [f"{key}={_grammar(value)}" for key, value in _differences(run.config, composed)]
    overrides += [f"seed={run.seed}"]
    if "trials" in run.config:  # of an archive alone it is not known
        overrides.append(f"trials={run.config['trials']}")
    return shlex.join(["python", "-m", "archsearch", *overrides])


def export_command(run: RunRecord) -> str:
    """Of `python -m archsearch.export` for the run's best cell."""
    return shlex.join(["python", "-m", "archsearch.export", str(run.folder)])


def training_command(run: RunRecord) -> str:
    """Of `python -m archsearch.train` for the run's best cell."""
    return shlex.join(["python", "-m", "archsearch.train", f"cell={run.folder}", *_setting(run)])


def equal_size_command(run: RunRecord) -> str | None:
    """Of trainings of the run's best cell and of its references with as many parameters each, under
    seeds of their own; None where the run has no references or its best cell no count."""
    references = [f"zoo/{name}" for name in run.references if name in zoo and name != "rnn"]
    if run.best is None or run.best.num_params is None or not references:
        return None
    cells = f"cell={','.join([str(run.folder), *references])}"
    size = f"match_parameters={run.best.num_params}"
    command = ["python", "-m", "archsearch.train", "-m", cells, *_setting(run), size]
    return shlex.join([*command, f"seed={','.join(str(run.seed + i) for i in FRESH_SEEDS)}"])


def _setting(run: RunRecord) -> list[str]:
    return [f"task={run.choices.task}", f"budget={run.choices.budget}"]


def _choices(run: RunRecord) -> dict[str, str]:
    """The files of conf/ that come closest to the run's configuration; what the command would
    choose anyway is left out."""
    named = {
        "task": run.choices.task,
        "budget": run.choices.budget,
        "cell_space": run.choices.cell_space,
        "search": run.choices.search,
    }
    chosen = {group: name for group, name in named.items() if name in _files(group)}
    for group in GROUPS:
        distance = 0 if group in chosen else _distance(run, group, chosen)
        if distance:
            distances = {
                file: _distance(run, group, {**chosen, group: file}) for file in _files(group)
            }
            closest = min(distances, key=lambda file: distances[file])
            if distances[closest] < distance:
                chosen[group] = closest
    return chosen


def _files(group: str) -> list[str]:
    return sorted(file.stem for file in (Path(conf_folder()) / group).glob("*.yaml"))


def _distance(run: RunRecord, group: str, choices: Mapping[str, str]) -> int:
    composed = _compose(tuple(choices.items()))
    one, other = run.config.get(group), composed.get(group)
    same_class = _target(one) == _target(other)
    return len(list(_differing(one, other, group))) + (0 if same_class else 1000)


def _target(node: object) -> object:
    return node.get("_target_") if isinstance(node, Mapping) else None


@cache
def _compose(choices: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    register()
    overrides = [f"{group}={choice}" for group, choice in choices]
    with initialize_config_dir(conf_folder(), version_base="1.3"):
        composed = OmegaConf.to_container(compose("config", overrides))
    assert isinstance(composed, dict)
    return {str(key): value for key, value in composed.items()}


def _differences(config: Mapping[str, Any], composed: Mapping[str, Any]) -> Iterator[Any]:
    keys = [key for key in (*SEARCH_IDENTITY, "compute_seconds") if key != "seed"]
    for key in keys:
        if key in config and key in composed:
            yield from _differing(config[key], composed[key], key)


def _differing(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in one:
            if key in other:
                yield from _differing(one[key], other[key], f"{path}.{key}")
    elif one != other and not (one in ({}, None) and other in ({}, None)):
        yield path, one


def _grammar(value: Any) -> str:
    """A value as Hydra's overrides write it."""
    if isinstance(value, list):
        return f"[{','.join(map(_grammar, value))}]"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_grammar(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str):
        if _PLAIN.fullmatch(value):
            return value
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return json.dumps(value)
