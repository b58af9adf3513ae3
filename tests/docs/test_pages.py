"""Pages under docs/ cannot go stale: knobs, commands and links are held against what they name."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hydra
import pytest
import yaml
from omegaconf import DictConfig

from archsearch.conf_files import conf_folder
from archsearch.config import register
from archsearch.config_check import check
from archsearch.draw import drawn
from archsearch.train.__main__ import quote_text

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = sorted(DOCS.rglob("*.md"))
STRATEGIES = sorted((DOCS / "strategies").glob("*.md"))
CONF = Path(conf_folder())


def compose(*overrides: str, config_name: str = "config") -> DictConfig:
    register()
    with hydra.initialize_config_dir(conf_folder(), version_base="1.3"):
        return hydra.compose(config_name, overrides=list(overrides))


def knobs_of(stem: str) -> dict[str, str]:
    """The keys of conf/search/<stem>.yaml with its own bases merged in, as a page shows values."""
    raw = yaml.safe_load((CONF / "search" / f"{stem}.yaml").read_text(encoding="utf-8"))
    bases = [base for base in raw.pop("defaults", []) if isinstance(base, str) and base != "_self_"]
    own = dict(flattened(raw))
    return {key: value for base in bases for key, value in knobs_of(base).items()} | own


def flattened(node: dict[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from flattened(value, f"{prefix}{key}.")
        elif not key.startswith("_"):
            yield f"{prefix}{key}", value if isinstance(value, str) else json.dumps(value)


def table_of(page: Path) -> dict[str, dict[str, str]]:
    """The table of knobs: for each file of conf/search its knobs and their values."""
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split(" | ")]
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    (_, *stems, _), _, *body = rows
    values: dict[str, dict[str, str]] = {stem: {} for stem in stems}
    for knob, *shown, meaning in body:
        assert meaning, f"{page.name}: {knob} is not explained"
        for stem, value in zip(stems, shown, strict=True):
            if value:
                values[stem][knob] = value
    return values


@pytest.mark.parametrize("page", STRATEGIES, ids=lambda page: page.stem)
def test_a_strategys_table_has_every_knob_with_its_value(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for heading in ("What it does.", "When to choose it.", "Space.", "Paper."):
        assert f"**{heading}**" in text
    for stem, knobs in table_of(page).items():
        assert knobs == knobs_of(stem), f"{page.name}: conf/search/{stem}.yaml has other knobs"


def test_every_strategy_stands_on_one_page_and_in_the_index() -> None:
    documented = [stem for page in STRATEGIES for stem in table_of(page)]
    assert sorted(documented) == sorted(file.stem for file in (CONF / "search").glob("*.yaml"))
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert [page.stem for page in STRATEGIES if f"(strategies/{page.name})" not in index] == []


def test_every_published_setting_stands_beside_what_was_measured() -> None:
    measured = (DOCS / "measured.md").read_text(encoding="utf-8")
    names = [file.stem for file in (CONF / "experiment").glob("*.yaml")]
    assert [name for name in names if f"`{name}`" not in measured] == []


def commands() -> Iterator[tuple[str, str]]:
    """(page, command) of every line that searches or trains with archsearch's own configuration."""
    for page in (*PAGES, README):
        for line in page.read_text(encoding="utf-8").splitlines():
            if re.match(r"python -m archsearch(\.train)? (?! *#|--)", line):
                yield page.name, line


@pytest.mark.parametrize(("page", "command"), list(commands()))
def test_a_command_on_a_page_composes(page: str, command: str) -> None:
    _, _, module, *arguments = shlex.split(command, comments=True)
    plain = [quote_text(re.sub("[<>]", "", argument)) for argument in arguments]
    is_sweep = "-m" in plain  # of whose values the first will do
    overrides = [
        each.split(",")[0] if is_sweep and "[" not in each else each
        for each in plain
        if each not in ("-m", "--dry-run")
    ]
    check(compose(*overrides, config_name="train" if module.endswith("train") else "config"))


@pytest.mark.parametrize("page", [*PAGES, README], ids=lambda page: page.stem)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)(#[^)]*)?\)", page.read_text(encoding="utf-8")):
        file = page.parent / target if target else page
        assert file.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors_of(file), f"{page.name} links to {target}{anchor}"


def anchors_of(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall("^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {f"#{each.replace(' ', '-')}" for each in words}


def test_the_parts_in_the_readme_run_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    section = README.read_text(encoding="utf-8").split("## Use the parts")[1]
    snippet = section.split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(snippet, names)
    assert names["y"].shape == (35, 20, 128)
    assert {name: value.shape for name, value in names["state"].items()} == {"h": (20, 128)}
    assert names["cell"].key in capsys.readouterr().out


def test_pictures_of_cells_are_what_the_program_draws_now() -> None:
    assert (DOCS / "lstm.svg").read_text(encoding="utf-8") == drawn("zoo/lstm", Path("a.svg"))
