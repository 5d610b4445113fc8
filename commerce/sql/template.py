"""Sentences as SQL: a template's text as literals, and what it names as expressions."""

import re
from collections.abc import Mapping


def filled(template: str, expressions: Mapping[str, str]) -> list[str]:
    """Return the parts of the text, in order, as expressions of type text. Raises KeyError for a name without one."""
    parts: list[str] = []
    for text, name in re.findall(r"([^{]*)(?:\{(\w+)\})?", template):
        if text:
            parts.append(literal(text))
        if name:
            parts.append(expressions[name])
    return parts


def literal(text: str) -> str:
    """Return the text as a literal of any engine's SQL."""
    return "'" + text.replace("'", "''") + "'"
