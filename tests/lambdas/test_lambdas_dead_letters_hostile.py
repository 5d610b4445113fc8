"""What is typed at the dead letters is looked up as it stands: no word but an id shows, sends or deletes a letter."""

import pytest
from dead_post import Post
from hostile import WORDS, left_alone, refused_in_one_line
from shop import incident
from typer.testing import CliRunner

from commerce.incident import to_line
from lambdas.dead_letters.__main__ import app


@pytest.fixture
def letters(post: Post, tmp_path, monkeypatch):
    """Return what calls the command in an empty folder; one letter lies in the queue, before and after."""
    monkeypatch.chdir(tmp_path)
    post.give_up(post.put(to_line(incident())))
    yield post.run
    assert left_alone(tmp_path) == {}
    assert (post.waiting(), post.functions.events) == (1, [])


@pytest.mark.parametrize("command", ["show", "resend", "discard"])
def test_a_letter_is_asked_for_by_its_id_only(letters, command):
    """A pattern that deleted what it fits would delete what nobody has answered."""
    for word in (*WORDS, "*", "%"):
        refused_in_one_line(letters(command, "--", word))


def test_a_queue_is_an_address(letters):
    """It is asked where it is said to be, or not at all."""
    for word in WORDS:
        refused_in_one_line(CliRunner().invoke(app, [f"--queue={word}", "list"], env={"AWS_MAX_ATTEMPTS": "1"}))
