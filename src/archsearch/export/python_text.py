"""Lines of generated Python: none longer than formatters allow, and free text that stays inside its
string."""

import textwrap

WIDTH = 88  # the default of ruff and black
INDENT = 4


def statement(head: str, body: str, indent: int, brackets: str = "", tail: str = "") -> list[str]:
    """The lines of `head body tail`; a body that does not fit beside its head stands below it, in
    brackets, inside which Python lets it go on a new line at any blank.

    brackets: those of the body, such as "[]"; "" adds round ones where they are needed.
    """
    margin, below = " " * indent, " " * (indent + INDENT)
    line = f"{margin}{head}{brackets[:1]}{body}{brackets[1:]}{tail}"
    if len(line) <= WIDTH:
        return [line]
    brackets = brackets or "()"
    rows = textwrap.wrap(
        body, WIDTH, initial_indent=below, subsequent_indent=below,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return [f"{margin}{head}{brackets[0]}", *rows, f"{margin}{brackets[1]}{tail}"]


def docstring(text: str, indent: int) -> list[str]:
    """The lines of a docstring, which reads back as this text whatever it says."""
    margin = " " * indent
    lines = ["".join(map(_escaped, line)).rstrip() for line in text.split("\n")]
    if len(lines) == 1 and indent + len(lines[0]) + 6 <= WIDTH:
        return [f'{margin}"""{lines[0]}"""']
    first, *rest = lines
    return [f'{margin}"""{first}', *(f"{margin}{line}".rstrip() for line in rest), f'{margin}"""']


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character == " " or character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\U{code:08x}"
