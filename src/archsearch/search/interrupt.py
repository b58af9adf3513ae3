"""How a signal ends a search: once in order, twice at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """Raised inside `Interrupt.raising` only. No Exception, so that no trainer takes it for one."""


class Interrupt:
    """While open, a first SIGINT or SIGTERM sets `requested`, a second raises KeyboardInterrupt.

    Nothing is raised by the first, so it never tears a transaction or a message. Code that would
    not look at `requested` for a long time runs inside `raising`, where it does raise.
    Outside the main thread Python delivers no signals, and this does nothing.
    """

    def __init__(self) -> None:
        self.requested = False
        self._raising = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Inside, the first signal raises Interrupted; one that came before raises at once."""
        self._raising = True
        try:
            if self.requested:
                raise Interrupted
            yield
        finally:
            self._raising = False

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        if self._raising:
            raise Interrupted
