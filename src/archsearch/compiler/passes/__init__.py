"""The passes, Program -> Program, each in a file of its own; pipeline.py has their order."""
