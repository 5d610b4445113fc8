"""What a batch job must be told. The stack encodes it into Glue arguments, the runner decodes it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from commerce.settings import SettingsError
from commerce.time_zones import is_time_zone

# A stage that welcomes no automaton says so: to be told nothing is to be told of no change.
NO_NETWORKS = ("none",)
# All that the jobs do to the table of the allow list.
ALLOW_LIST_ACTIONS = ("dynamodb:Scan",)
# The tables that know of single people by the day, and so can be kept for a time. What is made of them stays.
KEPT_FOR_A_TIME = ("events", "rejects", "sessions", "shopper_stretches", "shopper_risk")
# What is about events is kept as long as they are: without an incident its automaton would be a person again, and what
# is about a user's address nobody could find who wanted to erase the user.
KEPT_WITH_EVENTS = ("incidents", "risk_signals")
# Habits and crowds are told by the month before. That and another month, for what comes late, must be there.
SHORTEST_DAYS = 60
AT_LEAST_ONE = ("days_at_once", "snapshots_kept")
_KEPT = re.compile(r"(\w+)=([1-9][0-9]{0,4})")


@dataclass(frozen=True, kw_only=True)
class LakeSettings:
    """Where raw records lie, where the lake is, and which engine does the work.

    `raw_bucket` and the prefixes are what Firehose delivers to. `engine` is `spark` or `duckdb`. `catalog` is `glue`
    (tables in the Glue database, files under `warehouse`, an s3:// URI), or for one machine `sqlite` (DuckDB) or
    `hadoop` (Spark), with tables and files under the folder `warehouse`.

    `batch_megabytes` is how much compressed raw data one commit takes, and so how much memory a job needs: DuckDB
    uses about thirty times as much, and takes less where that unpacks to more than sixteen times as much.
    `days_at_once` is how many days of a mart are computed together, for the same reason. `memory_megabytes` bounds
    what DuckDB holds before it writes to disk, 0 for its own choice.

    `table_retention` holds texts of the form `table=days`: upkeep deletes rows that are older. Tables that it does not
    name are kept for ever.

    Upkeep keeps a table's snapshots for `snapshot_days` and at least the latest `snapshots_kept`, and files that no
    snapshot names for `orphan_days` (Spark refuses less than one). It merges files of less than
    `small_file_megabytes` where a partition has at least `small_files`.

    `allow_list_table` is the DynamoDB table of the allow list; where it is empty, `curate` leaves the lake's as it is.

    `shop_time_zone` is where the shop's day and night are, as Europe/Berlin; other days are computed by it when they
    change, or are asked for by a backfill.

    `known_networks` are the IPv4 networks of welcome automata, whose events are no people's: the detector's own
    setting, or `none`. Where it is empty, the marts keep to the networks that they were last built with.

    `spark_jars` names the Iceberg jar where Spark does not bring it, as Glue does.
    """

    raw_bucket: str
    warehouse: str
    database: str
    engine: str = "spark"
    catalog: str = "glue"
    events_prefix: str = "raw/events/"
    incidents_prefix: str = "raw/incidents/"
    allow_list_table: str = ""
    batch_megabytes: int = 64
    days_at_once: int = 7
    memory_megabytes: int = 0
    table_retention: tuple[str, ...] = ()
    snapshot_days: int = 7
    snapshots_kept: int = 5
    orphan_days: int = 3
    small_files: int = 5
    small_file_megabytes: int = 16
    shop_time_zone: str = "UTC"
    known_networks: tuple[str, ...] = ()
    spark_jars: str = ""

    def __post_init__(self) -> None:
        """Raise SettingsError for what no job can work with: a build of no days at once would build none."""
        if not self.warehouse.strip():
            raise SettingsError("LakeSettings: warehouse is empty: expected a folder, or an s3:// URI")
        if not is_time_zone(self.shop_time_zone):
            raise SettingsError(
                f"LakeSettings: shop_time_zone is {self.shop_time_zone!r}: "
                "it has to be the name of a time zone, as Europe/Berlin"
            )
        if too_small := [f"{name} is {value}" for name in AT_LEAST_ONE if (value := getattr(self, name)) < 1]:
            raise SettingsError(f"LakeSettings: {', '.join(too_small)}: expected at least 1")


@dataclass(frozen=True, kw_only=True)
class Order:
    """What one run is told beyond the settings; each job reads what it needs, days as 2019-10-01."""

    from_day: str = ""
    to_day: str = ""
    user_id: str = ""
    incident_id: str = ""
    because: str = ""
    undo: bool = False


def kept_days(table_retention: Iterable[str]) -> dict[str, int]:
    """Return for how many days which table is kept. Raises SettingsError for a text that says nothing of the kind."""
    kept: dict[str, int] = {}
    for text in table_retention:
        found = _KEPT.fullmatch(text)
        if found is None or found[1] not in KEPT_FOR_A_TIME or found[1] in kept:
            names = ", ".join(KEPT_FOR_A_TIME)
            raise SettingsError(f"table_retention: {text!r} has to be table=days, each once, the table one of {names}")
        if found[1] != "rejects" and int(found[2]) < SHORTEST_DAYS:
            raise SettingsError(
                f"table_retention: {text!r}: only rejects can be kept for less than {SHORTEST_DAYS} days"
            )
        kept[found[1]] = int(found[2])
    return kept | (dict.fromkeys(KEPT_WITH_EVENTS, kept["events"]) if "events" in kept else {})
