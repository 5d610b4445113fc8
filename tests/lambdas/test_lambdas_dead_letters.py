"""Dead letters are looked at and sent again: nothing lost, nothing doubled, and what fails again stays."""

import io
import json
from dataclasses import replace

import pytest
from dead_post import Post
from shop import OPENED_AT, incident
from typer.testing import CliRunner

from commerce.incident import Tally, to_line
from lambdas.dead_letters.__main__ import app
from lambdas.dead_letters.batch import ForgottenError, Stream, StreamRecord
from lambdas.dead_letters.letter import Letter, LetterError, read_letter

TALLY = Tally(tally_id="t-1", period_start=OPENED_AT, outcome="on_time", reason="", records=7)


def test_a_dead_letter_is_answered_and_goes(post: Post) -> None:
    """The cause is gone, so the incident is stored, its alert sent, and the message is no more."""
    post.give_up(post.put(to_line(incident()), to_line(TALLY)))
    done = post.run("resend")
    assert (done.exit_code, "2 records sent again" in done.output) == (0, True), done.output
    assert post.shop.alerts() == [incident().incident_id]
    assert (post.waiting(), len(post.shop.rows())) == (0, 1)


def test_sending_again_what_was_answered_doubles_nothing(post: Post) -> None:
    """Two letters may name one record, and a command may be killed before it deletes its message."""
    numbers = post.put(to_line(incident()))
    post.shop.deliver([to_line(incident())])
    for _ in range(2):
        post.give_up(numbers)
    assert post.run("resend").exit_code == 0
    assert post.run("resend").exit_code == 0
    assert post.shop.alerts() == [incident().incident_id]
    assert (post.waiting(), len(post.functions.events)) == (0, 2)


def test_an_empty_answer_is_not_the_end_of_the_stream(post: Post) -> None:
    """Kinesis gives one for a stretch without records; what comes behind it would be taken for forgotten."""

    class Client:
        def get_shard_iterator(self, **_: object) -> dict[str, object]:
            return {"ShardIterator": "first"}

        def get_records(self, *, ShardIterator: str, **_: object) -> dict[str, object]:  # the API's names
            if ShardIterator == "first":
                return {"Records": [], "MillisBehindLatest": 5_000, "NextShardIterator": "second"}
            found = {"SequenceNumber": "7", "PartitionKey": "1", "Data": b"x", "ApproximateArrivalTimestamp": OPENED_AT}
            return {"Records": [found], "MillisBehindLatest": 0, "NextShardIterator": "third"}

    (found,) = Stream(client=Client()).records(read_letter({"Body": post.body(["7"])}))  # type: ignore[arg-type]
    assert (found.sequence, found.data) == ("7", b"x")


def test_only_the_records_of_the_batch_are_sent(post: Post) -> None:
    """What stands before and behind it in the shard was answered."""
    _, second, third, _ = post.put(*(to_line(incident(subject=str(n))) for n in range(4)))
    post.give_up([second, third])
    assert post.run("resend").exit_code == 0
    (event,) = post.functions.events
    assert [record["kinesis"]["sequenceNumber"] for record in event["Records"]] == [second, third]
    assert {row.incident.subject for row in post.shop.rows().values()} == {"1", "2"}


def test_a_batch_with_a_record_that_fails_again_stays(post: Post) -> None:
    """The others of the batch are answered all the same; the command says which is at fault, and ends with 1."""
    numbers = post.put(b"poison", to_line(incident()))
    post.give_up(numbers)
    done = post.run("resend")
    assert (done.exit_code, post.waiting(), len(post.shop.alerts())) == (1, 1, 1)
    assert f"1 of 2 records failed again: {numbers[0]}" in done.output


def test_a_function_that_still_fails_keeps_its_letters(post: Post) -> None:
    """Nothing is deleted on hope."""
    post.give_up(post.put(to_line(incident())))
    post.functions.error = b'{"errorMessage": "no such table"}'
    done = post.run("resend")
    assert (done.exit_code, post.waiting(), "no such table" in done.output) == (1, 1, True)


def test_an_answer_without_an_account_is_a_failure(post: Post) -> None:
    """A function of another version may answer anything; what it says nothing of is not done."""
    letter = post.give_up(post.put(to_line(incident())))
    post.functions.invoke = lambda **_: {"Payload": io.BytesIO(b"null")}  # type: ignore[method-assign]
    assert "it gave no account" in post.run("resend", letter).output
    assert post.waiting() == 1


def test_looking_at_letters_leaves_them_where_they_are(post: Post) -> None:
    """Whoever looks must not have to send."""
    letter = post.give_up(post.put(to_line(incident()), to_line(TALLY), b"poison"))
    listed, shown = post.run("list"), post.run("show", letter)
    assert letter in listed.output
    assert "RetryAttemptsExhausted" in listed.output
    for words in (incident().incident_id, "7 on_time", "unreadable"):
        assert words in shown.output
    assert (post.waiting(), post.functions.events) == (1, [])


def test_a_letter_can_be_chosen_and_one_that_is_not_there_is_named(post: Post) -> None:
    """One letter at a time is the careful way."""
    one, other = (post.give_up(post.put(to_line(incident(subject=name)))) for name in ("1", "2"))
    assert post.run("resend", other).exit_code == 0
    assert [row.incident.subject for row in post.shop.rows().values()] == ["2"]
    refused = post.run("resend", other)
    assert (refused.exit_code, f"{other} is not in the queue" in refused.output) == (2, True)
    assert one in post.run("list").output


def test_what_can_never_be_answered_is_discarded_by_name(post: Post) -> None:
    """A poison record would keep the alarm on for fourteen days."""
    poison, other = post.give_up(post.put(b"poison")), post.give_up(post.put(to_line(incident())))
    assert post.run("discard", poison).exit_code == 0
    assert (poison in post.run("list").output, other in post.run("list").output) == (False, True)
    assert post.run("discard").exit_code != 0, "never all of them by mistake"


def test_a_message_that_is_no_dead_letter_is_said_to_be_none_and_holds_nobody_up(post: Post) -> None:
    """Anybody with the right may write to a queue."""
    odd = [post.say(body) for body in ("no json", "[]", "{}", '{"KinesisBatchInfo": 1}')]
    post.give_up(post.put(to_line(incident())))
    assert all(name in post.run("list").output for name in odd)
    assert (post.run("resend").exit_code, post.waiting(), len(post.shop.alerts())) == (1, len(odd), 1)


def test_records_that_the_stream_has_forgotten_are_not_passed_over(post: Post) -> None:
    """Half a batch sent and the message deleted would be a loss that nobody hears of."""
    numbers = post.put(to_line(incident()))
    post.give_up(numbers, batchSize=2)
    done = post.run("resend")
    assert (done.exit_code, post.waiting(), post.functions.events) == (1, 1, [])
    assert "the stream has forgotten some of its 2 records: name the raw bucket by --archive" in done.output


def test_records_of_others_do_not_stand_in_for_a_forgotten_one(post: Post) -> None:
    """Between the first and the last of a batch there may be more: as many as it names need not be those it names."""

    class Forgetful(Stream):
        def records(self, letter: Letter) -> list[StreamRecord]:
            return super().records(letter)[1:]

    numbers = post.put(*(to_line(incident(subject=str(number))) for number in range(3)))
    letter = read_letter({"Body": post.body(numbers, batchSize=2)})
    assert len(post.resender().records(letter)) == 3
    with pytest.raises(ForgottenError, match="has forgotten some of its 2 records"):
        replace(post.resender(), stream=Forgetful(client=post.kinesis)).records(letter)


def test_what_looks_like_markup_is_shown_as_it_is(post: Post) -> None:
    """A message of the queue may say anything, and so may a subject."""
    letter = post.give_up(post.put(to_line(incident(subject="[/x]:bug:"))), shardId="[/y]")
    assert "[/y]" in post.run("list").output
    post.run("discard", letter)
    letter = post.give_up(post.put(to_line(incident(subject="[/x]:bug:"))))
    assert "[/x]:bug:" in post.run("show", letter).output


def test_a_letter_whose_records_grew_too_old_has_no_count_of_tries(post: Post) -> None:
    """Lambda gives up without an attempt then."""
    body = json.loads(post.body())
    del body["requestContext"]["approximateInvokeCount"]
    assert read_letter({"Body": json.dumps(body)}).attempts == 0
    del body["KinesisBatchInfo"]["shardId"]
    with pytest.raises(LetterError, match="shardId"):
        read_letter({"Body": json.dumps(body)})


def test_without_a_queue_the_command_says_how_to_name_one() -> None:
    """One line, and no traceback."""
    refused = CliRunner().invoke(app, ["list"], env={"DEAD_LETTERS_URL": ""})
    assert (refused.exit_code, refused.output.count("\n"), "--queue" in refused.output) == (2, 1, True)
