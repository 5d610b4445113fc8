"""What the stream has forgotten comes from the archive: the same incidents, under the names they have there."""

import base64
import gzip
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
from dead_post import GONE, Post
from kinesis_delivery import REGION
from shop import OPENED_AT, incident

from commerce.incident import Incident, Tally, parse, to_line
from lambdas.addresses import Concealment
from lambdas.conceal.line import concealed
from lambdas.dead_letters.letter import read_letter
from lambdas.settings import AddressForm

TALLY = Tally(tally_id="t-1", period_start=OPENED_AT, outcome="on_time", reason="", records=7)
ADDRESS = "203.0.113.77"
CONCEALED = pytest.mark.parametrize(
    "form",
    [Concealment(form=form, key=b"k" * 64) for form in (AddressForm.KEYED_HASH, AddressForm.TRUNCATED)],
    ids=lambda form: form.form.value,
)


@pytest.mark.parametrize("gone", [GONE, {"batchSize": 2}])
def test_what_the_stream_has_forgotten_comes_from_the_archive(post: Post, gone: dict[str, Any]) -> None:
    """A stream forgets after a day, a queue after fourteen, the raw bucket after a month."""
    there = incident(subject="1")
    post.archive("raw/incidents/2026/03/01/10/a.gz", to_line(incident(subject="of the hour before")))
    post.archive("raw/incidents/2026/03/01/11/a.gz", to_line(there), to_line(TALLY), b"poison", to_line(there))
    post.archive("raw/incidents/2026/03/01/13/a.gz", to_line(incident(subject="of the hour after")))
    post.archive("raw/incidents/2026/03/01/14/a.gz", to_line(incident(subject="later")))
    post.give_up(post.put(to_line(there)), **gone)
    post.run("resend", "--archive", post.bucket)
    subjects = {row.incident.subject for row in post.shop.rows().values()}
    assert subjects == {"1", "of the hour before", "of the hour after"}
    assert len(post.shop.alerts()) == 3
    sent = [base64.b64decode(record["kinesis"]["data"]) for record in post.functions.events[0]["Records"]]
    assert [b"tally" in line for line in sent] == [False] * 4


def test_a_letter_stays_after_the_archive_until_it_is_discarded(post: Post) -> None:
    """Its own incident may lie below the error prefix, while there are lines enough of others in its hours."""
    others = [to_line(incident(subject=str(number))) for number in range(3)]
    post.archive("raw/incidents/2026/03/01/12/a.gz", *others)
    post.archive("errors/incidents/processing-failed/2026/03/01/12/a", to_line(incident(subject="lost")))
    letter = post.give_up(["1", "2"], **GONE)
    for _ in range(2):
        done = post.run("resend", "--archive", post.bucket)
        assert (done.exit_code, post.waiting(), len(post.shop.alerts())) == (1, 1, 3)
        assert f"{letter} stays: 3 incidents of its hours sent again from the archive" in done.output
        assert "look below errors/incidents/ before you discard it" in done.output
    assert (post.run("discard", letter).exit_code, post.waiting()) == (0, 0)


@pytest.mark.parametrize("lines", [(), (to_line(TALLY),), (b"poison",)])
def test_an_archive_with_too_few_lines_keeps_its_letter(post: Post, lines: tuple[bytes, ...]) -> None:
    """Another bucket, or one that Firehose has not written to yet: nothing sent is no success."""
    if lines:
        post.archive("raw/incidents/2026/03/01/12/a.gz", *lines)
    post.give_up(["1", "2"], **GONE)
    done = post.run("resend", "--archive", post.bucket)
    assert (done.exit_code, post.waiting(), post.functions.events) == (1, 1, [])
    assert f"the archive has {len(lines)} lines of its hours, and it names 2 records" in done.output


@pytest.mark.parametrize("other", [b"poison", b""])
def test_an_archive_without_incidents_is_one_all_the_same(post: Post, other: bytes) -> None:
    """Tallies, lines that nobody can read, and what is left of those of an erased user are lines of the archive too."""
    post.archive("raw/incidents/2026/03/01/12/a.gz", other, to_line(TALLY))
    post.give_up(["1", "2"], **GONE)
    assert "stays: 0 incidents of its hours sent again" in post.run("resend", "--archive", post.bucket).output
    assert (post.waiting(), post.functions.events) == (1, [])


@pytest.mark.parametrize("damaged", [
    lambda _: b"no gzip", lambda whole: whole[:-5], lambda whole: whole[:12] + b"\xff" * 8 + whole[20:]
])  # fmt: skip
def test_an_object_that_cannot_be_read_keeps_its_letter_and_no_other(
    post: Post, damaged: Callable[[bytes], bytes]
) -> None:
    """One line says which object it is, and the letters behind it are sent."""
    key = "raw/incidents/2026/03/01/12/a.gz"
    boto3.client("s3", region_name=REGION).put_object(
        Bucket=post.bucket, Key=key, Body=damaged(gzip.compress(to_line(incident(subject="1"))))
    )
    letter = post.give_up(["1"], **GONE)
    post.give_up(post.put(to_line(incident())))
    done = post.run("resend", "--archive", post.bucket)
    assert (done.exit_code, post.waiting(), post.shop.alerts()) == (1, 1, [incident().incident_id])
    assert f"{letter} stays: {key} is no gzip file, or not all of one" in done.output


def test_many_records_go_in_batches_that_an_invocation_takes(post: Post) -> None:
    """The archive of some hours may hold thousands."""
    lines = [to_line(incident(subject=str(number))) for number in range(101)]
    post.archive("raw/incidents/2026/03/01/12/a.gz", *lines)
    letter = read_letter({"Body": post.body()})
    assert post.resender(archived=True).resend(letter).sent == 101
    assert [len(event["Records"]) for event in post.functions.events] == [100, 1]


def test_no_batch_is_larger_than_an_invocation_takes(post: Post) -> None:
    """A call takes six megabytes, and base64 adds a third to each record."""
    lines = [to_line(incident(subject=str(number), sentence="x" * 1024**2)) for number in range(9)]
    post.archive("raw/incidents/2026/03/01/12/a.gz", *lines)
    letter = read_letter({"Body": post.body()})
    calls = Calls()
    answering = replace(post.resender(archived=True), functions=calls)
    assert answering.resend(letter).sent == 9
    assert max(calls.sizes) < 6_000_000


class Calls:
    """Lambda, which answers for every batch and keeps how large it was."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # the API's names
        assert FunctionName
        self.sizes.append(len(Payload))
        return {"Payload": io.BytesIO(b'{"batchItemFailures": []}')}


def flood(**changes: Any) -> Incident:
    """Return an incident about an address, which its sentence names."""
    values = {"subject_type": "address", "subject": ADDRESS, "rule": "address_flood"}
    return incident(**{**values, "sentence": f"Address {ADDRESS} sent 300 events.", **changes})


def send_from_archive(post: Post, form: Concealment, *states: Incident) -> None:
    """Send a batch with these states again, which the stream has forgotten and the archive has in its form."""
    post.functions.concealment = form
    post.archive("raw/incidents/2026/03/01/12/a.gz", *(concealed(to_line(state), form) for state in states))
    post.give_up(["1"], **GONE)
    assert "sent again from the archive" in post.run("resend", "--archive", post.bucket).output


@CONCEALED
def test_what_the_archive_has_concealed_is_the_same_incident(post: Post, form: Concealment) -> None:
    """Firehose stored it under the name that the row has: concealed twice it would be another, with another mail."""
    told = (flood(), incident(sentence=f"User 518043721 came from {ADDRESS}."))
    post.shop.deliver(map(to_line, told), container=post.shop.container(concealment=form))
    rows = post.shop.rows()
    send_from_archive(post, form, *told)
    assert (post.shop.rows(), len(post.shop.mails())) == (rows, 2)


@CONCEALED
def test_an_incident_that_only_the_archive_has_is_stored_under_its_name_there(post: Post, form: Concealment) -> None:
    """The lake has that name too, and the stream's record, should it still come."""
    send_from_archive(post, form, flood())
    in_the_lake = parse(concealed(to_line(flood()), form))
    assert isinstance(in_the_lake, Incident)
    assert post.shop.alerts() == list(post.shop.rows()) == [in_the_lake.incident_id]
    post.shop.deliver([to_line(flood())], container=post.shop.container(concealment=form))
    assert len(post.shop.mails()) == len(post.shop.rows()) == 1


@CONCEALED
def test_a_row_that_was_allowed_stays_so_when_the_archive_tells_more_of_it(post: Post, form: Concealment) -> None:
    """The allow list does not know whom the archive speaks of; the row does, until the end of the entry."""
    entry = post.shop.allow(ADDRESS, subject_type="address")
    post.shop.deliver([to_line(flood())], container=post.shop.container(concealment=form))
    send_from_archive(post, form, flood(state="extended", last_seen_at=OPENED_AT + timedelta(minutes=3)))
    (row,) = post.shop.rows().values()
    assert (row.incident.state, row.allowed_until, post.shop.mails()) == ("extended", entry.expires_at, [])
    post.shop.clock.time = entry.expires_at
    send_from_archive(post, form, flood(state="extended", last_seen_at=OPENED_AT + timedelta(minutes=4)))
    assert len(post.shop.mails()) == 1


@CONCEALED
def test_what_the_archive_has_from_before_the_setting_is_cut_short_in_its_mail(post: Post, form: Concealment) -> None:
    """Whoever began to conceal addresses later has them in the bucket as they came; a mail is forwarded."""
    post.functions.concealment = form
    post.archive("raw/incidents/2026/03/01/12/a.gz", to_line(flood()))
    post.give_up(["1"], **GONE)
    post.run("resend", "--archive", post.bucket)
    ((_, body, subject, *_),) = post.shop.mails()
    assert ADDRESS not in subject + body
    assert subject.endswith("address 203.0.113.x")


@CONCEALED
def test_a_user_who_is_allowed_is_so_from_the_archive_too(post: Post, form: Concealment) -> None:
    """Only addresses have other names there: of a user the list can be asked."""
    entry = post.shop.allow()
    send_from_archive(post, form, incident())
    (row,) = post.shop.rows().values()
    assert (row.allowed_until, post.shop.mails()) == (entry.expires_at, [])


@CONCEALED
def test_an_entry_allows_nobody_whom_the_archive_has_concealed(post: Post, form: Concealment) -> None:
    """An address cut short looks like the first of its network, which somebody may have allowed for its own sake."""
    post.shop.allow(form.address(ADDRESS), subject_type="address")
    send_from_archive(post, form, flood())
    assert len(post.shop.mails()) == 1
