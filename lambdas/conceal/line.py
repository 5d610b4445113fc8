"""One line with its addresses concealed, and every other byte as it was.

A JSON object is changed text by text; what cannot be read as one, wherever something looks like an address. In a user
agent a version may look like an address, and browsers are told apart by it: there only a whole address counts.
"""

import json
import re

from commerce.incident import Incident, parse, to_line
from lambdas.addresses import Concealment

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NUMBER_AS_ADDRESS = re.compile(r'("ip_address"\s*:\s*)(-?[0-9][0-9.eE+-]*)')
_NAME = re.compile(r'"(\w+)"\s*:\s*\Z')
# Looked through for the name that a text belongs to: the longest such name, and some blanks.
_NAME_REACH = 32
_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")
_TAKEN_FOR_AN_ADDRESS = re.compile("[0-9A-Fa-f:.]{2,45}")


def concealed(line: bytes, concealment: Concealment) -> bytes:
    """Return a line of either stream with its addresses in their form. It never fails."""
    text = line.decode("utf-8", errors="surrogateescape")
    try:
        document = json.loads(text, parse_int=str)  # a number may have more digits than Python reads
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        return _encoded(concealment.text(text))
    return _incident(line, concealment) or _encoded(_object(text, concealment))


def _incident(line: bytes, concealment: Concealment) -> bytes | None:
    try:
        record = parse(line)
        return to_line(concealment.incident(record)) if isinstance(record, Incident) else None
    except ValueError:
        return None


def _object(text: str, concealment: Concealment) -> str:
    def said(found: re.Match[str]) -> str:
        value = json.loads(found[0], strict=False)
        name = _NAME.search(text[max(0, found.start() - _NAME_REACH) : found.start()])
        after = _value(value, name[1] if name else "", concealment)
        return found[0] if after == value else _written(after)

    def number(found: re.Match[str]) -> str:
        return found[1] + json.dumps(concealment.address(found[2]))

    return _NUMBER_AS_ADDRESS.sub(number, _TEXT.sub(said, text))


def _value(value: str, name: str, concealment: Concealment) -> str:
    after = concealment.text(value)
    if name == "user_agent":
        return after if after == concealment.address(value) else value
    if name == "ip_address" and after == value and _TAKEN_FOR_AN_ADDRESS.fullmatch(value):
        return concealment.address(value)
    return after


def _written(text: str) -> str:
    """Return a JSON text; escapes would make letters of other alphabets three times as long."""
    return json.dumps(text, ensure_ascii=bool(_HALF_OF_A_PAIR.search(text)))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogateescape")
