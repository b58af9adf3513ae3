"""What a reader of generated Python sees."""

import ast


def longest_code_line(text: str) -> int:
    """The length of the longest line outside docstrings."""
    lines = dict(enumerate(text.split("\n"), start=1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            docstring = node.body[0]
            for number in range(docstring.lineno, docstring.end_lineno + 1):
                lines.pop(number, None)
    return max(map(len, lines.values()))
