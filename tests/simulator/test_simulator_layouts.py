"""Which layout a file is in, and that each of them can be gone on with anywhere."""

import bz2
import csv
import gzip
import io
import lzma
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import kaggle, uci_retail
from simulator.known_layouts import LAYOUTS
from simulator.layout import LayoutName
from simulator.record import Fault, Record
from simulator.recorded_file import FIRST_LINES, LONGEST_ROW_BYTES
from simulator.replay import Position, Recording, records
from simulator.sample import sample

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
WITH_HEADER = pytest.mark.parametrize("name", ["kaggle", "uci-retail"])


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
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_layout_goes_on_after_any_position(tmp_path: Path, name: LayoutName, packed: bool, mark: bytes):
    """The rest is the rest, with the same ids, also where a row like those before it comes next."""
    path = write(tmp_path / "recorded.csv", FILES[name], mark=mark)
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


@pytest.mark.parametrize("first", ["a,b", "", "71,4002,305,click,1511740800", "InvoiceNo,StockCode", "\x00\x01", '"'])
def test_what_cannot_be_recognised_is_refused_with_the_layouts_there_are(tmp_path: Path, first: str):
    """Guessing would send a file of another kind."""
    with pytest.raises(Fault, match=r"other\.csv: line 1 is .*: kaggle, taobao, uci-retail$"):
        records(write(tmp_path / "other.csv", [first, kaggle.HEADER, uci_retail.HEADER]))


@pytest.mark.parametrize(
    "damaged", ["2,305,pv,1511740800", "71,4002,305,pv,-2134967032", "user_id,item_id", "", "\x00"]
)
def test_rows_without_a_header_are_recognised_by_any_of_the_first(tmp_path: Path, damaged: str):
    """A slice of a file may begin anywhere: one damaged row is a bad row."""
    whole, bad = read(write(tmp_path / "whole.csv", FILES["taobao"]))
    rows, others = read(write(tmp_path / "damaged.csv", [damaged, *FILES["taobao"]]))
    assert [row.data for row in rows] == [row.data for row in whole]
    assert len(others) == len(bad) + bool(damaged)


@pytest.mark.parametrize("begins", [["x"] * FIRST_LINES, ["x" * (LONGEST_ROW_BYTES + 2)]])
def test_lines_far_down_or_behind_no_line_do_not_show_a_layout(tmp_path: Path, begins: list[str]):
    """So much that is no row is another file, or a broken one."""
    with pytest.raises(Fault, match="begins no known layout"):
        records(write(tmp_path / "other.csv", begins + FILES["taobao"]))


def test_rows_in_the_order_of_time_are_recognised(tmp_path: Path):
    """The earliest times of Taobao's file are negative: a slice of it may begin with many."""
    before_all = ["71,4002,305,pv,-2134967032"] * FIRST_LINES
    assert len(read(write(tmp_path / "recorded.csv", before_all + FILES["taobao"]))[0]) == 2


def test_a_layout_can_be_forced_on_a_file_whose_first_row_is_bad(tmp_path: Path):
    """The row is bad, the file is not."""
    rows, bad = read(write(tmp_path / "recorded.csv", ["half a row", *FILES["taobao"]]), layout="taobao")
    assert [row.source_line for row in rows] == [2, 4]
    assert [line for line, _, _ in bad] == [1, 3]


@WITH_HEADER
def test_a_forced_layout_still_wants_its_header(tmp_path: Path, name: LayoutName):
    """Columns in another order would be other things."""
    with pytest.raises(Fault, match=r"line 1 is '71,4002,.*expected the header"):
        records(write(tmp_path / "recorded.csv", FILES["taobao"]), layout=name)


def exported(rows: list[str], change: Callable[[list[str]], list[str]], **dialect) -> list[str]:
    """Return the rows as another program writes them; a row that is none stays as it is."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", **dialect)
    width = len(rows[0].split(","))
    for row in rows:
        values = row.split(",")
        if len(values) == width:
            writer.writerow(change(values))
        else:
            out.write(f"{row}\n")
    return out.getvalue().splitlines()


@WITH_HEADER
@given(st.data())
def test_a_file_that_was_exported_again_gives_the_same_events(name: LayoutName, data: st.DataObject):
    """Columns are found by their names, wherever they stand, whatever is between them and beside them."""
    plain = FILES[name]
    order = data.draw(st.permutations(range(len(plain[0].split(",")))))
    added = data.draw(st.sampled_from([0, 1, len(order)]) | st.none())

    def change(values: list[str]) -> list[str]:
        values = [values[place] for place in order]
        return values if added is None else [*values[:added], "" if values[0] in plain[0] else "5", *values[added:]]

    quoting = data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    rows = exported(plain, change, delimiter=data.draw(st.sampled_from(",;\t")), quoting=quoting)
    with tempfile.TemporaryDirectory() as folder:
        whole, bad = read(write(Path(folder) / "plain.csv", plain))
        events, others = read(write(Path(folder) / "again.csv", rows))
    assert [(event.data, event.source_line) for event in events] == [(event.data, event.source_line) for event in whole]
    assert [line for line, _, _ in others] == [line for line, _, _ in bad]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("kaggle", kaggle.HEADER.replace(",", ", ")),
        ("kaggle", '"' + kaggle.HEADER.replace(",", '", "') + '"'),
        ("kaggle", kaggle.HEADER.upper()),
        ("uci-retail", "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"),
        ("uci-retail", "invoice_no,stock_code,description,quantity,invoice_date,unit_price,customer_id,country"),
    ],
)
def test_names_may_be_written_another_way(tmp_path: Path, name: LayoutName, header: str):
    """Online Retail II calls three of the columns otherwise; programs put blanks and underscores into names."""
    plain = read(write(tmp_path / "recorded.csv", FILES[name]))
    again = write(tmp_path / "recorded.csv", [header, *FILES[name][1:]])
    assert [row.data for row in read(again)[0]] == [row.data for row in plain[0]]
    assert read(again, layout=name) == read(again)


@WITH_HEADER
@pytest.mark.parametrize("change", [lambda names: names[1:], lambda names: [*names, names[0]]])
def test_a_header_without_a_column_or_with_two_of_it_is_refused(tmp_path: Path, name: LayoutName, change):
    """Which of the two it is would be a guess."""
    path = write(tmp_path / "recorded.csv", exported(FILES[name], change))
    with pytest.raises(Fault, match="begins no known layout"):
        records(path)
    with pytest.raises(Fault, match="expected the header"):
        records(path, layout=name)


@WITH_HEADER
def test_the_last_column_of_a_row_that_may_be_cut_off_is_not_taken(tmp_path: Path, name: LayoutName):
    """Half a price is another price; a column that is not carried, and a whole visit, do no harm."""
    for first in range(len(FILES[name][0].split(","))):
        for added in ([], ["more"]):
            rows = exported(
                FILES[name][:2], lambda values, at=first, more=added: values[at + 1 :] + values[: at + 1] + more
            )
            path = write(tmp_path / "recorded.csv", rows)
            path.write_bytes(path.read_bytes()[:-1])
            events, bad = read(path)
            harmless = rows[0].split(",")[-1] in ("user_session", "Description", "Country", "more")
            assert (len(events), len(bad)) == ((1, 0) if harmless else (0, 1)), rows[0]


def test_a_sample_is_cut_only_where_the_columns_stand_as_published(tmp_path: Path):
    """It takes the user's column by its place."""
    reversed_columns = exported(FILES["kaggle"], lambda values: values[::-1])
    with pytest.raises(Fault, match="other columns than the header event_time,"):
        sample(write(tmp_path / "recorded.csv", reversed_columns), tmp_path / "sample.csv", users=1.0)


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("recorded.csv", content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("pack", "advice"),
    [
        (zipped, "a ZIP file or a workbook: unpack it first"),
        (lzma.compress, "packed with xz: unpack it first"),
        (bz2.compress, "packed with bzip2: unpack it first"),
        (lambda content: b"\x28\xb5\x2f\xfd" + content, "packed with zstd: unpack it first"),
        (lambda content: content.decode().encode("utf-16"), "UTF-16: save it in UTF-8"),
    ],
)
@pytest.mark.parametrize("layout", [None, "taobao"])
def test_a_file_packed_otherwise_is_refused_with_what_to_do(tmp_path: Path, pack, advice: str, layout):
    """Forty bytes of it would tell nobody."""
    path = write(tmp_path / "recorded.csv", FILES["taobao"])
    path.write_bytes(pack(path.read_bytes()))
    with pytest.raises(Fault, match=advice):
        records(path, layout=layout)


@EACH_LAYOUT
@pytest.mark.parametrize("damage", [b"\0" * (3 * LONGEST_ROW_BYTES), b"\r" * (2 * LONGEST_ROW_BYTES)])
def test_a_row_of_any_length_is_one_bad_row(tmp_path: Path, name: LayoutName, damage: bytes):
    """A broken download leaves a block of nothing: what comes after it counts, now and after going on."""
    path = write(tmp_path / "recorded.csv", FILES[name])
    whole, bad = read(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[1].rstrip() + damage + b"\n", *lines[2:]]))
    events, others = read(path)
    assert [event.data for event in events] == [event.data for event in whole]
    (found,) = [row for row in others if "bytes long" in row[2]]
    assert (found[0], len(found[1])) == (3, LONGEST_ROW_BYTES + 1)
    assert len(others) == len(bad) + 1
    for count, event in enumerate(events, start=1):
        rest = read(path, after=Position(line=event.source_line, offset=event.source_end))
        assert rest == (events[count:], [row for row in others if row[0] > event.source_line])


@EACH_LAYOUT
def test_a_pipe_reads_like_the_file(tmp_path: Path, name: LayoutName):
    """What another program unpacks cannot be gone back in; how much of it is left nobody knows."""
    path = write(tmp_path / "recorded.csv", FILES[name], mark=b"\xef\xbb\xbf")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=lambda: pipe.write_bytes(path.read_bytes()))
    writer.start()
    bad: list[tuple[int, bytes, str]] = []
    recording = Recording(pipe, bad_row=lambda *what: bad.append(what))
    assert recording.fraction == 0.0
    assert (list(recording), bad) == read(path)
    writer.join()
