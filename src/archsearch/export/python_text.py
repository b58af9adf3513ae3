"""Lines of generated Python: none longer than formatters allow, and free text that stays inside its
string."""

import re
from itertools import accumulate

WIDTH = 88  # the default of ruff and black
INDENT = 4


def statement(head: str, body: str, indent: int, brackets: str = "", tail: str = "") -> list[str]:
    """The lines of `head body tail`; a body that does not fit beside its head stands below it, cut
    at its commas or operators where it must be.

    brackets: those of the body, such as "[]"; "" adds round ones where they are needed.
    """
    line = f"{' ' * indent}{head}{brackets[:1]}{body}{brackets[1:]}{tail}"
    if len(line) <= WIDTH:
        return [line]
    if not brackets and _is_call(body):
        function, body = body[:-1].split("(", 1)
        head, brackets = head + function, "()"
    parts = [("", body, "")] if brackets in ("", "()") and _fits(body, indent) else _parts(body)
    if not brackets and len(parts) == 1 and not _fits(body, indent):
        return [line]  # a name longer than a line
    brackets = brackets or "()"
    rows = [f"{' ' * indent}{head}{brackets[0]}"]
    for sign, part, comma in parts:
        rows += statement(sign, part, indent + INDENT, tail=comma)
    return [*rows, f"{' ' * indent}{brackets[1]}{tail}"]


def _fits(body: str, indent: int) -> bool:
    return indent + INDENT + len(body) <= WIDTH


def _is_call(body: str) -> bool:
    """Whether its first bracket is closed at its end."""
    name = re.match(r"[\w.]*\(", body)
    return name is not None and 0 not in _depths(body[name.end() - 1 : -1])


def _parts(body: str) -> list[tuple[str, str, str]]:
    """Cut at the commas outside brackets, else at sums, else at products: the sign before each
    part, the part, the comma behind it."""
    depths = _depths(body)
    for separator in (r", ", r" [+-] ", r" [*/] "):
        cuts = [cut for cut in re.finditer(separator, body) if depths[cut.start()] == 0]
        if cuts:
            starts, ends = [0, *(c.end() for c in cuts)], [*(c.start() for c in cuts), len(body)]
            signs = ["", *(cut[0].strip(", ") for cut in cuts)]
            comma = "," if separator == ", " else ""
            return [
                (f"{sign} " if sign else "", body[start:end], comma)
                for sign, start, end in zip(signs, starts, ends, strict=True)
            ]
    return [("", body, "")]


def _depths(text: str) -> list[int]:
    """How many brackets are open behind each character."""
    return list(accumulate((each in "([{") - (each in ")]}") for each in text))


def assignment(target: str, value: str, indent: int) -> list[str]:
    """The lines of `target = value`."""
    return statement(f"{target} = ", value, indent)


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
