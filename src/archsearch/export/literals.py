"""Free text inside generated Python: nothing that it says can end the string that it is in."""

_WIDTH = 88


def docstring(text: str, indent: int) -> list[str]:
    """The lines of a docstring."""
    margin = " " * indent
    lines = [escaped(line) for line in text.split("\n")]
    if len(lines) == 1 and indent + len(lines[0]) + 6 <= _WIDTH:
        return [f'{margin}"""{lines[0]}"""']
    first, *rest = lines
    return [f'{margin}"""{first}', *(f"{margin}{line}".rstrip() for line in rest), f'{margin}"""']


def escaped(line: str) -> str:
    """One line of free text as it may stand in a docstring, which reads back as that text."""
    return "".join(map(_escaped, line)).rstrip()


def string(text: str) -> str:
    """A string literal."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character == " " or character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\U{code:08x}"
