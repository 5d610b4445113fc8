"""One row of the Kaggle layout, turned into one event line, or into the reason why it is none.

The layout is that of "eCommerce behavior data from multi category store": nine columns, times that end in " UTC".
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial

from commerce.fields import EVENT_FIELDS
from commerce.rejects import MAX_OPENING_BRACKETS, REPLACEMENT_CHARACTER
from simulator.columns import Columns
from simulator.layout import BadRow, Layout, event_id, shown, split
from simulator.record import Record

COLUMNS = (
    "event_time",
    "event_type",
    "product_id",
    "category_id",
    "category_code",
    "brand",
    "price",
    "user_id",
    "user_session",
)
HEADER = ",".join(COLUMNS)
AS_PUBLISHED = Columns(count=len(COLUMNS))
_FIELDS = {field.name: field for field in EVENT_FIELDS}
_CHECKS = tuple(
    (
        position,
        name,
        re.compile(_FIELDS[name].pattern or "(?s:.*)", re.ASCII).fullmatch,
        _FIELDS[name].required,
        _FIELDS[name].max_length or 64,
    )
    for position, name in enumerate(COLUMNS)
    if position > 0
)
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def to_record(row: bytes, *, line: int, end: int, ended: bool = True, of_file: Columns = AS_PUBLISHED) -> Record:
    """Return the record for a row without its line break, as `ReadRow` says; raises BadRow."""
    columns = columns_of(row, ended=ended, of_file=of_file)
    event_time, wire_time = _instant(columns[0])
    _check(columns)
    data = (
        f'{{"event_id":"{event_id(columns)}","event_time":"{wire_time}","event_type":"{columns[1]}",'
        f'{_product(*columns[2:7])},"user_id":"{columns[7]}"{_optional("user_session", columns[8])}}}'
    ).encode()
    return Record(data=data, partition_key=columns[7], event_time=event_time, source_line=line, source_end=end)


def columns_of(row: bytes, *, ended: bool, of_file: Columns = AS_PUBLISHED) -> list[str]:
    """Return the columns of a row without its line break; raises BadRow where they are others, or it is cut off."""
    columns = split(row, of_file)
    last = of_file.last
    if not ended and last is not None and not _UUID.fullmatch(columns[last]):
        raise BadRow("the file ends in the middle of this row")
    return columns


LAYOUT = Layout(
    name="kaggle",
    header=HEADER,
    columns=AS_PUBLISHED,
    columns_in=lambda line: Columns.in_header(line, [(name,) for name in COLUMNS]),
    begin=lambda columns: to_record if columns == AS_PUBLISHED else partial(to_record, of_file=columns),
)


@lru_cache(maxsize=1024)
def _instant(text: str) -> tuple[datetime, str]:
    if not re.fullmatch("20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} UTC", text, re.ASCII):
        raise BadRow(f"event_time is {shown(text)}, expected the form '2019-10-01 00:00:00 UTC'")
    try:
        instant = datetime.fromisoformat(text.removesuffix(" UTC")).replace(tzinfo=UTC)
    except ValueError as error:
        raise BadRow(f"event_time is {shown(text)}: {error}") from error
    return instant, f"{text[:10]}T{text[11:19]}.000Z"


def _check(columns: Sequence[str]) -> None:
    for position, name, fits, required, max_length in _CHECKS:
        text = columns[position]
        if text == "":
            if required:
                raise BadRow(f"{name} is empty")
        elif len(text) > max_length or not fits(text):
            raise BadRow(f"{name} is {shown(text)}, which no event may hold")


@lru_cache(maxsize=65_536)
def _product(product_id: str, category_id: str, category_code: str, brand: str, price: str) -> str:
    for name, text in (("category_code", category_code), ("brand", brand)):
        if REPLACEMENT_CHARACTER in text or text.count("[") + text.count("{") >= MAX_OPENING_BRACKETS // 2:
            raise BadRow(f"{name} is {shown(text)}, which no event may hold")
    optional = "".join(
        _optional(name, text)
        for name, text in (("category_id", category_id), ("category_code", category_code), ("brand", brand))
    )
    return f'"product_id":"{product_id}"{optional},"price":"{price}"'


def _optional(name: str, text: str) -> str:
    return f',"{name}":{json.dumps(text, ensure_ascii=False)}' if text else ""
