"""Lines that are plain or nearly so: whole ones, with members changed, and spoilt in one place."""

import json
from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st

WHOLE = {
    "event_id": "e1",
    "event_time": "2025-03-03T08:00:00.000Z",
    "event_type": "view",
    "product_id": "1",
    "category_id": "2",
    "category_code": "a.b, c: d",
    "brand": "Søren",
    "price": "19.9",
    "user_id": "7",
    "user_session": "s-1",
    "ip_address": "10.0.0.1",
    "user_agent": "Mozilla/5.0 (X11; rv:1)",
}
PIECES = ["", "a", "1", "e-9", '"', "\\", '\\"', "[", "{", ",", ":", '","', '":"', " ", "\n", "\x7f", "é", "\ud800"]
PIECES += ["�", "\u2028", "😀", "x" * 70, "1" * 20, "2025-02-29T00:00:00Z", "view", "10.0.0.1", "0.999", "-0"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=3).map("".join)
MEMBERS = st.lists(
    st.tuples(st.sampled_from([*WHOLE, "other", "event_id "]), TEXTS | st.sampled_from(sorted(WHOLE.values()))),
    max_size=4,
)


def line(members: Iterable[tuple[str, str]], **how: Any) -> str:
    """Return a line with these members; `how` are options of `json.dumps`."""
    written = {"separators": (",", ":"), "ensure_ascii": False} | how
    return "{" + ",".join(json.dumps({name: text}, **written)[1:-1] for name, text in members) + "}"


def spoilt(place: int, piece: str, taken: int) -> str:
    """Return a whole line with the piece put into a place, instead of as many characters as are taken."""
    text = line(WHOLE.items())
    return text[:place] + piece + text[place + taken :]
