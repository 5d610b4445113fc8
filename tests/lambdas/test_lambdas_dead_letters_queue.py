"""Letters that are looked at are hidden from others meanwhile, and from nobody afterwards."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from dead_post import Post
from shop import incident

from commerce.incident import to_line
from lambdas.dead_letters import __main__ as command
from lambdas.dead_letters.queue import HIDDEN_SECONDS, DeadLetterQueue


def test_letters_can_be_seen_again_at_once(post: Post) -> None:
    """A command that fails in the middle must not hide the queue for a quarter of an hour."""
    post.give_up(post.put(to_line(incident())))
    queue = DeadLetterQueue(client=post.sqs, url=post.url)
    with pytest.raises(KeyboardInterrupt), queue.held() as held:
        assert (len(held.messages), post.waiting()) == (1, 0)
        raise KeyboardInterrupt
    assert post.waiting() == 1


class Queue:
    """The client for the queue; what it is asked is kept, and a call about a message that lapsed is refused."""

    def __init__(self, post: Post, *, code: str = "") -> None:
        self.post, self.code, self.lapsed, self.hidden = post, code, "", list[tuple[int, int]]()

    def __getattr__(self, operation: str) -> Any:
        return getattr(self.post.sqs, operation)

    def change_message_visibility(self, **arguments: Any) -> Any:
        self.hidden.append((arguments["VisibilityTimeout"], len(self.post.functions.events)))
        if arguments["ReceiptHandle"] == self.lapsed:
            raise ClientError({"Error": {"Code": self.code, "Message": "too late"}}, "ChangeMessageVisibility")
        return self.post.sqs.change_message_visibility(**arguments)


LAPSED = pytest.mark.parametrize("code", ["AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue"])


@LAPSED
def test_a_letter_that_lapsed_keeps_no_other_hidden(post: Post, code: str) -> None:
    """Nor does it take the place of what the command has to say."""
    for name in ("1", "2"):
        post.give_up(post.put(to_line(incident(subject=name))))
    client = Queue(post, code=code)
    queue = DeadLetterQueue(client=client, url=post.url)  # type: ignore[arg-type]  # of the client's calls it has three
    with pytest.raises(KeyboardInterrupt), queue.held() as held:
        client.lapsed = next(iter(held.messages.values()))["ReceiptHandle"]
        raise KeyboardInterrupt
    assert post.waiting() == 1, "the one that lapsed is hidden by whoever took it up"


def test_a_release_that_is_refused_for_another_reason_is_said(post: Post) -> None:
    """A missing permission would hide the queue for a quarter of an hour each time."""
    post.give_up(post.put(to_line(incident())))
    client = Queue(post, code="AccessDenied")
    queue = DeadLetterQueue(client=client, url=post.url)  # type: ignore[arg-type]
    with pytest.raises(ClientError, match="AccessDenied"), queue.held() as held:
        client.lapsed = next(iter(held.messages.values()))["ReceiptHandle"]


def test_each_letter_is_kept_from_others_anew_before_it_is_sent(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many letters take longer than the time for which they are hidden at first."""
    for name in ("1", "2"):
        post.give_up(post.put(to_line(incident(subject=name))))
    client = Queue(post)
    monkeypatch.setattr(command.clients, "sqs", lambda: client)
    assert post.run("resend").exit_code == 0
    assert client.hidden == [(HIDDEN_SECONDS, 0), (HIDDEN_SECONDS, 1)]


@LAPSED
def test_a_letter_that_lapsed_before_its_turn_is_left_to_whoever_has_it(
    post: Post, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """It is named, and the others are sent."""
    one, _ = (post.give_up(post.put(to_line(incident(subject=name)))) for name in ("1", "2"))
    client = Queue(post, code=code)
    monkeypatch.setattr(command.clients, "sqs", lambda: client)
    chosen = command._chosen

    def lapse(held: Any, ids: list[str] | None) -> Any:
        client.lapsed = held.messages[one]["ReceiptHandle"]
        return chosen(held, ids)

    monkeypatch.setattr(command, "_chosen", lapse)
    done = post.run("resend")
    assert (done.exit_code, f"{one} stays: " in done.output) == (1, True)
    assert [row.incident.subject for row in post.shop.rows().values()] == ["2"]
