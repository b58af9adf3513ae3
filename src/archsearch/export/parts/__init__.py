"""The written part of exported Python files: it stands in them as it stands here.

It needs torch alone. What a file takes of it, and what is generated beside it, is
decided in `archsearch.export.python_file`.
"""
