"""A report as a value, and as one HTML page that needs nothing besides itself."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from archsearch.report.chart import Chart
from archsearch.report.table import Table, text


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One sentence an item."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A command, a cell's text, equations: as it is, with a label."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Charts:
    """Side by side where there is room."""

    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A standalone SVG document, shown as an image, which runs nothing.

    has_links: it leads to anchors of the page, and so stands in the page itself; archsearch has
        made it, with all texts escaped.
    """

    name: str
    alt: str
    svg: str
    has_links: bool = False


@dataclass(frozen=True, slots=True)
class Fold:
    """What is long, behind a summary."""

    summary: str
    blocks: tuple["Block", ...]
    anchor: str | None = None


Block: TypeAlias = Paragraph | Listing | Code | Charts | Picture | Table | Fold


@dataclass(frozen=True, slots=True)
class Section:
    """folded: behind its title, where it is a part of another."""

    anchor: str
    title: str
    blocks: tuple[Block, ...] = ()
    parts: tuple["Section", ...] = ()
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    title: str
    summary: tuple[str, ...]
    sections: tuple[Section, ...] = field(default=())

    def blocks(self) -> Iterator[Block]:
        """All of them, those within folds too."""
        for section in self.sections:
            yield from _blocks(section)


def _blocks(section: Section) -> Iterator[Block]:
    for block in section.blocks:
        yield from _within(block)
    for part in section.parts:
        yield from _blocks(part)


def _within(block: Block) -> Iterator[Block]:
    yield block
    if isinstance(block, Fold):
        for inner in block.blocks:
            yield from _within(inner)


def to_html(report: Report) -> str:
    """Every text is escaped by the template engine."""
    environment = Environment(
        loader=PackageLoader("archsearch.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters["value"] = text
    environment.filters["data_uri"] = _data_uri
    environment.filters["inline"] = Markup
    return environment.get_template("report.html").render(report=report)


def _data_uri(svg: bytes | str) -> str:
    content = svg.encode() if isinstance(svg, str) else svg
    return f"data:image/svg+xml;base64,{base64.b64encode(content).decode()}"
