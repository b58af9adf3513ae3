"""`python -m archsearch.draw`: every kind of architecture in every format."""

import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from archsearch.architecture import read_architecture
from archsearch.cell import zoo
from archsearch.draw import FORMATS, main

CONV = "conv 3x5x36 <- image; max_pool 2x2 /2x1 <- 0; local_contrast_norm <- image, 1"
LAYER = f"layer 2 {{ {zoo['lstm']} }} 1 {{ {zoo['gru']} }}"


@pytest.mark.parametrize("source", ["zoo/nascell", CONV, LAYER], ids=("cell", "conv", "layer"))
def test_every_format_of_every_architecture(source: str, tmp_path: Path) -> None:
    for suffix in FORMATS:
        main([source, "--out", str(tmp_path / f"drawing{suffix}")])
    architecture = zoo["nascell"] if source == "zoo/nascell" else read_architecture(source)
    ElementTree.fromstring((tmp_path / "drawing.svg").read_text())
    assert (tmp_path / "drawing.txt").read_text() == architecture.equations() + "\n"
    latex = (tmp_path / "drawing.tex").read_text()
    assert latex.count(r"\begin") == latex.count(r"\end") > 0
    assert "\n\n" not in latex  # which would end the mathematics
    dot = (tmp_path / "drawing.dot").read_text()
    assert dot.startswith("digraph ")
    if shutil.which("dot"):
        drawn = subprocess.run(["dot", "-Tsvg"], input=dot, capture_output=True, text=True)
        assert (drawn.returncode, drawn.stderr) == (0, "")


def test_dot_of_a_network_has_its_layers_and_what_each_reads() -> None:
    dot = read_architecture(CONV).to_dot()
    for edge in ("n0 -> n1", "n1 -> n2", "n0 -> n3", "n2 -> n3", "n3 -> n4"):
        assert f"  {edge};\n" in dot
    assert 'n2 [label="max pooling 2×2, stride 2×1", xlabel="y₁"' in dot
    assert dot.count(" -> ") == 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["zoo/lstn"], "did you mean lstm"),
        (["zoo/lstm", "--out", "lstm.png"], "expected a file .svg, .dot, .tex, .txt"),
        ([], "try --help"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_the_equations_come_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    main(["zoo/gru"])
    assert capsys.readouterr().out == zoo["gru"].equations() + "\n"
