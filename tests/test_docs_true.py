"""No page names what does not exist: targets, commands, options, outputs, stages, columns, alarms, files and links.

A page that was true when it was written is the most convincing kind of wrong.
"""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlglot
from docs_known import FOREIGN, LAKE, alarms, options_of, rooms, stack_sources, vocabulary
from docs_pages import PAGES, PLACEHOLDER, ROOT, Page, page
from sqlglot import expressions as sql

from commerce import event
from commerce.rules import RULES
from commerce.rules import page as rules_page
from commerce.rules.rule import with_thresholds
from glue_jobs.pages import marts_page, tables_page
from glue_jobs.questions import questions
from lambdas.respond.row import OWN_ATTRIBUTES
from simulator import generate, kaggle
from simulator.options import Options, read_attacks
from stacks.stages import STAGES, Stage

EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.path))
# What the user makes, how Glue writes an hour, and a namespace of CloudWatch.
NOT_HERE = ("build/", "data/", "yyyy/", "Floorwalker/")


@EACH_PAGE
def test_every_make_target_and_variable_exists(page: Page) -> None:
    """`make` with a target that is gone is the first thing a newcomer would see."""
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for target, variables in page.make_commands():
        assert target in targets
        for name, value in (variable.split("=", 1) for variable in variables):
            assert f"$({name})" in makefile
            assert name != "STAGE" or value in STAGES


@EACH_PAGE
def test_every_python_command_is_taken_by_its_program(page: Page) -> None:
    """A command that is written in full is parsed by the program itself; of others, names and options must exist."""
    for whole, module, arguments in page.python_commands():
        if module not in rooms():
            assert (ROOT / (module.replace(".", "/") + ".py")).is_file(), module
        elif arguments:
            name, *rest = re.split(r"[|]", arguments[0])[:1] + arguments[1:]
            command = rooms()[module].commands[name]
            if whole:
                command.make_context(name, list(rest))
            assert {word for word in rest if word.startswith("--")} <= options_of(command)
            if (module, name) == ("glue_jobs", "ask") and rest and not rest[0].isupper():
                assert rest[0] in questions()


def test_every_option_is_on_a_page() -> None:
    """What nobody is told of nobody uses."""
    told = "\n".join(page.text for page in PAGES)
    offered = {
        option for room in rooms().values() for command in room.commands.values() for option in options_of(command)
    }
    assert {option for option in offered if not re.search(rf"{option}\b(?!-)", told)} <= {"--sale"}


@EACH_PAGE
def test_every_made_up_stretch_can_be_made_up(page: Page) -> None:
    """The simulator refuses hours into which the attacks do not fit, and so must the pages."""
    for whole, module, arguments in page.python_commands():
        if whole and module == "simulator" and arguments[0] == "generate":
            given = rooms()[module].commands["generate"].make_context("generate", arguments[1:]).params
            options = {
                name: given[name] for name in ("seed", "hours", "events", "sale", "late", "duplicates", "poison")
            }
            start = given["start"].replace(tzinfo=UTC)
            generate.records(Options(**options, start=start, attacks=read_attacks(given["attacks"])))


@EACH_PAGE
def test_every_link_leads_somewhere(page: Page) -> None:
    """Also to the heading it names."""
    for link in page.links:
        path, _, anchor = link.partition("#")
        target = (ROOT / page.path).parent / path if path else ROOT / page.path
        assert target.exists(), link
        if anchor:
            found = next(p for p in PAGES if (ROOT / p.path).resolve() == target.resolve())
            assert anchor in found.anchors, link


@EACH_PAGE
def test_every_path_exists(page: Page) -> None:
    """A file that was renamed takes its readers along; a prefix of the buckets is one that the stack gives."""
    for span in page.spans:
        if span.startswith(("raw/", "errors/")):
            assert re.match("[a-z]+/[a-z]*", span)[0] in stack_sources(), span
        elif re.fullmatch(r"[\w.-]+(/[\w.-]*)+", span) and not span.startswith(NOT_HERE):
            assert (ROOT / span).exists(), span


@EACH_PAGE
def test_every_output_exists(page: Page) -> None:
    """The commands fetch names of resources by the outputs of the stacks."""
    outputs = set(re.findall(r'CfnOutput\([^"]*"(\w+)"', stack_sources()))
    fetched = {name for line in page.command_lines for name in re.findall(r"\bout ([A-Z]\w+)", line)}
    printed = {name for block in page.blocks("text") for name in re.findall(r"floorwalker-\w+-\w+\.(\w+)", block)}
    assert fetched | printed <= outputs


@EACH_PAGE
def test_every_stage_and_stack_exists(page: Page) -> None:
    """Names that AWS will show must be those that the template gives."""
    stacks = set(re.findall(r'\{name\}-(\w+)"', stack_sources()))
    for stage, stack in re.findall(r"floorwalker[-_](\w+|\$STAGE)(?:-(\w+))?", page.text):
        if (stage, stack) not in {("detector", ""), ("detector", "connector")}:
            assert stage in {*STAGES, "STAGE", "$STAGE"}
            assert stack in {*stacks, ""}
    for stage in re.findall(r"\bSTAGE=(\w+)", page.text):
        assert stage in STAGES


@EACH_PAGE
def test_every_identifier_is_one_of_the_sources(page: Page) -> None:
    """A column, setting, metric, reason or alarm that is gone is gone from the pages too."""
    words = {word for span in page.spans for word in re.findall(r"(?<![\w/.:-])[A-Za-z]+(?:_\w+|[a-z][A-Z]\w*)", span)}
    assert words - vocabulary() - FOREIGN == set()


@EACH_PAGE
def test_every_column_of_a_table_exists(page: Page) -> None:
    """`table.column` in the prose, and every query: each column must be one of a table that the query names."""
    for span in page.spans:
        table, dot, column = span.partition(".")
        if dot and table in LAKE and re.fullmatch(r"\w+", column):
            assert column in LAKE[table], span
    for query in page.blocks("sql"):
        tree = sqlglot.parse_one(query, dialect="trino")
        tables = {found.name for found in tree.find_all(sql.Table)}
        assert tables <= LAKE.keys()
        named = {alias.alias for alias in tree.find_all(sql.Alias)}
        columns = {found.name for found in tree.find_all(sql.Column)}
        assert columns <= set().union(*(LAKE[table] for table in tables)) | named


def test_every_setting_of_a_stage_is_on_the_page_with_its_values() -> None:
    """Whoever turns one looks there first: a value that is stale there is worse than none."""
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*?) ?\| (.*?) ?\| [^|]+ \|$", text, re.MULTILINE)
    told = {name: (default, prod) for name, default, prod in rows}
    together = " ".join(re.findall(r"^\| (`\w+`, .*?) \|", text, re.MULTILINE))
    settings = {field.name for field in fields(Stage)} - {"name"}
    assert settings <= {*told, *re.findall(r"\w+", together)}
    for name in settings & told.keys():
        values = str(getattr(Stage(name="any"), name)), str(getattr(STAGES["prod"], name))
        assert told[name] == values, name


@EACH_PAGE
def test_every_stage_written_in_python_could_be_deployed(page: Page) -> None:
    """A threshold of no rule would stop the detector from starting."""
    for block in page.blocks("python"):
        told: dict[str, Any] = {}
        exec(block, {"Stage": Stage}, told)
        for stage in told.values():
            assert stage != Stage(name=stage.name)
            assert not stage.threshold_overrides or with_thresholds(RULES, stage.threshold_overrides) != RULES


@pytest.mark.parametrize(
    ("path", "render", "command"),
    [
        ("docs/rules.md", rules_page.page, "python -m commerce.rules.page > docs/rules.md"),
        ("docs/tables.md", tables_page, "python -m glue_jobs.pages tables > docs/tables.md"),
        ("docs/marts.md", marts_page, "python -m glue_jobs.pages marts > docs/marts.md"),
    ],
)
def test_rendered_pages_are_up_to_date(path: str, render: Callable[[], str], command: str) -> None:
    """They are made from what they describe, and so must be made again when that changes."""
    assert page(path).text.rstrip("\n") == render().rstrip("\n"), f"run: {command}"


def test_the_alert_on_the_page_is_one() -> None:
    """Whoever deploys it learns there what the people on duty will read."""
    golden = (ROOT / "tests" / "lambdas" / "mails" / "request_flood.txt").read_text()
    assert [mail.rstrip("\n") for mail in page("docs/aws.md").blocks("text") if "Subject:" in mail] == [
        golden.rstrip("\n")
    ]


def test_the_event_on_the_page_is_one() -> None:
    """It is what a shop's programmer copies first."""
    (line,) = page("docs/tables.md").blocks("json")
    assert isinstance(event.parse(line.strip().encode(), arrived_at=datetime.now(UTC)), event.Event)


def test_every_alarm_is_explained_and_no_other() -> None:
    """An alarm at night must not be the first one hears of it."""
    explained = page("docs/operating.md").table("| alarm | goes off when | first look |")
    assert {row[0].strip("`") for row in explained} == alarms()


def test_every_attribute_of_a_row_is_explained() -> None:
    """Those of an incident are on the page about records; these are the responder's own."""
    rows = page("docs/operating.md").table("| attribute | meaning |")
    assert {name.strip("`") for row in rows for name in row[0].split(", ")} == set(OWN_ATTRIBUTES)


def test_the_columns_of_the_recorded_data_are_those_that_replay_reads() -> None:
    """A file in another layout is refused."""
    rows = page("docs/dataset.md").table("| column | what it holds | what becomes of it |")
    assert tuple(row[0].strip("`") for row in rows) == kaggle.COLUMNS


def test_every_decision_is_in_the_index_and_has_its_number() -> None:
    """What is not listed is not found."""
    pages = [found for found in PAGES if re.match(r"\d{4}-", found.path.name)]
    assert page("docs/decisions/README.md").links == [found.path.name for found in pages]
    for found in pages:
        assert found.text.startswith(f"# {found.path.name[:4]}: "), found.path
        for part in ("Context", "Decision", "Consequences"):
            assert f"\n## {part}\n" in found.text, found.path


def test_placeholders_stay_out_of_the_pages() -> None:
    """The word stands in for what a shell would fill in; a page that used it would be believed."""
    assert not [found.path for found in PAGES if PLACEHOLDER in found.text]
