"""What runs in a worker process: make an evaluator, then evaluate what comes until told no more.

Messages to the worker are (candidate, seed); messages from it are (Report, payload).
"""

import multiprocessing
import os
import threading
import traceback
from enum import Enum, auto
from multiprocessing.connection import Connection, wait

from archsearch.failure import Failure
from archsearch.search.executor import EvaluatorFactory


class Report(Enum):
    """What a worker says; the payload is in brackets."""

    READY = auto()  # the evaluator is made (None)
    UNABLE = auto()  # it cannot be made (traceback)
    TRIAL = auto()  # (the trial)
    FAILURE = auto()  # making it or evaluating met a Failure (its message)
    BUG = auto()  # the evaluator raised (traceback)


def serve(connection: Connection, factory: EvaluatorFactory) -> None:
    """The life of a worker. It ends with the process that started it, however that ends."""
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    try:
        evaluator = factory()
    except Failure as error:
        connection.send((Report.FAILURE, str(error)))
        return
    except BaseException:
        connection.send((Report.UNABLE, traceback.format_exc()))
        return
    connection.send((Report.READY, None))
    while True:
        candidate, seed = connection.recv()
        try:
            connection.send((Report.TRIAL, evaluator(candidate, seed)))
        except Failure as error:
            connection.send((Report.FAILURE, str(error)))
        except BaseException:  # SystemExit too: nothing in an evaluator may end its worker silently
            connection.send((Report.BUG, traceback.format_exc()))


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
