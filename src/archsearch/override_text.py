"""Values as Hydra's command line writes them."""

import re
from collections.abc import Mapping
from typing import Any

# Read as a text without quotes; what begins with a digit could be a number.
_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_./+-]*")
_OTHER_MEANING = ("true", "false", "null", "inf", "nan")


def override_text(value: Any) -> str:
    """A value of a configuration, so that Hydra reads the same value back."""
    if isinstance(value, list | tuple):
        return f"[{','.join(map(override_text, value))}]"
    if isinstance(value, Mapping):
        items = (f"{key}:{override_text(item)}" for key, item in value.items())
        return "{" + ",".join(items) + "}"
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and value.lower() not in _OTHER_MEANING
        return value if is_plain else quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


def quoted(text: str) -> str:
    """Free text as a value of Hydra's grammar, where a backslash counts only before a quote."""
    escaped = re.sub(r"(\\*)('|$)", lambda end: end[1] * 2 + ("\\'" if end[2] else ""), text)
    return f"'{escaped}'"
