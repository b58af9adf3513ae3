"""Generated kernels on the CPU: C, compiled by the system's compiler."""
