"""The stages. They run the same stacks and differ only in the arguments written here."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network

from commerce.rules import RULES
from commerce.rules.rule import with_thresholds
from commerce.time_zones import is_time_zone
from glue_jobs.settings import kept_days
from lambdas.settings import AddressForm

_QUICKSIGHT_USER = re.compile(r"arn:[\w-]+:quicksight:[\w-]+:\d{12}:(user|group)/.+")

# Days that CloudWatch keeps logs for: these, and no others.
LOG_RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545),
    *(731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
# Other names of stacks begin with a stage's and a dash: nothing of one stage must look like another's.
_NAME = re.compile("[a-z][a-z0-9]{0,19}")
# What AWS takes, so that a deployment does not find out half-way. Streams keep records for a day to a year, Firehose
# gathers for 15 minutes or 128 MiB at most, a Glue job of Spark has two workers, Athena's limit is 10 MB at least.
_WITHIN = {
    "stream_retention_hours": (24, 8_760),
    "raw_retention_days": (1, None),
    "raw_archive_after_days": (0, None),
    "incident_retention_days": (1, None),
    "delivery_buffer_seconds": (0, 900),
    "delivery_buffer_mebibytes": (1, 128),
    "detector_parallelism": (1, None),
    "detector_parallelism_per_kpu": (1, 8),
    "allowed_lateness_seconds": (0, None),
    "rejected_tolerated": (0, None),
    "late_tolerated": (0, None),
    "batch_workers": (2, None),
    "bytes_scanned_cutoff": (10_000_000, None),
}
# Characters that Managed Flink takes as the value of one property of an application.
LONGEST_PROPERTY = 2_048


class UnknownStageError(ValueError):
    """A stage that is not in the list; the message names those that are."""


class UnknownUserError(ValueError):
    """Something that is no QuickSight user or group; the message says what one looks like."""


class UnknownSettingError(ValueError):
    """A setting of the command line with a value it cannot have; the message says which it can."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What one copy of the platform is given.

    `shards_per_stream` None means on-demand streams. `retain_data` keeps the buckets, the tables of DynamoDB and the
    lake's database when the stacks are destroyed. `raw_archive_after_days` 0 leaves raw objects where they are.
    `warehouse_folder` is used by the catalog `sqlite` only. `quicksight_user` is the ARN of the QuickSight user or
    group who is to own the data sets and the dashboard, empty for none of them; `quicksight_spice` copies the marts
    into QuickSight's own store every morning, instead of asking Athena at every look. `customer_keys` encrypts with
    keys of the account's own what is otherwise encrypted with keys that AWS manages. `address_form` says how addresses
    leave the streams: `full`, `truncated` to a network, or as a `keyed_hash`. `shop_time_zone` is where the shop's day
    and night are.
    """

    name: str
    retain_data: bool = False
    shards_per_stream: int | None = None
    stream_retention_hours: int = 24
    log_retention_days: int = 14
    raw_retention_days: int = 30
    raw_archive_after_days: int = 0
    incident_retention_days: int = 365
    # Tables of the lake that are not kept for ever, as `events=400`.
    table_retention: tuple[str, ...] = ()
    delivery_buffer_seconds: int = 60
    delivery_buffer_mebibytes: int = 16
    detector_parallelism: int = 1
    detector_parallelism_per_kpu: int = 1
    # Hours of the day, UTC, between which the detector is stopped to save money: (22, 6) is eight hours of the night.
    # It takes up at its snapshot where it left off, so the records of those hours must still be in the stream.
    detector_rests: tuple[int, int] | None = None
    allowed_lateness_seconds: int = 10
    threshold_overrides: tuple[str, ...] = ()
    # IPv4 networks of bots that are welcome: search engines as they publish them, the shop's own monitors.
    known_networks: tuple[str, ...] = ()
    # Signals of behavioural risk, and the hours of the day that they take for night.
    behavioural_risk: bool = True
    shop_time_zone: str = "UTC"
    # Alarms: how long no event at all is normal, and how many bad records in five minutes are.
    silence_minutes: int = 60
    rejected_tolerated: int = 100
    late_tolerated: int = 1000
    batch_engine: str = "spark"
    catalog: str = "glue"
    warehouse_folder: str = ""
    batch_workers: int = 2
    bytes_scanned_cutoff: int = 10 * 1024**3
    quicksight_user: str = ""
    quicksight_spice: bool = False
    customer_keys: bool = False
    address_form: str = AddressForm.FULL.value
    # Experiments of AWS Fault Injection Service on the streams; they run when somebody starts one.
    fault_experiments: bool = False

    def __post_init__(self) -> None:
        """Refuse a threshold no rule has, a network or user that is none, before anything is deployed with them.

        Raises ValueError, of it UnknownUserError for the user, SettingsError for the retention of tables, and
        UnknownSettingError for all else.
        """
        if not _NAME.fullmatch(self.name):
            raise UnknownSettingError(
                f"name is {self.name!r}: it has to be of small letters and digits, a letter first, 20 at most"
            )
        for setting, (least, most) in _WITHIN.items():
            self._refuse_outside(setting, least, most)
        if self.shards_per_stream is not None:
            self._refuse_outside("shards_per_stream", 1, None)
        with_thresholds(RULES, self.threshold_overrides)
        kept_days(self.table_retention)
        if self.detector_rests:
            self._refuse_rest_that_loses_records(*self.detector_rests)
        for name in ("threshold_overrides", "known_networks"):
            self._refuse_what_does_not_fit(name)
        for network in self.known_networks:
            IPv4Network(network)
        if self.log_retention_days not in LOG_RETENTIONS:
            raise UnknownSettingError(
                f"log_retention_days is {self.log_retention_days}: it has to be one of "
                f"{', '.join(map(str, LOG_RETENTIONS))}"
            )
        if self.silence_minutes % 5 or not 5 <= self.silence_minutes <= 1440:  # periods of five minutes, a day of them
            raise UnknownSettingError(
                f"silence_minutes is {self.silence_minutes}: it has to be a multiple of 5, from 5 to 1440"
            )
        if not is_time_zone(self.shop_time_zone):
            raise UnknownSettingError(
                f"shop_time_zone is {self.shop_time_zone!r}: it has to be the name of a time zone, as Europe/Berlin"
            )
        if self.address_form not in tuple(AddressForm):
            raise UnknownSettingError(
                f"address_form is {self.address_form!r}: it has to be one of {', '.join(AddressForm)}"
            )
        if self.quicksight_user and not _QUICKSIGHT_USER.fullmatch(self.quicksight_user):
            raise UnknownUserError(
                f"{self.quicksight_user!r} is no QuickSight user or group: give its ARN, as "
                "arn:aws:quicksight:eu-west-1:123456789012:user/default/NAME"
            )

    @property
    def detector_rest_hours(self) -> int:
        """How many hours of each day the detector is stopped."""
        return (self.detector_rests[1] - self.detector_rests[0]) % 24 if self.detector_rests else 0

    def _refuse_outside(self, setting: str, least: int, most: int | None) -> None:
        """Raise UnknownSettingError for a number that AWS would refuse, or that would keep nothing."""
        value = getattr(self, setting)
        if value < least or (most is not None and value > most):
            bound = f"at least {least}" if most is None else f"from {least} to {most}"
            raise UnknownSettingError(f"{setting} is {value}: it has to be {bound}")

    def _refuse_what_does_not_fit(self, name: str) -> None:
        """Raise ValueError for a list that Managed Flink would not take as a property of the application."""
        length = len(",".join(getattr(self, name)))
        if length > LONGEST_PROPERTY:
            raise ValueError(
                f"{name} comes to {length} characters, and Managed Flink takes {LONGEST_PROPERTY}: name fewer"
            )

    def _refuse_rest_that_loses_records(self, stops: int, starts: int) -> None:
        """Raise ValueError for hours that are none, and for a rest that what is in the stream does not outlast."""
        if stops == starts or not {stops, starts} <= set(range(24)):
            raise ValueError(f"detector_rests={self.detector_rests}: give two different hours of the day, 0 to 23")
        if 2 * self.detector_rest_hours > self.stream_retention_hours:
            raise ValueError(
                f"detector_rests={self.detector_rests}: {self.detector_rest_hours} hours are more than half of the "
                f"{self.stream_retention_hours} that the streams keep records: catching up would lose some"
            )


DEV = Stage(name="dev")
PROD = Stage(
    name="prod",
    retain_data=True,
    stream_retention_hours=7 * 24,
    log_retention_days=90,
    raw_retention_days=3 * 365,
    raw_archive_after_days=90,
    delivery_buffer_seconds=300,
    delivery_buffer_mebibytes=64,
    detector_parallelism=4,
    silence_minutes=15,
    batch_workers=5,
    bytes_scanned_cutoff=1024**4,
)
LAPTOP = Stage(
    name="laptop",
    shards_per_stream=1,
    log_retention_days=1,
    raw_retention_days=1,
    delivery_buffer_seconds=5,
    delivery_buffer_mebibytes=1,
    batch_engine="duckdb",
    catalog="sqlite",
    warehouse_folder="build/laptop/warehouse",
)
STAGES: dict[str, Stage] = {stage.name: stage for stage in (DEV, PROD, LAPTOP)}


def stage_named(name: str | None) -> Stage:
    """Return the stage; raises UnknownStageError with the list of stages."""
    if name not in STAGES:
        asked = f"{name!r} is no stage" if name else "no stage was given"
        raise UnknownStageError(
            f"{asked}: name one of {', '.join(STAGES)} (STAGE=NAME of make, --context stage=NAME of cdk)"
        )
    return STAGES[name]
