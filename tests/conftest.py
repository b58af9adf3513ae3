"""What all tests share."""

import os
import signal

# Tests compute little at a time: on shared machines more threads only wait for each other. Set
# before torch is imported, and inherited by the processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest_plugins = ["told_trials"]

# A shell that starts tests in the background has SIGINT ignored, which processes inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)
