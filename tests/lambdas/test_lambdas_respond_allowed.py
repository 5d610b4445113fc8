"""The allow list wins over every rule within a minute, and its troubles cost nobody an alert."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from shop import OPENED_AT, SHOPPER, Calls, Crash, Shop, crash, incident

from commerce.incident import to_line
from lambdas.respond.row import CLAIM


def seen_again(minutes: int = 3, **changes: Any) -> bytes:
    return to_line(incident(**{"state": "extended", "last_seen_at": OPENED_AT + timedelta(minutes=minutes)} | changes))


def counted(output: str, name: str) -> int:
    lines = [json.loads(line) for line in output.splitlines() if '"_aws"' in line]
    return int(sum(sum(line[name]) for line in lines if name in line))


def test_an_incident_of_an_allowed_subject_is_stored_and_gives_no_alert(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shop's own monitor is no attack, and yet it can be looked up what it did and why nobody was told."""
    entry = shop.allow()
    assert shop.deliver([to_line(incident()), seen_again()]) == []
    assert shop.deliver([to_line(incident(state="closed"))]) == []
    (row,) = shop.rows().values()
    assert (row.incident.state, row.allowed_because, row.allowed_until) == ("closed", entry.because, entry.expires_at)
    assert row.alerted_at is None
    assert shop.alerts() == []
    output = capsys.readouterr().out
    assert counted(output, "IncidentsAllowed") == counted(output, "IncidentsOpened") == 1
    assert counted(output, "AlertsSent") == 0
    assert SHOPPER not in "".join(line for line in output.splitlines() if "_aws" in line)


@pytest.mark.parametrize(
    ("subject_type", "listed", "subject"),
    [
        ("session", "s-1", "s-1"),
        ("address", "192.0.2.7", "192.0.2.7"),
        ("address", "192.0.2.0/24", "192.0.2.7"),
        ("site", "site", "site"),
    ],
)
def test_every_type_of_subject_can_be_allowed(shop: Shop, subject_type: str, listed: str, subject: str) -> None:
    """A surge that was announced in the press is the site's."""
    shop.allow(listed, subject_type=subject_type)
    shop.deliver([to_line(incident(subject_type=subject_type, subject=subject)), to_line(incident(subject="other"))])
    assert shop.alerts() == [incident(subject="other").incident_id]


def test_an_entry_counts_within_a_minute_in_a_warm_function(shop: Shop) -> None:
    """Whoever allows a subject does it because the mails go on."""
    container = shop.container()
    shop.deliver([to_line(incident(subject="another"))], container=container)
    shop.allow()
    shop.clock.wait(30)
    shop.deliver([to_line(incident())], container=container)
    assert shop.alerts() == [incident(subject="another").incident_id]


def test_the_list_is_read_at_most_every_thirty_seconds(shop: Shop) -> None:
    """However many incidents: an attack must not cost a read each."""
    reads = Calls()
    container = shop.container(reads=reads)
    for second in range(61):
        shop.deliver([to_line(incident(subject=f"u{second}-{n}")) for n in range(3)], container=container)
        shop.clock.wait(1)
    assert reads.made == ["scan"] * 3


def test_a_batch_without_incidents_reads_nothing(shop: Shop) -> None:
    """Tallies come every few seconds, all day."""
    reads = Calls()
    shop.deliver([b"\n"], container=shop.container(reads=reads))
    assert reads.made == []


def test_all_pages_of_the_list_are_read(shop: Shop) -> None:
    """A scan returns a megabyte at a time; entries behind it count as much."""
    subjects = [f"u{number}" for number in range(5)]
    for subject in subjects:
        shop.allow(subject)
    real = shop.dynamodb

    class Paged:
        def scan(self, **arguments: Any) -> Any:
            return real.scan(**arguments, Limit=2)

    container = shop.container()
    container.allowed.client = Paged()
    shop.deliver([to_line(incident(subject=subject)) for subject in [*subjects, "other"]], container=container)
    assert shop.alerts() == [incident(subject="other").incident_id]


def test_an_entry_added_while_an_episode_is_open_ends_its_alerts(shop: Shop) -> None:
    """An alert that a crashed container left pending is not sent any more."""
    with pytest.raises(Crash):
        shop.deliver([to_line(incident())], calls=Calls(before={1: crash}))
    shop.allow()
    shop.clock.wait(CLAIM.total_seconds())
    assert shop.deliver([to_line(incident()), seen_again()]) == []
    assert shop.alerts() == []


def test_an_episode_that_goes_on_after_the_entry_expired_gives_its_alert_once(shop: Shop) -> None:
    """As one that has just opened: from now on it is an attack."""
    entry = shop.allow()
    shop.deliver([to_line(incident())])
    shop.clock.time = entry.expires_at
    for minutes in (3, 4, 4, 5):
        assert shop.deliver([seen_again(minutes)]) == []
    assert shop.deliver([seen_again(6, state="closed")]) == []
    assert len(shop.alerts()) == 1
    (row,) = shop.rows().values()
    assert (row.allowed_because, row.allowed_until) == (None, None)


def test_a_repetition_after_the_entry_expired_gives_no_alert(shop: Shop) -> None:
    """Records are delivered again for hours; nothing happened that was not allowed."""
    entry = shop.allow()
    shop.deliver([to_line(incident()), seen_again()])
    shop.clock.time = entry.expires_at
    assert shop.deliver([to_line(incident()), seen_again(), seen_again(state="closed")]) == []
    assert shop.alerts() == []
    (row,) = shop.rows().values()
    assert (row.incident.state, row.allowed_until) == ("closed", entry.expires_at)


def test_an_episode_that_was_alerted_before_it_was_allowed_is_not_alerted_again(shop: Shop) -> None:
    """One alert an episode, whatever happens to the list."""
    shop.deliver([to_line(incident())])
    entry = shop.allow()
    shop.deliver([seen_again(3)])
    shop.clock.time = entry.expires_at
    shop.deliver([seen_again(4)])
    assert len(shop.alerts()) == 1


def test_a_removed_entry_covers_no_more(shop: Shop) -> None:
    """Somebody who allowed an attacker by mistake hears of the attack as soon as it is seen again."""
    container = shop.container()
    shop.allow()
    shop.deliver([to_line(incident())], container=container)
    shop.allow(removed_at=shop.clock.now())
    shop.clock.wait(30)
    shop.deliver([seen_again()], container=container)
    assert len(shop.alerts()) == 1


def unreadable() -> None:
    raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": f"about {SHOPPER}"}}, "Scan")


def test_a_list_that_cannot_be_read_costs_no_alert(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing permission must not silence the platform; it is logged and counted."""
    shop.allow()
    container = shop.container(reads=Calls(before={0: unreadable}))
    assert shop.deliver([to_line(incident())], container=container) == []
    assert len(shop.alerts()) == 1
    assert counted(capsys.readouterr().out, "AllowListUnread") == 1
    (line,) = [line for line in shop.log_lines() if line["level"] == "WARNING"]
    assert line["reason"] == "AccessDeniedException"
    assert SHOPPER not in shop.log.getvalue()


def test_the_last_list_holds_while_none_can_be_read_and_no_entry_beyond_its_end(shop: Shop) -> None:
    """An outage of the table must not let loose the alerts of all that is allowed, nor allow anybody for ever."""
    entry = shop.allow()
    reads = Calls(before=dict.fromkeys(range(1, 9), unreadable))
    container = shop.container(reads=reads)
    shop.deliver([to_line(incident())], container=container)
    shop.clock.wait(40)
    shop.deliver([seen_again(3)], container=container)
    shop.deliver([seen_again(4)], container=container)
    assert (reads.made, shop.alerts()) == (["scan"] * 2, [])
    shop.clock.time = entry.expires_at
    shop.deliver([seen_again(5)], container=container)
    assert len(shop.alerts()) == 1


def test_an_entry_that_cannot_be_read_does_not_take_the_others_along(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody edited the table by hand."""
    shop.allow()
    strange = {"subject_key": {"S": "user#7"}, "ends_at": {"S": "soon"}}
    shop.dynamodb.put_item(TableName=shop.settings.allow_list_table, Item=strange)
    shop.deliver([to_line(incident()), to_line(incident(subject="7"))])
    assert shop.alerts() == [incident(subject="7").incident_id]
    assert counted(capsys.readouterr().out, "AllowListUnread") == 1


def test_without_a_table_there_is_no_list(shop: Shop) -> None:
    """A stage may do without one."""
    reads = Calls()
    container = shop.container(reads=reads)
    container.allowed.table = ""
    shop.deliver([to_line(incident())], container=container)
    assert (reads.made, len(shop.alerts())) == ([], 1)
