"""Labelled sessions become page views, and the figure says how well bots are told from people."""

import gzip

import pytest
from watched import every

from commerce.rules import ADDRESS_FLOOD, METRONOME, REQUEST_FLOOD
from evaluation.certh import area_under_curve, measure_certh, page_views, score

HEADER = "session_id,label,time,method,path,status,bytes,referrer"


def row(session, label, second, *, path="/index.php", method="GET"):
    return f"{session},{label},27/Oct/2019:22:{second // 60:02d}:{second % 60:02d} +0000,{method},{path},200,1,-"


@pytest.fixture
def requests(tmp_path):
    rows = [HEADER]
    rows += [row("b", "advanced_bot", i, path=f"/page{i}.php?x=1") for i in range(60)]
    rows += [row("p", "human", i * 9, path="/index.php") for i in range(6)]
    rows += [row("p", "human", i, path="/a.css") for i in range(60)]
    rows += [row("q", "human", 3, method="POST")]
    path = tmp_path / "requests.csv.gz"
    path.write_bytes(gzip.compress("\n".join(rows).encode()))
    return path


def test_page_views_are_what_a_visitor_asked_for(requests):
    """Not what a page brings along, nor what its scripts send."""
    views, labels = page_views(requests)
    assert {session: len(theirs) for session, theirs in views.items()} == {"b": 60, "p": 6}
    assert labels == {"b": "advanced_bot", "p": "human", "q": "human"}
    assert views["b"][0].product_id == "/page0.php"


def test_sessions_of_bots_score_higher(requests):
    """A session without a page view counts, too: with a score of nothing."""
    found = measure_certh(requests)
    assert (found.auc, found.bots, found.people, found.page_views) == (1.0, 1, 2, 66)


def test_a_score_is_how_near_a_session_came_to_a_rule():
    """1 is an incident; where a condition is far from holding, it is that one that counts."""
    assert score(every(0.5, count=60, user="u"), [REQUEST_FLOOD]) == 0.5
    assert score(every(0.5, count=120, user="u"), [REQUEST_FLOOD]) == 1.0
    assert score(every(30, count=50, user="u"), [METRONOME]) == pytest.approx(49 / 24)
    assert score([], [REQUEST_FLOOD]) == 0.0


@pytest.mark.parametrize(
    ("bots", "people", "auc"), [([3, 2], [1, 0], 1.0), ([1], [1], 0.5), ([0, 3], [1, 2], 0.5), ([], [1], None)]
)
def test_the_area_counts_the_pairs_told_apart(bots, people, auc):
    """A tie is half a pair."""
    assert area_under_curve(bots, people) == auc


def test_an_absent_file_is_left_out_with_the_reason(tmp_path):
    """The recorded data is nobody's duty to have."""
    assert "not there" in measure_certh(tmp_path / "none.csv.gz").skipped


def test_the_real_sessions_are_scored_as_they_are(recorded):
    """The figure is reported, not aimed at; it must only be one."""
    found = measure_certh(recorded / "certh-web-bot-train-requests.csv.gz")
    assert found.auc is not None and 0 <= found.auc <= 1
    assert (found.people, found.bots) == (35, 20)


@pytest.mark.parametrize(
    "content",
    [
        f"{HEADER}\n".encode(),
        gzip.compress(b"event_time,event_type\n1,view"),
        gzip.compress(f"{HEADER}\n{row('b', 'bot', 1).replace('Oct', '10')}".encode()),
        gzip.compress(f"{HEADER}\n".encode() * 1000)[:-9],
        gzip.compress(b"\xff\xfe"),
        b"",
    ],
    ids=["plain", "columns", "time", "cut off", "no text", "empty"],
)
def test_a_foreign_file_is_left_out_with_the_reason(tmp_path, content):
    """Whatever it is, it must not cost the measurement before it."""
    path = tmp_path / "foreign.csv.gz"
    path.write_bytes(content)
    found = measure_certh(path)
    assert found.auc is None and str(path) in found.skipped and "\n" not in found.skipped


def test_the_rules_that_are_measured_are_those_that_score(requests):
    """Whoever tries other thresholds tries them here, too; rules about others than users say nothing here."""
    assert measure_certh(requests, [ADDRESS_FLOOD]).auc == 0.5
    assert measure_certh(requests, [REQUEST_FLOOD]).auc == 1.0
