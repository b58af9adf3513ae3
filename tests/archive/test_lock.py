import subprocess
import sys
from pathlib import Path

import pytest

from archsearch.archive import ArchiveError, lock_run

HOLD = """
import sys, time
from pathlib import Path
from archsearch.archive import lock_run
with lock_run(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        message = f"process {holder.pid} on .* is at work"
        with pytest.raises(ArchiveError, match=message), lock_run(tmp_path):
            pass
        holder.kill()
        holder.wait()
    with lock_run(tmp_path), pytest.raises(ArchiveError), lock_run(tmp_path):
        pass
    with lock_run(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    message = "expected a run directory that can be written"
    with pytest.raises(ArchiveError, match=message), lock_run(tmp_path / "missing"):
        pass
