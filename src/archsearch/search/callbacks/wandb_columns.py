"""A run's configuration as columns that W&B can sort, group and correlate by."""

from collections.abc import Iterator, Mapping

from archsearch.archive import Json

GROUPS = ("task", "budget", "search", "cell_space", "predictor", "model", "trainer")


def columns(config: Mapping[str, Json]) -> dict[str, Json]:
    """One entry for each group, named as in conf/ or by its class, and one for each of its numbers.

    Numbers are called such as "search/population_size": W&B would take a dot for nesting.
    """
    found: dict[str, Json] = {"seed": config.get("seed")}
    for group in GROUPS:
        node = config.get(group)
        if isinstance(node, Mapping):
            found[group] = node.get("name") or str(node.get("_target_", "")).rpartition(".")[2]
            found |= dict(_numbers(node, group))
        else:
            found[group] = "none"
    return found


def _numbers(node: Mapping[str, Json], path: str) -> Iterator[tuple[str, Json]]:
    for key, value in node.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{path}/{key}")
        elif isinstance(value, int | float) and not key.startswith("_"):
            yield f"{path}/{key}", value
