"""What an offline run of W&B holds, as `wandb leet inspect` tells it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def wandb_records(folder: Path) -> list[dict[str, Any]]:
    """The records of all offline runs in the directory, in the order of their processes."""
    found = []
    for file in sorted(folder.glob("wandb/offline-run-*/run-*.wandb")):
        shown = subprocess.run(
            [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(file)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        found += [json.loads(line) for line in shown.stdout.splitlines()]
    return found
