"""Every recorded file of a folder is measured, and none looks good only because nothing in it could be read."""

import gzip

import pytest

from commerce.rules import REQUEST_FLOOD
from evaluation import wording
from evaluation.engines import QuickEngine
from evaluation.recorded import Recorded, measure_recorded

HEADER = "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
FLOOD = [f"2019-11-01 00:00:{i % 60:02d} UTC,view,{i},1,,,9.99,7,s" for i in range(130)]
TAOBAO = "1,2,3,pv,1511544070"


def packed(*rows: str) -> bytes:
    return gzip.compress("\n".join(rows).encode() + b"\n")


def measured(folder):
    return list(measure_recorded(folder, engine=QuickEngine(), rules=[REQUEST_FLOOD]))


def test_each_file_that_begins_like_a_recording_is_measured(tmp_path):
    """Whatever its name, so another month of the same shop is measured, too."""
    (tmp_path / "2019-Nov.csv").write_text("\n".join([HEADER, *sorted(FLOOD), "no row"]))
    (tmp_path / "b.gz").write_bytes(packed(TAOBAO, TAOBAO))
    (tmp_path / "README.md").write_text("# About these files\n")
    (tmp_path / "folder.csv").mkdir()
    assert measured(tmp_path) == [
        Recorded(file="2019-Nov.csv", events=130, bad_rows=1, incidents=1),
        Recorded(file="b.gz", events=2),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ((HEADER + "\n").encode(), "none of its 0 rows"),
        ("\n".join([HEADER, *(row.replace("view", "look") for row in FLOOD)]).encode(), "none of its 130 rows"),
        (packed(HEADER, *FLOOD)[:-9], "cut off"),
    ],
    ids=["no rows", "no events", "cut off"],
)
def test_a_file_without_events_is_left_out_and_no_quiet_day(tmp_path, content, reason):
    """No incident in no event says nothing, and the files after it are still measured."""
    (tmp_path / "a.csv").write_bytes(content)
    (tmp_path / "b.csv").write_text(TAOBAO)
    first, second = measured(tmp_path)
    assert reason in first.skipped and second == Recorded(file="b.csv", events=1)


@pytest.mark.parametrize("name", ["", "none"])
def test_a_folder_without_recordings_says_so(tmp_path, name):
    """An empty table would look as if nobody had asked."""
    (found,) = measured(tmp_path / name)
    assert found.skipped


def test_rows_that_are_no_event_are_shown():
    """So many of them, and the file is not what it is taken for."""
    shown = wording.recorded(Recorded(file="x", events=5, bad_rows=1234))
    assert shown == "0 incidents in 5 events; rows that are no event: 1,234"
