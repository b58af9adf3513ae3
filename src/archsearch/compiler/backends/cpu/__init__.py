"""Generated kernels on the CPU: C, compiled by the system's compiler."""

from archsearch.compiler.backends.cpu.backend import CpuBackend

__all__ = ["CpuBackend"]
