"""One line of an invoice of UCI's Online Retail turned into one purchase.

The lines of an invoice have no number, and the same line may stand on it twice: two purchases. So the id of an event
counts how often the invoice has said the same before. Unlike the position in the file, that count stays the same where
rows are added, removed or put in another order, and in a file that holds only a part of the invoices.

The file has been exported again and again, by programs that write dates and numbers each in its own way: whatever says
the same gives the same event.
"""

import re
from collections import Counter, OrderedDict
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

from simulator.columns import Columns
from simulator.layout import BadRow, Layout, event_id, fitting, shown, split
from simulator.record import Record

COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
HEADER = ",".join(COLUMNS)
# By the names of Online Retail and, where they are others, of Online Retail II.
CARRIED = (
    ("InvoiceNo", "Invoice"),
    ("StockCode",),
    ("Quantity",),
    ("InvoiceDate",),
    ("UnitPrice", "Price"),
    ("CustomerID",),
)
AS_PUBLISHED = Columns(count=len(COLUMNS), places=tuple(COLUMNS.index(names[0]) for names in CARRIED))
# An invoice's lines stand together, a few of another at most between them, in the order of time. Lines that come again
# after more than that are an overlap of two files put together; and memory does not grow with the file.
OPEN_INVOICES = 50
LONGEST_STEP_BACK = timedelta(hours=1)
CENT = Decimal("0.01")
# Enough digits for any product of what the patterns below let through: nothing is rounded before the cents are.
EXACT = Context(prec=60)
# A column of whole numbers with gaps is written as floats by many programs.
_WHOLE = re.compile("(-?[0-9]{1,12})([.]0+)?", re.ASCII)
_AMOUNT = re.compile("-?[0-9]{1,12}([.][0-9]{1,20})?", re.ASCII)
# As pandas writes it; as spreadsheets do in America, the month first; and, with dashes, in Europe, the day first.
_TIME = "[ T](?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(:(?P<second>[0-9]{2}))?"
_DATES = tuple(
    re.compile(date + _TIME, re.ASCII)
    for date in (
        "(?P<year>20[0-9]{2})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})",
        "(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>20[0-9]{2})",
        "(?P<day>[0-9]{1,2})-(?P<month>[0-9]{1,2})-(?P<year>20[0-9]{2})",
    )
)


class InvoiceLines:
    """Reads the rows of one file, in order, as `ReadRow` says."""

    def __init__(self, columns: Columns = AS_PUBLISHED) -> None:
        self._columns = columns
        self._said: OrderedDict[str, Counter[str]] = OrderedDict()
        self._last_time = datetime.min.replace(tzinfo=UTC)

    def __call__(self, row: bytes, *, line: int, end: int, ended: bool = True) -> Record:
        """Return the record for a row without its line break; raises BadRow."""
        values = split(row, self._columns, not_utf8="surrogateescape")
        if not ended and self._columns.last is not None:
            raise BadRow("the file ends without a line break: the last column may be cut off")
        invoice, stock_code, quantity, invoice_date, unit_price, customer = map(str.strip, values)
        user_id = _user_id(customer)
        price = _price(invoice, quantity, unit_price)
        product_id = fitting("product_id", stock_code, column="StockCode")
        user_session = fitting("user_session", invoice, column="InvoiceNo")
        event_time, wire_time = _instant(invoice_date)
        said = (
            f'"event_time":"{wire_time}","event_type":"purchase","product_id":"{product_id}","price":"{price}",'
            f'"user_id":"{user_id}","user_session":"{user_session}"'
        )
        named = event_id((said, str(self._times_said(invoice, said, at=event_time))))
        data = f'{{"event_id":"{named}",{said}}}'.encode()
        return Record(data=data, partition_key=user_id, event_time=event_time, source_line=line, source_end=end)

    def _times_said(self, invoice: str, said: str, *, at: datetime) -> int:
        """Return how often the invoice has said this, this time included."""
        if self._last_time - at > LONGEST_STEP_BACK:
            self._said.clear()
        self._last_time = at
        lines = self._said.setdefault(invoice, Counter())
        self._said.move_to_end(invoice)
        if len(self._said) > OPEN_INVOICES:
            self._said.popitem(last=False)
        lines[said] += 1
        return lines[said]


LAYOUT = Layout(
    name="uci-retail",
    header=HEADER,
    columns=AS_PUBLISHED,
    columns_in=lambda line: Columns.in_header(line, CARRIED),
    begin=InvoiceLines,
    looks_back=True,
)


def _user_id(customer: str) -> str:
    if not customer:
        raise BadRow("no customer: CustomerID is empty")
    return fitting("user_id", customer.removesuffix(".0"), column="CustomerID")


def _price(invoice: str, quantity: str, unit_price: str) -> str:
    """Return what the line cost, rounded half up to cents."""
    whole = _WHOLE.fullmatch(quantity)
    if not whole:
        raise BadRow(f"Quantity is {shown(quantity)}, expected a whole number")
    if not _AMOUNT.fullmatch(unit_price):
        raise BadRow(f"UnitPrice is {shown(unit_price)}, expected a decimal number")
    if invoice.startswith("C"):
        raise BadRow(f"a cancellation: InvoiceNo is {shown(invoice)}")
    if quantity.startswith("-"):
        raise BadRow(f"a cancellation: Quantity is {shown(quantity)}")
    price = EXACT.multiply(Decimal(unit_price), Decimal(whole[1])).quantize(CENT, ROUND_HALF_UP, EXACT)
    if price <= 0:
        kind = "negative" if price < 0 else "zero"
        raise BadRow(f"a {kind} price: {quantity} x {unit_price} is {price}")
    return fitting("price", str(price), column="Quantity x UnitPrice")


@lru_cache(maxsize=1024)
def _instant(text: str) -> tuple[datetime, str]:
    found = next(filter(None, (date.fullmatch(text) for date in _DATES)), None)
    if found is None:
        raise BadRow(f"InvoiceDate is {shown(text)}, expected the form '2010-12-01 08:26:00'")
    try:
        instant = datetime(**{unit: int(digits or 0) for unit, digits in found.groupdict().items()}, tzinfo=UTC)
    except ValueError as error:
        raise BadRow(f"InvoiceDate is {shown(text)}: {error}") from error
    return instant, instant.strftime("%Y-%m-%dT%H:%M:%S.000Z")
