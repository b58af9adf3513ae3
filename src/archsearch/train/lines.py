"""Plain lines on the terminal, and the figures in them."""

import sys


def figure(value: float) -> str:
    """Two digits after the point, or four of a value below 10."""
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4f}"


def write_line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
