"""An entry of the allow list covers whom it names until it expires, and reads back as it was written."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.allowance import Allowance, AllowanceError, AllowList, checked, from_items, to_item
from commerce.rules.rule import SubjectType

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def entry(**changes: Any) -> Allowance:
    values: dict[str, Any] = {
        "subject_type": "user",
        "subject": "123",
        "because": "our price checker",
        "added_at": NOW,
        "added_by": "keeper",
        "expires_at": NOW + timedelta(hours=1),
    }
    return checked(Allowance(**values | changes))


def covers(allowance: Allowance, subject_type: str, subject: str, *, after: timedelta = timedelta()) -> bool:
    return AllowList([allowance]).covering(subject_type, subject, at=NOW + after) is not None


def test_an_entry_covers_its_subject_and_no_other() -> None:
    """A session may have the id that another shop's user has."""
    assert covers(entry(), "user", "123")
    assert not covers(entry(), "user", "1234")
    assert not covers(entry(), "session", "123")


def test_an_entry_ends_with_the_second_it_names() -> None:
    """DynamoDB deletes expired rows days later, so whoever reads has to look at the clock."""
    assert covers(entry(), "user", "123", after=timedelta(minutes=59, seconds=59))
    assert not covers(entry(), "user", "123", after=timedelta(hours=1))


def test_a_removed_entry_covers_nobody() -> None:
    """It is still in the table, for the lake to hear of it."""
    assert not covers(Allowance(**vars(entry()) | {"removed_at": NOW}), "user", "123")


@pytest.mark.parametrize(
    ("listed", "address", "covered"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("192.0.2.0/24", "192.0.2.8", True),
        ("192.0.2.0/24", "192.0.3.8", False),
        ("2001:db8::/32", "2001:DB8:0:0::1", True),
        ("2001:DB8::1", "2001:db8:0:0::1", True),
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("::ffff:192.0.2.0/120", "192.0.2.8", True),
        ("::ffff:192.0.2.0/120", "192.0.3.8", False),
        ("::ffff:0:0/96", "192.0.2.8", True),
        ("::/0", "192.0.2.7", False),
        ("192.0.2.0/24", "fe80::", False),
        ("192.0.2.0/24", "no address", False),
    ],
)
def test_an_address_is_covered_by_itself_and_by_its_network(listed: str, address: str, covered: bool) -> None:
    """However it is written: shops send what the socket says."""
    assert covers(entry(subject_type="address", subject=listed), "address", address) is covered


def test_of_several_entries_the_one_that_holds_longest_counts() -> None:
    """A network for a month and one address of it for a year are both meant."""
    short = entry(subject_type="address", subject="192.0.2.0/24")
    long = entry(subject_type="address", subject="192.0.2.7", expires_at=NOW + timedelta(days=9))
    assert AllowList([long, short]).covering("address", "192.0.2.7", at=NOW) == long
    assert AllowList([short, long]).covering("address", "192.0.2.7", at=NOW) == long


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subject_type": "shopper"}, "'shopper' is no type of subject: there are user, session, address, site"),
        ({"subject": ""}, "'' is no user id"),
        ({"subject": "12 3"}, "'12 3' is no user id"),
        ({"subject_type": "session", "subject": "x" * 65}, "is no session id"),
        ({"subject_type": "address", "subject": "192.0.2.300"}, "'192.0.2.300' is neither an address nor a network"),
        ({"subject_type": "address", "subject": "192.0.2.7/24"}, "has host bits set"),
        ({"subject_type": "site", "subject": "shop"}, "the subject of the type site is 'site', not 'shop'"),
        ({"because": " "}, "because has to be a line"),
        ({"because": "one\ntwo"}, "because has to be a line"),
        ({"added_by": ""}, "added_by has to be a line"),
        ({"expires_at": NOW}, "until 2026-03-01T12:00:00.000Z is in the past"),
    ],
)
def test_what_cannot_be_an_entry_is_refused_in_a_line(changes: dict[str, Any], message: str) -> None:
    """An entry that covers nobody looks as if it did."""
    with pytest.raises(AllowanceError) as refusal:
        entry(**changes)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


SUBJECTS = st.one_of(
    st.tuples(st.sampled_from(["user", "session"]), st.from_regex(r"[a-z_-]{1,9}", fullmatch=True)),
    st.tuples(st.just("address"), st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)),
    st.just(("site", "site")),
)


@given(SUBJECTS, st.integers(1, 10**9), st.booleans())
def test_an_entry_reads_back_as_it_was_written(subject: tuple[str, str], seconds: int, removed: bool) -> None:
    """Three programs read it, and one writes it."""
    written = entry(subject_type=subject[0], subject=subject[1], expires_at=NOW + timedelta(seconds=seconds))
    if removed:
        written = Allowance(**vars(written) | {"removed_at": NOW})
    assert from_items([to_item(written)]) == ([written], 0)


def test_a_removed_entry_is_kept_until_the_lake_has_heard_of_it() -> None:
    """Gone at once, it would look like one that expired, and its verdicts would never come back."""
    item = to_item(Allowance(**vars(entry()) | {"removed_at": NOW}))
    assert int(item["expires_at"]["N"]) == int((NOW + timedelta(days=30)).timestamp())


def test_an_entry_that_ended_is_kept_until_the_lake_has_heard_of_it() -> None:
    """One that began and ended between two nights would be gone before the lake has looked."""
    item = to_item(entry())
    assert int(item["expires_at"]["N"]) == int((entry().expires_at + timedelta(days=30)).timestamp())
    for_good = entry(expires_at=datetime(9999, 12, 31, tzinfo=UTC))
    assert from_items([to_item(for_good)]) == ([for_good], 0)


def test_an_entry_of_an_earlier_version_ends_when_its_row_may_be_deleted() -> None:
    """There was no other word on its end."""
    item = to_item(entry()) | {"expires_at": {"N": str(int(entry().expires_at.timestamp()))}}
    del item["ends_at"]
    assert from_items([item]) == ([entry()], 0)


def test_an_item_that_is_no_entry_is_counted_and_the_others_are_read() -> None:
    """Somebody may have edited the table by hand."""
    older = {name: value for name, value in to_item(entry()).items() if name != "ends_at"}
    strange = [{}, {"subject_key": {"S": "user#1"}}, {**to_item(entry()), "ends_at": {"S": "soon"}}]
    strange.append({**to_item(entry()), "subject_key": {"S": "shopper#1"}})
    strange += [{**older, "expires_at": {"S": "soon"}}, {**older, "expires_at": {"N": "9" * 40}}]
    assert from_items([*strange, to_item(entry())]) == ([entry()], len(strange))


@pytest.mark.parametrize("subject", ["2001:DB8::1", "::ffff:192.0.2.7", "192.0.2.7/32"])
def test_an_item_whose_subject_is_not_in_its_usual_form_is_no_entry(subject: str) -> None:
    """Whoever removed it would write a row of that form beside it, and it would go on to hold."""
    by_hand = {
        **to_item(entry(subject_type="address", subject="192.0.2.8")),
        "subject_key": {"S": f"address#{subject}"},
    }
    assert from_items([by_hand]) == ([], 1)


@pytest.mark.parametrize("subject_type", list(SubjectType))
def test_every_type_of_subject_can_be_allowed(subject_type: SubjectType) -> None:
    """The allow list wins over every rule, whatever the rule watches."""
    subject = {"address": "192.0.2.7", "site": "site"}.get(subject_type, "a-1")
    assert covers(entry(subject_type=subject_type.value, subject=subject), subject_type.value, subject)
