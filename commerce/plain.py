"""Plain lines: those that most senders write, of which a single regular expression tells that they can be taken apart.

Such a line is one JSON object of nothing but texts under the names of the field table, with no escapes in them, and
each text is one that its field may hold. What an engine would find with its JSON parser and a check a field, stands
between the quotes. A line that is not plain may be an event all the same: it is only judged the long way.
"""

from commerce.fields import EVENT_FIELDS, Field

# Texts without quotes, escapes, control characters and the brackets that are counted; beyond them what is neither the
# replacement character nor half of a pair. Java, RE2 and Python read the class alike once the bounds are written out.
_FREE_TEXT = "[ !#-Z\\]^-z|}~{first}-{last}]"
# Far more than there are fields, and so few that no plain line is too long.
MOST_MEMBERS = 24
BETWEEN_MEMBERS = '","'
BETWEEN_NAME_AND_VALUE = '":"'


def plain_line(*, first: str, last: str) -> str:
    """Return the expression for a whole plain line, without anchors.

    `first` and `last` are how the engine writes U+00A0 and U+FFFC within a class.
    """
    free_text = _FREE_TEXT.replace("{first}", first).replace("{last}", last)
    member = "|".join(f'"{field.name}":"{_value(field, free_text)}"' for field in EVENT_FIELDS)
    return rf"\{{(?:{member})(?:,(?:{member})){{0,{MOST_MEMBERS - 1}}}\}}"


def _value(field: Field, free_text: str) -> str:
    if field.pattern is None:
        return f"{free_text}{{0,{field.max_length or 0}}}"
    short_enough = f'(?=[^"]{{1,{field.max_length}}}")' if field.max_length is not None else ""
    return f"{short_enough}(?:{field.pattern})"
