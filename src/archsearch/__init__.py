"""archsearch searches for recurrent architectures; docs/python.md shows this module.

>>> import archsearch
>>> run = archsearch.search("task=xml", trials=40)
>>> run = archsearch.load("outputs/<run>")
"""

import os
import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what a search needs is imported by the first one, since it takes seconds
    from archsearch.run import Run


def search(
    *overrides: str, config_dir: str | os.PathLike[str] | None = None, **settings: object
) -> "Run":
    """Search, or go on with a search, as `python -m archsearch` does with the same settings.

    overrides: as on the command line, such as "task=ptb" or "budget.epochs=3".
    config_dir: a folder of your own configuration, as --config-dir gives it.
    settings: the same as Python's values; those without a dot in their names.

    Raises:
        ValueError: a setting that does not exist or does not fit, in one line.
        KeyboardInterrupt: it was interrupted; what was done is kept, and the same call goes on.
    """
    from archsearch import from_python

    return from_python.search(*overrides, config_dir=config_dir, **settings)


def load(folder: str | os.PathLike[str]) -> "Run":
    """The search in a directory; it may still be at work."""
    from archsearch import run

    return run.load(folder)


class _SearchPackage(ModuleType):
    """`archsearch.search` is the package of that name, and may be called all the same."""

    __call__ = staticmethod(search)


class _Package(ModuleType):
    def __getattr__(self, name: str) -> object:
        # Whoever asks first, for archsearch.search(…) or for a class in it, gets the package.
        if name == "search":
            return import_module("archsearch.search")
        raise AttributeError(f"module 'archsearch' has no attribute {name!r}")

    def __setattr__(self, name: str, value: object) -> None:
        if name == "search" and isinstance(value, ModuleType):
            value.__class__ = _SearchPackage
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
del sys.modules[__name__].search  # the package is it
