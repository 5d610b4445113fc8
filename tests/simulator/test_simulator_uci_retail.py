"""UCI's Online Retail: every line of an invoice one purchase, or one bad row with its reason."""

import csv
import gzip
import io
import json
import random
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.event import Event, parse, to_line
from simulator.layout import BadRow
from simulator.replay import records
from simulator.uci_retail import COLUMNS, OPEN_INVOICES, InvoiceLines

ARRIVED_AT = datetime(2026, 1, 1, tzinfo=UTC)
ROW = "700001,9021A,TEA TOWEL,6,2011-03-01 09:15:00,2.55,15500.0,Norway"


def row_with(**columns: str) -> str:
    values = dict(zip(COLUMNS, ROW.split(","), strict=True)) | columns
    return ",".join(values.values())


def event_of(row: str, *, ended: bool = True) -> Event:
    record = InvoiceLines()(row.encode(), line=2, end=0, ended=ended)
    event = parse(record.data, arrived_at=ARRIVED_AT)
    assert isinstance(event, Event)
    assert to_line(event) == record.data
    assert (record.partition_key, record.event_time) == (event.user_id, event.event_time)
    return event


def ids_of(*rows: str) -> list[str]:
    read_row = InvoiceLines()
    return [json.loads(read_row(row.encode(), line=2, end=0).data)["event_id"] for row in rows]


def undecoded(content: bytes) -> str:
    return content.decode(errors="surrogateescape")


def test_a_line_becomes_the_purchase_it_records():
    """The event knows no quantity, so its price is that of the whole line."""
    event = event_of(ROW)
    assert event.event_time == datetime(2011, 3, 1, 9, 15, tzinfo=UTC)
    assert (event.event_type, event.product_id, event.price) == ("purchase", "9021A", Decimal("15.30"))
    assert (event.user_id, event.user_session) == ("15500", "700001")
    assert (event.category_id, event.category_code, event.brand) == (None, None, None)


@pytest.mark.parametrize(
    ("quantity", "unit_price", "price"),
    [
        ("3", "0.1", "0.30"),
        ("3", "0.335", "1.01"),
        ("1", "0.005", "0.01"),
        ("7", "1.005", "7.04"),
        ("1", "0.00499999999999999999", None),
        ("80995", "2.08", "168469.60"),
        ("1", "11586.5", "11586.50"),
        ("9999", "0.12345678901234567890", "1234.44"),
    ],
)
def test_the_price_is_exact_and_rounded_half_up_once(quantity: str, unit_price: str, price: str | None):
    """3 x 0.1 is 0.30 and nothing else; half a cent counts as one."""
    row = row_with(Quantity=quantity, UnitPrice=unit_price)
    if price is not None:
        assert str(event_of(row).price) == price
    else:
        with pytest.raises(BadRow, match=r"a zero price: .* is 0\.00"):
            event_of(row)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"CustomerID": ""}, "no customer: CustomerID is empty"),
        ({"CustomerID": "15500.5"}, "CustomerID is '15500.5'"),
        ({"InvoiceNo": "C700001", "Quantity": "-6"}, "a cancellation: InvoiceNo is 'C700001'"),
        ({"Quantity": "-6"}, "a cancellation: Quantity is '-6'"),
        ({"Quantity": "0"}, "a zero price: 0 x 2.55"),
        ({"Quantity": "6.5"}, "Quantity is '6.5', expected a whole number"),
        ({"Quantity": ""}, "Quantity is ''"),
        ({"UnitPrice": "0.0"}, "a zero price: 6 x 0.0"),
        ({"UnitPrice": "-11062.06"}, "a negative price: 6 x -11062.06"),
        ({"UnitPrice": "free"}, "UnitPrice is 'free'"),
        ({"UnitPrice": "1e3"}, "UnitPrice is '1e3'"),
        ({"UnitPrice": "999999999999.99"}, "Quantity x UnitPrice is '5999999999999.94'"),
        ({"StockCode": "BANK CHARGES"}, "StockCode is 'BANK CHARGES', which no product_id may be"),
        ({"StockCode": ""}, "StockCode is empty"),
        ({"InvoiceNo": ""}, "InvoiceNo is empty"),
        ({"InvoiceDate": "3.1.2011 9:15"}, "InvoiceDate is '3.1.2011 9:15', expected the form"),
        ({"InvoiceDate": "3/1/11 9:15"}, "InvoiceDate is '3/1/11 9:15', expected the form"),
        ({"InvoiceDate": "13/1/2011 9:15"}, "InvoiceDate is '13/1/2011 9:15': month must be in"),
        ({"InvoiceDate": "1-13-2011 9:15"}, "InvoiceDate is '1-13-2011 9:15': month must be in"),
        ({"InvoiceDate": "2011-02-30 09:15:00"}, "InvoiceDate is '2011-02-30 09:15:00'"),
        ({"Description": "a,b"}, "9 columns where the file has 8"),
        ({"Description": '"open'}, "not CSV"),
    ],
)
def test_a_line_that_is_no_purchase_is_bad_with_the_reason(columns: dict[str, str], reason: str):
    """Nothing may be left out of the sales without a word."""
    with pytest.raises(BadRow, match=reason):
        event_of(row_with(**columns))


@pytest.mark.parametrize("stock_code", ["POST", "M", "C2", "gift_0001_20", "85123A", "22041"])
def test_whatever_can_be_an_identifier_is_a_product(stock_code: str):
    """Postage is paid for as well; what is no merchandise is for the shop to say."""
    assert event_of(row_with(StockCode=stock_code)).product_id == stock_code


def test_a_quoted_description_is_read_and_left_out():
    """Commas and quotes within it must not shift the columns."""
    assert event_of(row_with(Description='"SIGN, ""OPEN"" 7"""')) == event_of(ROW)


def test_the_same_line_twice_on_an_invoice_is_two_purchases():
    """Two of them were sold; one id would make one of them a duplicate."""
    first, second, other = ids_of(ROW, ROW, row_with(InvoiceNo="700002"))
    assert len({first, second, other}) == 3


def test_a_purchase_keeps_its_id_over_all_runs():
    """A re-send must be recognisable as one: the ids are fixed for ever."""
    assert ids_of(ROW, ROW) == ["e5cd5e07485eb0e9cea6cb081", "ee0246c8b3572ff9e585a05d1"]


def test_ids_depend_on_the_invoice_alone():
    """Whatever stands between, in whichever order, and whether a program wrote 15500 or 15500.0."""
    lines = [ROW, ROW, ROW, row_with(StockCode="POST"), row_with(StockCode="POST"), row_with(Quantity="7")]
    others = [row_with(InvoiceNo=str(number)) for number in range(800_000, 800_020)]
    shuffled = [*lines, *others]
    random.Random(1).shuffle(shuffled)
    assert set(ids_of(*shuffled)) == set(ids_of(*lines)) | set(ids_of(*others))
    assert ids_of(*(line.replace("15500.0", "15500") for line in lines)) == ids_of(*lines)


@pytest.mark.parametrize(
    "columns",
    [
        {"InvoiceDate": "2011-03-01 09:15"},
        {"InvoiceDate": "2011-03-01T09:15:00"},
        {"InvoiceDate": "3/1/2011 9:15"},
        {"InvoiceDate": "03/01/2011 09:15:00"},
        {"InvoiceDate": "01-03-2011 09:15"},
        {"Quantity": "6.0"},
        {"StockCode": "9021A "},
        {"CustomerID": " 15500"},
        {"UnitPrice": "2.550"},
    ],
)
def test_the_same_line_written_another_way_is_the_same_purchase(columns: dict[str, str]):
    """Spreadsheets and data frames write dates and numbers each in its way; an id of its own would count it twice."""
    assert event_of(row_with(**columns)) == event_of(ROW)


def test_what_is_not_carried_may_be_in_any_encoding():
    """Much of it is in Latin-1: a product's name must not cost a sale. What is carried holds no such letter."""
    read_row = InvoiceLines()
    row = row_with(Description="CAF\u00c9 SIGN").encode("latin-1")
    assert read_row(row, line=2, end=0).data == InvoiceLines()(ROW.encode(), line=2, end=0).data
    with pytest.raises(BadRow, match="StockCode is"):
        read_row(row_with(StockCode="9021\u00c9").encode("latin-1"), line=3, end=0)


def test_memory_is_of_the_latest_invoices():
    """A file of any size is read in the same room; an invoice that comes again so much later is a re-sent one."""
    others = [row_with(InvoiceNo=str(number)) for number in range(800_000, 800_000 + 2 * OPEN_INVOICES)]
    between = others[:OPEN_INVOICES]
    assert ids_of(ROW, *between[1:], ROW)[-1] == ids_of(ROW, ROW)[-1]
    assert ids_of(ROW, *between, ROW)[-1] == ids_of(ROW)[-1]
    assert ids_of(ROW, *between[1:], ROW, *others[OPEN_INVOICES + 1 :], ROW)[-1] == ids_of(ROW, ROW, ROW)[-1]


@given(
    st.lists(st.tuples(st.integers(0, 90), st.lists(st.sampled_from(["POST", "9021A"]), min_size=1)), min_size=1),
    st.data(),
)
def test_what_two_files_both_hold_counts_once(invoices: list[tuple[int, list[str]]], data: st.DataObject):
    """The two sheets of Online Retail II overlap by nine days: put together, they must not double the sales."""
    rows: list[str] = []
    at = datetime(2011, 3, 1)
    for number, (minutes, products) in enumerate(invoices):
        at += timedelta(minutes=minutes)
        rows += [row_with(InvoiceNo=str(700_000 + number), InvoiceDate=str(at), StockCode=each) for each in products]
    overlap = at - data.draw(st.integers(61, 60 * 24 * 9)) * timedelta(minutes=1)
    begun = next((n for n, row in enumerate(rows) if datetime.fromisoformat(row.split(",")[4]) >= overlap), 0)
    begins = row_with(InvoiceNo="1", InvoiceDate=str(overlap))
    ids = ids_of(*rows, begins)
    assert ids_of(*rows, begins, *rows[begun:]) == [*ids, *ids[begun:-1]]


def test_a_file_in_the_other_direction_of_time_counts_once_as_well():
    """Where the newest stands first, time never goes back much; that so many invoices come again is enough."""
    rows = [row_with(InvoiceNo=str(number), InvoiceDate=f"2011-03-01 09:{59 - number:02}:00") for number in range(60)]
    assert ids_of(*rows, *rows) == ids_of(*rows) * 2


def test_a_clock_that_goes_back_a_little_begins_no_other_file():
    """Tills are not to the minute: the second of two lines alike is a purchase still."""
    earlier = row_with(InvoiceNo="700002", InvoiceDate="2011-03-01 08:15:00")
    assert ids_of(ROW, earlier, ROW)[-1] == ids_of(ROW, ROW)[-1]


def test_a_country_that_is_cut_off_does_no_harm():
    """It is not carried; a number that is cut off would be another one."""
    assert event_of(ROW[:-3], ended=False) == event_of(ROW)
    with pytest.raises(BadRow, match="7 columns"):
        event_of(ROW.removesuffix(",Norway")[:-2], ended=False)


@given(
    st.lists(st.text(max_size=70) | st.binary(max_size=9).map(undecoded), min_size=8, max_size=8),
    st.sets(st.integers(0, 7), max_size=2),
)
def test_a_line_is_an_event_for_the_domain_or_it_is_bad(texts: list[str], replaced: set[int]):
    """What replay sends as an event must never be rejected downstream."""
    columns = [texts[i] if i in replaced else column for i, column in enumerate(ROW.split(","))]
    try:
        record = InvoiceLines()(",".join(columns).encode(errors="surrogateescape"), line=2, end=0)
    except BadRow:
        return
    assert isinstance(parse(record.data, arrived_at=ARRIVED_AT.replace(year=2199)), Event)


def test_the_recorded_seven_months_give_every_purchase_and_every_cent(recorded: Path):
    """Worked out a second time from the file; each of the 245,903 rows is sent or bad."""
    path = recorded / "uci-online-retail-2010-12-to-2011-06.csv.gz"
    cents: list[Decimal] = []
    with io.TextIOWrapper(gzip.open(path), encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            price = (Decimal(row["Quantity"]) * Decimal(row["UnitPrice"])).quantize(Decimal("0.01"), ROUND_HALF_UP)
            if row["CustomerID"] and row["InvoiceNo"][0] != "C" and price > 0 and " " not in row["StockCode"]:
                cents.append(price)
    bad: list[tuple[int, bytes, str]] = []
    rows = list(records(path, bad_row=lambda *what: bad.append(what)))
    events = [json.loads(row.data) for row in rows]
    assert (len(rows), len(bad)) == (len(cents), 245_903 - len(cents)) == (172_630, 73_273)
    assert len({event["event_id"] for event in events}) == len(rows)
    assert [Decimal(event["price"]) for event in events] == cents
    assert all(isinstance(parse(row.data, arrived_at=ARRIVED_AT), Event) for row in rows[::10])
