"""C text -> loaded shared library, kept on disk by content.

A text named `lstm` has three files in the cache folder:

    lstm-<key>.c               the text, for people to read; debuggers and compilers point into it
    lstm-<key>.sha256          which library it is, as `sha256sum --check` reads it
    lstm-<key>-<digest>.so     the library, named by its own bytes

The key has two parts. The first says what is compiled and for which processor (its feature flags:
machines of several kinds may share a home folder), the second by which compiler; where there is no
compiler, what any compiler made serves.

Every file takes its name in one step, and a record points only to a library that is whole. So any
number of processes may compile one text at once without a lock, and a process killed at any moment
leaves at most hidden `.part` files, which later compilations remove. A file that changed
afterwards no longer fits its digest, and is compiled again.
"""

from archsearch.native.c_compiler import COMPILERS, NoNativeCode, compiler_name
from archsearch.native.library import CACHE_VARIABLE, load

__all__ = ["CACHE_VARIABLE", "COMPILERS", "NoNativeCode", "compiler_name", "load"]
