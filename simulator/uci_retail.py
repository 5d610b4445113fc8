"""One line of an invoice of UCI's Online Retail turned into one purchase.

The lines of an invoice have no number, and the same line may stand on it twice: two purchases. So the id of an event
counts how often the invoice has said the same before. Unlike the position in the file, that count stays the same where
rows are added, removed or put in another order, and in a file that holds only a part of the invoices.
"""

import re
from collections import Counter, OrderedDict
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

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
# An invoice's lines stand together, a few of another at most between them; what was said on older ones is forgotten,
# so that memory does not grow with the file.
OPEN_INVOICES = 1_000
CENT = Decimal("0.01")
# Enough digits for any product of what the patterns below let through: nothing is rounded before the cents are.
EXACT = Context(prec=60)
_WHOLE = re.compile("-?[0-9]{1,12}", re.ASCII)
_AMOUNT = re.compile("-?[0-9]{1,12}([.][0-9]{1,20})?", re.ASCII)


class InvoiceLines:
    """Reads the rows of one file, in order, as `ReadRow` says."""

    def __init__(self) -> None:
        self._said: OrderedDict[str, Counter[str]] = OrderedDict()

    def __call__(self, row: bytes, *, line: int, end: int, ended: bool = True) -> Record:  # noqa: ARG002 see below
        """Return the record for a row without its line break; raises BadRow.

        It does not matter whether the row is `ended`: the last column, which may be cut off, is not carried.
        """
        invoice, stock_code, _, quantity, invoice_date, unit_price, customer, _ = split(row, len(COLUMNS))
        user_id = _user_id(customer)
        price = _price(invoice, quantity, unit_price)
        product_id = fitting("product_id", stock_code, column="StockCode")
        user_session = fitting("user_session", invoice, column="InvoiceNo")
        event_time, wire_time = _instant(invoice_date)
        said = (
            f'"event_time":"{wire_time}","event_type":"purchase","product_id":"{product_id}","price":"{price}",'
            f'"user_id":"{user_id}","user_session":"{user_session}"'
        )
        named = event_id((said, str(self._times_said(invoice, said))))
        data = f'{{"event_id":"{named}",{said}}}'.encode()
        return Record(data=data, partition_key=user_id, event_time=event_time, source_line=line, source_end=end)

    def _times_said(self, invoice: str, said: str) -> int:
        """Return how often the invoice has said this, this time included."""
        lines = self._said.setdefault(invoice, Counter())
        self._said.move_to_end(invoice)
        if len(self._said) > OPEN_INVOICES:
            self._said.popitem(last=False)
        lines[said] += 1
        return lines[said]


LAYOUT = Layout(name="uci-retail", header=HEADER, is_first_line=HEADER.__eq__, begin=InvoiceLines, looks_back=True)


def _user_id(customer: str) -> str:
    if not customer:
        raise BadRow("no customer: CustomerID is empty")
    # A column of numbers with gaps is written as floats by many programs.
    return fitting("user_id", customer.removesuffix(".0"), column="CustomerID")


def _price(invoice: str, quantity: str, unit_price: str) -> str:
    """Return what the line cost, rounded half up to cents."""
    if not _WHOLE.fullmatch(quantity):
        raise BadRow(f"Quantity is {shown(quantity)}, expected a whole number")
    if not _AMOUNT.fullmatch(unit_price):
        raise BadRow(f"UnitPrice is {shown(unit_price)}, expected a decimal number")
    if invoice.startswith("C"):
        raise BadRow(f"a cancellation: InvoiceNo is {shown(invoice)}")
    if quantity.startswith("-"):
        raise BadRow(f"a cancellation: Quantity is {shown(quantity)}")
    price = EXACT.multiply(Decimal(unit_price), Decimal(quantity)).quantize(CENT, ROUND_HALF_UP, EXACT)
    if price <= 0:
        kind = "negative" if price < 0 else "zero"
        raise BadRow(f"a {kind} price: {quantity} x {unit_price} is {price}")
    return fitting("price", str(price), column="Quantity x UnitPrice")


@lru_cache(maxsize=1024)
def _instant(text: str) -> tuple[datetime, str]:
    if not re.fullmatch("20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", text, re.ASCII):
        raise BadRow(f"InvoiceDate is {shown(text)}, expected the form '2010-12-01 08:26:00'")
    try:
        instant = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise BadRow(f"InvoiceDate is {shown(text)}: {error}") from error
    return instant, f"{text[:10]}T{text[11:]}.000Z"
