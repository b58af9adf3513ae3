"""docs/python.md in a notebook: its code runs as it stands, and the stop button does as it says."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel
from nbclient import NotebookClient

import archsearch

PAGE = Path(__file__).parent.parent.parent / "docs" / "python.md"
SECONDS = 300  # of a cell, on a machine that is busy


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Jupyter's files, too, stay there."""
    for name in ("RUNTIME", "CONFIG", "DATA"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / ".jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_runs_as_a_notebook(folder: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    cells = [nbformat.v4.new_code_cell(block) for block in blocks]
    notebook = nbformat.v4.new_notebook(cells=cells)
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=SECONDS, resources=where).execute()  # raises where a cell does

    (run,) = map(archsearch.load, folder.glob("outputs/*"))
    assert run.best is not None
    first, *_ = notebook.cells
    # Text in the order in which it came, none of it in the colours of an error.
    *printed, value = first.outputs
    assert {(each.output_type, each.get("name")) for each in printed} == {("stream", "stdout")}
    lines = "".join(each.text for each in printed).splitlines()
    assert len([line for line in lines if re.match(r" \d/6 ", line)]) == len(run.proposed) == 6
    assert f"trial {run.best.number}" in value.data["text/plain"]
    pictures = [
        each.data["image/svg+xml"]
        for cell in notebook.cells
        for each in cell.outputs
        if "image/svg+xml" in each.get("data", {})
    ]
    assert pictures == [run.best.cell.to_svg()]


def test_the_stop_button_keeps_what_was_done(folder: Path) -> None:
    search = "archsearch.search('budget=smoke', 'executor.workers=1', 'logger=none', trials=%d)"
    with kernel(folder) as (manager, client):
        request = client.execute(f"import archsearch; {search % 500}")
        wait_for(client, " 2/500 ")
        manager.interrupt_kernel()  # a signal to the kernel and its workers, as the button sends it
        ended = reply_to(client, request)
        assert ended["ename"] == "Interrupted"
        assert "nothing is lost; to go on: make the same call" in ended["evalue"]
        (directory,) = folder.glob("outputs/*")
        assert str(directory) in ended["evalue"]
        before = archsearch.load(directory).trials
        assert len(before) < 500

        more = len(before) - 3 + 1  # the references come on top
        assert reply_to(client, client.execute(search % more))["status"] == "ok"
    after = archsearch.load(directory).trials
    assert [trial.wall_seconds for trial in after[: len(before)]] == [
        trial.wall_seconds for trial in before
    ]
    assert len(after) == len(before) + 1


@contextmanager
def kernel(folder: Path) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    manager, client = start_new_kernel(startup_timeout=SECONDS, cwd=str(folder))
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def wait_for(client: BlockingKernelClient, printed: str) -> None:
    while printed not in client.get_iopub_msg(timeout=SECONDS)["content"].get("text", ""):
        pass


def reply_to(client: BlockingKernelClient, request: str) -> dict[str, str]:
    while True:
        message = client.get_shell_msg(timeout=SECONDS)
        if message["parent_header"].get("msg_id") == request:
            content: dict[str, str] = message["content"]
            return content
