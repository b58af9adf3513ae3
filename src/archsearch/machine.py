"""What the machine at hand is called, and how much of its memory this process takes."""

import platform
import resource
import sys
from pathlib import Path


def processor_name() -> str:
    """As the system calls it, where it says; else the architecture's name."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(errors="replace").splitlines() if cpuinfo.exists() else []
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def peak_bytes() -> int:
    """The most memory that this process has held so far, libraries and data included."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    for line in lines:  # Linux; what getrusage says there a process may have from its parent
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else 1024 * largest
