"""The detector between its edges: from the table `records` to the rows of `incidents`, `tallies` and `risks`."""

import secrets
from collections.abc import Callable, Sequence

from pyflink.java_gateway import get_gateway
from pyflink.table import StatementSet, StreamTableEnvironment

from commerce.rules.rule import Rule, SubjectType
from commerce.sql.flink import judged_sql
from flink_app.episodes import crossings_views, episodes_sql, incidents_sql, risen_sql, steps_sql
from flink_app.events import CARRIED, on_time_sql, outcomes_sql, tallies_sql
from flink_app.features import crossings_sql, site_history_sql, site_panes_sql, site_parts_sql
from flink_app.panes import Panes, all_panes, kinds_of
from flink_app.risk import PACE, deeds_sql, purchases_sql, risks_sql, scored_sql
from flink_app.settings import DetectorSettings
from flink_app.streams import begin_plan, give_lines, give_panes, give_time, shared_view, view


def build(tables: StreamTableEnvironment, *, rules: Sequence[Rule], settings: DetectorSettings) -> StatementSet:
    """Return the statements that read `records` once and write `incidents`, `tallies` and, if told to, `risks`.

    The tables must exist: `records(record BYTES, arrived_at TIMESTAMP(3), shard STRING)`, and the others by the field
    table. Where there are no shards, `shard` is NULL.
    """
    panes = [*all_panes(rules, of_users=PACE if settings.behavioural_risk else ())]
    read_events(tables, panes=panes, settings=settings)
    watch_site(tables, rules)
    if settings.behavioural_risk:
        watch_people(tables, settings.shop_time_zone)
    statements = conclude(tables, rules=rules, settings=settings)
    if settings.behavioural_risk:
        statements.add_insert_sql(f"INSERT INTO risks {risks_sql()}")
    return statements


def read_events(tables: StreamTableEnvironment, *, panes: Sequence[Panes], settings: DetectorSettings) -> None:
    """Create the views from `lines` to `on_time`, and those of the panes: what the rules read."""
    about = ("arrived_at", "shard")
    kinds = kinds_of(panes)
    give_lines(tables)
    view(tables, "judged", judged_sql(lines="lines", carried=(*CARRIED, *about), seal=secrets.token_hex(16)))
    give_time(tables, settings)
    view(tables, "outcomes", outcomes_sql(settings.known_networks))
    shared_view(tables, "on_time", on_time_sql(kinds))
    for of_subject in panes:
        give_panes(tables, of_subject, kinds)


def watch_site(tables: StreamTableEnvironment, rules: Sequence[Rule]) -> None:
    """Create the views of the rule about the site, which reads `user_panes`."""
    for rule in rules:
        if rule.subject_type is SubjectType.SITE:
            view(tables, "site_parts", site_parts_sql(rule))
            view(tables, "site_panes", site_panes_sql())
            shared_view(tables, "site_history", site_history_sql(rule))


def watch_people(tables: StreamTableEnvironment, time_zone: str) -> None:
    """Create the views of behavioural risk, whose sessions are over."""
    get_gateway().jvm.java.time.ZoneId.of(time_zone)  # SQL would take a misspelt one for UTC
    view(tables, "purchases", purchases_sql())
    view(tables, "deeds", deeds_sql(time_zone))
    shared_view(tables, "scored_sessions", scored_sql())


def conclude(
    tables: StreamTableEnvironment,
    *,
    rules: Sequence[Rule],
    settings: DetectorSettings,
    crossings: Callable[[Rule], str] = crossings_sql,
) -> StatementSet:
    """Return the statements that write `incidents` and `tallies`; `crossings` gives the query of a rule's crossings."""
    for name, query in crossings_views(rules, crossings):
        shared_view(tables, name, query)
    # Three plans, because in one the planner gives the columns of two windows the same name.
    shared_view(tables, "steps", steps_sql(rules))
    shared_view(tables, "episodes", episodes_sql())
    shared_view(tables, "risen", risen_sql())
    begin_plan(tables, "conclusions")
    statements = tables.create_statement_set()
    statements.add_insert_sql(f"INSERT INTO incidents {incidents_sql(rules)}")
    statements.add_insert_sql(f"INSERT INTO tallies {tallies_sql(settings.tally_seconds)}")
    return statements
