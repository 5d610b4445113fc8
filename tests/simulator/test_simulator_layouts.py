"""Which layout a file is in, and that each of them can be gone on with anywhere."""

import gzip
from pathlib import Path
from typing import get_args

import pytest

from simulator import kaggle, uci_retail
from simulator.known_layouts import LAYOUTS
from simulator.layout import LayoutName
from simulator.record import Fault, Record
from simulator.replay import Position, records

SESSION = "72d76fde-8bb3-4e00-8c23-a032dfed738c"
INVOICE = "700001,9021A,TEA TOWEL,6,2011-03-01 09:15:00,2.55,15500.0,Norway"
CANCELLED = "C700002,9021A,TEA TOWEL,-6,2011-03-01 09:16:00,2.55,15500.0,Norway"
# A few rows of each, some alike, some bad.
FILES: dict[LayoutName, list[str]] = {
    "kaggle": [
        kaggle.HEADER,
        *(f"2019-10-01 00:00:0{second} UTC,view,{second},1,,b,1.00,7,{SESSION}" for second in range(1, 5)),
        "x",
    ],
    "taobao": ["71,4002,305,pv,1511740800", "71,4002,305,click,1511740801", "71,4003,305,buy,1511740802"],
    "uci-retail": [
        uci_retail.HEADER,
        INVOICE,
        CANCELLED,
        INVOICE,
        INVOICE.replace("700001", "700003"),
        "",
        INVOICE,
        INVOICE.replace("700001", "700003"),
    ],
}
EACH_LAYOUT = pytest.mark.parametrize("name", get_args(LayoutName))


def write(path: Path, rows: list[str], *, mark: bytes = b"") -> Path:
    path.write_bytes(mark + "".join(f"{row}\n" for row in rows).encode())
    return path


def read(path: Path, **options) -> tuple[list[Record], list[tuple[int, bytes, str]]]:
    bad: list[tuple[int, bytes, str]] = []
    return list(records(path, bad_row=lambda *what: bad.append(what), **options)), bad


def test_every_name_has_its_layout():
    """The command line offers the names, the registry reads them."""
    assert tuple(LAYOUTS) == get_args(LayoutName)
    assert [layout.name for layout in LAYOUTS.values()] == list(LAYOUTS)


@EACH_LAYOUT
def test_the_first_line_tells_the_layout(tmp_path: Path, name: LayoutName):
    """Nobody has to name what can be seen; the first row of a file without a header is a row."""
    path = write(tmp_path / "recorded.csv", FILES[name])
    rows, bad = read(path)
    assert (rows, bad) == read(path, layout=name)
    with_header = LAYOUTS[name].header is not None
    assert len(rows) + len(bad) == sum(map(bool, FILES[name])) - with_header
    assert rows[0].source_line == 1 + with_header
    assert bad


@EACH_LAYOUT
def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path, name: LayoutName):
    """Spreadsheets write one; an id that began with it would be another user's."""
    plain = read(write(tmp_path / "plain.csv", FILES[name]))[0]
    marked = read(write(tmp_path / "marked.csv", FILES[name], mark=b"\xef\xbb\xbf"))[0]
    assert [row.data for row in marked] == [row.data for row in plain]


@EACH_LAYOUT
@pytest.mark.parametrize("packed", [False, True])
def test_every_layout_goes_on_after_any_position(tmp_path: Path, name: LayoutName, packed: bool):
    """The rest is the rest, with the same ids, also where a row like those before it comes next."""
    path = write(tmp_path / "recorded.csv", FILES[name])
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    whole, bad = read(path)
    assert len({row.data for row in whole}) == len(whole)
    for count, record in enumerate(whole, start=1):
        rest = read(path, after=Position(line=record.source_line, offset=record.source_end))
        assert rest == (whole[count:], [row for row in bad if row[0] > record.source_line])


@EACH_LAYOUT
def test_a_file_shorter_than_the_position_is_refused_in_every_layout(tmp_path: Path, name: LayoutName):
    """It is not the file that was begun."""
    with pytest.raises(Fault, match="without --resume"):
        records(write(tmp_path / "recorded.csv", FILES[name]), after=Position(line=99, offset=100_000))


@pytest.mark.parametrize("first", ["a,b", "", "71,4002,305,click,1511740800", "InvoiceNo,StockCode", "\x00\x01"])
def test_what_cannot_be_recognised_is_refused_with_the_layouts_there_are(tmp_path: Path, first: str):
    """Guessing would send a file of another kind."""
    with pytest.raises(Fault, match=r"other\.csv: line 1 is .*: kaggle, taobao, uci-retail$"):
        records(write(tmp_path / "other.csv", [first, "71,4002,305,pv,1511740800"]))


def test_a_layout_can_be_forced_on_a_file_whose_first_row_is_bad(tmp_path: Path):
    """The row is bad, the file is not."""
    rows, bad = read(write(tmp_path / "recorded.csv", ["half a row", *FILES["taobao"]]), layout="taobao")
    assert [row.source_line for row in rows] == [2, 4]
    assert [line for line, _, _ in bad] == [1, 3]


@pytest.mark.parametrize("name", ["kaggle", "uci-retail"])
def test_a_forced_layout_still_wants_its_header(tmp_path: Path, name: LayoutName):
    """Columns in another order would be other things."""
    with pytest.raises(Fault, match=r"line 1 is '71,4002,.*expected the header"):
        records(write(tmp_path / "recorded.csv", FILES["taobao"]), layout=name)
