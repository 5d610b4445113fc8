"""One row of Taobao's UserBehavior turned into one event line: five columns, no header, no price and no session."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from simulator.columns import Columns
from simulator.layout import BadRow, Layout, event_id, fitting, shown, split
from simulator.record import Record

COLUMNS = ("user_id", "item_id", "category_id", "behavior", "unix_seconds")
AS_PUBLISHED = Columns(count=len(COLUMNS))
EVENT_TYPES = {"pv": "view", "cart": "cart", "fav": "favorite", "buy": "purchase"}
# The field is required of every event, and nothing is known.
PRICE = "0.00"
# Some of its times lie before 1970.
_ROW = re.compile("[0-9]+,[0-9]+,[0-9]+,(pv|cart|fav|buy),-?[0-9]+", re.ASCII)
# From 2001 on the time has ten digits; the event's time holds this century.
_WHOLE_DIGITS = 10
_SECONDS = range(946_684_800, 4_102_444_800)


def to_record(row: bytes, *, line: int, end: int, ended: bool = True) -> Record:
    """Return the record for a row without its line break, as `ReadRow` says; raises BadRow."""
    columns = split(row, AS_PUBLISHED)
    user_id, item_id, category_id, behavior, unix_seconds = columns
    if not ended and len(unix_seconds) < _WHOLE_DIGITS:
        raise BadRow("the file ends in the middle of this row")
    event_time, wire_time = _instant(unix_seconds)
    data = (
        f'{{"event_id":"{event_id(columns)}","event_time":"{wire_time}","event_type":"{_event_type(behavior)}",'
        f'{_product(item_id, category_id)},"user_id":"{_user(user_id)}"}}'
    ).encode()
    return Record(data=data, partition_key=user_id, event_time=event_time, source_line=line, source_end=end)


LAYOUT = Layout(
    name="taobao",
    header=None,
    columns=AS_PUBLISHED,
    columns_in=lambda line: AS_PUBLISHED if _ROW.fullmatch(line) else None,
    begin=lambda _: to_record,
)


def _event_type(behavior: str) -> str:
    try:
        return EVENT_TYPES[behavior]
    except KeyError as error:
        raise BadRow(f"behavior is {shown(behavior)}, expected one of {', '.join(EVENT_TYPES)}") from error


@lru_cache(maxsize=1024)
def _instant(text: str) -> tuple[datetime, str]:
    if not re.fullmatch("[0-9]{1,10}", text, re.ASCII) or int(text) not in _SECONDS:
        raise BadRow(f"unix_seconds is {shown(text)}, expected seconds since 1970 that lie in this century")
    instant = datetime.fromtimestamp(int(text), UTC)
    return instant, instant.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@lru_cache(maxsize=65_536)
def _product(item_id: str, category_id: str) -> str:
    fitting("product_id", item_id, column="item_id")
    fitting("category_id", category_id, column="category_id")
    return f'"product_id":"{item_id}","category_id":"{category_id}","price":"{PRICE}"'


@lru_cache(maxsize=65_536)
def _user(user_id: str) -> str:
    return fitting("user_id", user_id, column="user_id")
