"""The commands of README and the pages that it leads to, run as they are typed."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent / "page_commands.py"


def test_every_command_of_the_pages_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    made = ("report/index.html", "best.svg", "mine/model.py", "cmp/index.html", "there/model.onnx")
    assert [name for name in made if not (tmp_path / name).is_file()] == []
