"""Which archsearch is at work."""

import subprocess
from importlib import metadata

from archsearch.conf_files import config_root


def revision() -> str:
    """The checkout's commit, with `+changes` where files differ from it; else the version."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty=+changes", "--abbrev=12", "--exclude=*"],
            cwd=config_root(), capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
        return described.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return metadata.version("archsearch")
