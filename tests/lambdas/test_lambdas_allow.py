"""The command that edits the allow list: what it writes, and what it refuses in one line."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from kinesis_delivery import REGION
from shop import Shop, incident
from typer.testing import CliRunner

from commerce.allowance import Allowance, from_items, to_item
from commerce.incident import to_line
from lambdas.allow.__main__ import app
from lambdas.allow.table import AllowListTable

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date()


def run(shop: Shop, *words: str) -> Result:
    environment = {"ALLOW_LIST_TABLE": shop.settings.allow_list_table, "AWS_DEFAULT_REGION": REGION, "COLUMNS": "200"}
    return CliRunner().invoke(app, list(words), env=environment)


def add(shop: Shop, *words: str, until: str = str(TOMORROW), because: str = "our price checker") -> Result:
    return run(shop, "add", *words, "--until", until, "--because", because)


def entries(shop: Shop) -> dict[str, Allowance]:
    found, unreadable = from_items(shop.dynamodb.scan(TableName=shop.settings.allow_list_table)["Items"])
    assert unreadable == 0
    return {entry.key: entry for entry in found}


def test_an_entry_says_who_until_when_why_and_by_whom(shop: Shop) -> None:
    """Whoever finds it in a year has to know whether it is still wanted."""
    added = run(shop, "add", "user", "123", "--until", "2126-12-01", "--because", "partner", "--by", "ada")
    assert added.output == "user 123 is allowed until 2126-12-02T00:00:00.000Z\n"
    (entry,) = entries(shop).values()
    assert (entry.subject_type, entry.subject, entry.because, entry.added_by) == ("user", "123", "partner", "ada")
    assert entry.expires_at == datetime(2126, 12, 2, tzinfo=UTC), "the last day counts"
    assert timedelta() <= datetime.now(UTC) - entry.added_at < timedelta(minutes=1)


def test_what_the_command_adds_the_responder_allows(shop: Shop) -> None:
    """The one writes what the other reads."""
    shop.clock.time = datetime.now(UTC)
    assert add(shop, "user", incident().subject).exit_code == 0
    shop.deliver([to_line(incident())])
    assert run(shop, "remove", "user", incident().subject).exit_code == 0
    shop.deliver([to_line(incident(subject="1")), to_line(incident(rule="slow_scraping"))])
    assert sorted(shop.alerts()) == sorted(
        [incident(subject="1").incident_id, incident(rule="slow_scraping").incident_id]
    )


def test_an_instant_may_be_given_instead_of_a_day(shop: Shop) -> None:
    """A load test ends at six."""
    assert add(shop, "address", "2001:DB8::/32", until="2126-12-01T18:00:00+01:00").exit_code == 0
    assert entries(shop)["address#2001:db8::/32"].expires_at == datetime(2126, 12, 1, 17, tzinfo=UTC)


@pytest.mark.parametrize("day", ["2126-12-05", "21261205", "2126-W49-4", "2126W494"])
def test_a_day_counts_to_its_end_however_it_is_written(shop: Shop, day: str) -> None:
    """The standard has several ways to write one."""
    assert add(shop, "user", "123", until=day).exit_code == 0
    assert entries(shop)["user#123"].expires_at == datetime(2126, 12, 6, tzinfo=UTC)


def test_an_entry_added_again_has_the_new_end_and_reason(shop: Shop) -> None:
    """There is one entry a subject."""
    add(shop, "user", "123")
    add(shop, "user", "123", until="2126-12-01", because="partner for good")
    (entry,) = entries(shop).values()
    assert (entry.because, entry.expires_at.year) == ("partner for good", 2126)


def test_a_removed_entry_is_not_listed_and_can_be_added_again(shop: Shop) -> None:
    """It stays in the table for a while, as removed."""
    add(shop, "session", "s-1")
    assert run(shop, "remove", "session", "s-1").output == "session s-1 is allowed no more\n"
    assert entries(shop)["session#s-1"].removed_at is not None
    assert "s-1" not in run(shop, "list").output
    add(shop, "session", "s-1")
    assert entries(shop)["session#s-1"].removed_at is None
    assert "s-1" in run(shop, "list").output


def test_an_entry_that_ended_is_not_listed_and_can_still_be_removed(shop: Shop) -> None:
    """It stays in the table for the lake, which would take it again after its user was erased."""
    add(shop, "user", "123")
    ended = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    entry = Allowance(**vars(entries(shop)["user#123"]) | {"expires_at": ended})
    shop.dynamodb.put_item(TableName=shop.settings.allow_list_table, Item=to_item(entry))
    assert "123" not in run(shop, "list").output
    assert run(shop, "remove", "user", "123").exit_code == 0
    assert entries(shop)["user#123"].removed_at is not None


def test_pruning_leaves_alone_what_has_ended(shop: Shop, tmp_path: Path) -> None:
    """Removed it would never have held, and the lake would take a bot for what was a partner then."""
    add(shop, "user", "123")
    ended = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    entry = Allowance(**vars(entries(shop)["user#123"]) | {"expires_at": ended})
    shop.dynamodb.put_item(TableName=shop.settings.allow_list_table, Item=to_item(entry))
    (tmp_path / "none.toml").write_text("allow = []", encoding="utf-8")
    pruned = run(shop, "apply", str(tmp_path / "none.toml"), "--prune")
    assert pruned.output == "0 added, 0 changed, 0 unchanged, 0 removed\n"
    assert entries(shop)["user#123"] == entry


def test_what_looks_like_markup_in_a_reason_is_shown_as_it_is(shop: Shop) -> None:
    """One such reason would take the list from everybody."""
    because = "see [/wiki] [red]page :bug:"
    add(shop, "user", "123", because=because)
    listed = run(shop, "list")
    assert (listed.exit_code, because in listed.output) == (0, True)


def test_the_command_sees_what_was_written_a_moment_ago(shop: Shop) -> None:
    """What it does not see it can neither remove nor prune."""
    asked: list[object] = []

    class Client:
        def scan(self, **arguments: object) -> object:
            asked.append(arguments.get("ConsistentRead"))
            return shop.dynamodb.scan(**arguments)

    AllowListTable(client=Client(), name=shop.settings.allow_list_table).entries()  # type: ignore[arg-type]
    assert asked == [True]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("add", "user", "1", "--until", "soon", "--because", "a"), "'soon' is no day or instant: write 2026-12-01 or"),
        (("add", "user", "1", "--until", "2026-02-30", "--because", "a"), "'2026-02-30' is no day or instant"),
        (("add", "user", "1", "--until", "9999-12-31", "--because", "a"), "'9999-12-31' is no day or instant"),
        (
            ("add", "user", "1", "--until", "2020-01-01", "--because", "a"),
            "until 2020-01-02T00:00:00.000Z is in the past",
        ),
        (("add", "shopper", "1", "--until", "2126-12-01", "--because", "a"), "'shopper' is no type of subject: there "),
        (("add", "user", "a b", "--until", "2126-12-01", "--because", "a"), "'a b' is no user id"),
        (("add", "user", "1", "--until", "2126-12-01", "--because", ""), "because has to be a line of 1 to 500"),
        (("remove", "user", "1"), "user 1 is not on the allow list"),
        (("remove", "address", "x"), "'x' is neither an address nor a network"),
        (("apply", "nowhere.toml"), "nowhere.toml cannot be read: "),
        (("--table", "gone", "list"), "An error occurred (ResourceNotFoundException) when calling the Scan operation"),
        (("--table", "", "list"), "no table: name it by --table before the command, or by ALLOW_LIST_TABLE"),
    ],
)
def test_a_wrong_command_is_refused_in_one_line_and_writes_nothing(
    shop: Shop, words: tuple[str, ...], line: str
) -> None:
    """Saying what would be right."""
    refused = run(shop, *words)
    assert refused.exit_code == 2
    assert refused.output.startswith(line)
    assert refused.output.count("\n") == 1
    assert entries(shop) == {}


def listed(path: Path, *given: tuple[str, str, str]) -> str:
    texts = [
        f'[[allow]]\nsubject_type = "{kind}"\nsubject = "{subject}"\nuntil = {until}\nbecause = "monitor"\n'
        for kind, subject, until in given
    ]
    (path / "allow.toml").write_text("\n".join(texts))
    return str(path / "allow.toml")


def test_a_file_says_the_whole_list(shop: Shop, tmp_path: Path) -> None:
    """Kept beside the shop's code, it is reviewed before it holds; what it does not name goes only when asked to."""
    for subject in ("1", "2", "3"):
        add(shop, "user", subject)
    file = listed(
        tmp_path,
        ("user", "1", "2126-12-01"),
        ("user", "4", "2126-12-01T00:00:00Z"),
        ("address", "192.0.2.0/24", '"2126-12-01"'),
    )
    assert run(shop, "apply", file).output == (
        "2 added, 1 changed, 0 unchanged, 0 removed\n2 more hold that are not in the file: --prune removes them\n"
    )
    before = entries(shop)
    assert run(shop, "apply", file, "--prune").output == "0 added, 0 changed, 3 unchanged, 2 removed\n"
    assert {key for key, entry in entries(shop).items() if entry.removed_at is None} == {
        "user#1", "user#4", "address#192.0.2.0/24"
    }  # fmt: skip
    assert {key: entries(shop)[key] for key in ("user#1", "user#4")} == {
        key: before[key] for key in ("user#1", "user#4")
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[[allow]]\n", "entry 1: it has to have subject_type, subject, until, because and nothing else"),
        ("[allow]\n", "has to consist of [[allow]] entries"),
        ("allow = 1\n", "has to consist of [[allow]] entries"),
        ("allow = [1]\n", "entry 1: it has to have"),
        ("[[allowed]]\n", "has to consist of [[allow]] entries"),
        ("[[allow]\n", "cannot be read"),
        (
            '[[allow]]\nsubject_type="user"\nsubject=1\nuntil=2126-01-01\nbecause="a"\n',
            "entry 1: subject has to be text",
        ),
        ('[[allow]]\nsubject_type="user"\nsubject="1"\nuntil=20:00:00\nbecause="a"\n', "entry 1: '20:00:00' is no day"),
    ],
)
def test_a_file_at_fault_is_refused_in_one_line(shop: Shop, tmp_path: Path, text: str, line: str) -> None:
    """The place of the entry and what is wrong with it."""
    (tmp_path / "allow.toml").write_text(text)
    refused = run(shop, "apply", str(tmp_path / "allow.toml"))
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert line in refused.output


@pytest.mark.parametrize(
    "last", [("user", "2", "2020-01-01"), ("user", "1", "2126-12-01"), ("shop", "1", "2126-12-01")]
)
def test_a_file_with_one_wrong_entry_writes_none(shop: Shop, tmp_path: Path, last: tuple[str, str, str]) -> None:
    """Half of a list is a list that nobody wanted."""
    refused = run(shop, "apply", listed(tmp_path, ("user", "1", "2126-12-01"), last))
    assert refused.exit_code == 2
    assert ", entry 2: " in refused.output
    assert entries(shop) == {}


def test_an_entry_written_by_hand_in_another_form_is_not_removed_beside_itself(shop: Shop) -> None:
    """A row that says 'removed' for the subject as it is usually written would let the other go on to hold."""
    add(shop, "address", "2001:db8::1")
    item = to_item(entries(shop)["address#2001:db8::1"])
    shop.dynamodb.delete_item(TableName=shop.settings.allow_list_table, Key={"subject_key": item["subject_key"]})
    by_hand = {**item, "subject_key": {"S": "address#2001:DB8::1"}}
    shop.dynamodb.put_item(TableName=shop.settings.allow_list_table, Item=by_hand)
    refused = run(shop, "remove", "address", "2001:DB8::1")
    assert (refused.exit_code, "holds 1 entries that cannot be read" in refused.output) == (2, True)
    assert shop.dynamodb.scan(TableName=shop.settings.allow_list_table)["Items"] == [by_hand]


def test_a_table_with_an_entry_that_cannot_be_read_is_not_edited_blindly(shop: Shop) -> None:
    """What the file would prune might be what nobody can read."""
    shop.dynamodb.put_item(TableName=shop.settings.allow_list_table, Item={"subject_key": {"S": "user#1"}})
    refused = run(shop, "list")
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert "holds 1 entries that cannot be read" in refused.output
