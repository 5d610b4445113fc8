"""The script that Glue runs, and the laptop as a plain process: `entry.py --job curate --raw_bucket ... `.

Glue adds arguments of its own (`--JOB_NAME`, `--extra-py-files`, ...); they are left alone. The last line printed is
the job's account as JSON. An account that cannot be reached fails the run with one line.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import fields

from botocore.exceptions import BotoCoreError, ClientError

from commerce.settings import SettingsError, decode
from glue_jobs.allowances import AllowListError
from glue_jobs.engine import EngineError
from glue_jobs.jobs import JobError, run_job
from glue_jobs.raw import RawError
from glue_jobs.settings import LakeSettings, Order
from glue_jobs.withdraw import WithdrawError

FAULTS = (
    AllowListError,
    BotoCoreError,
    ClientError,
    EngineError,
    JobError,
    RawError,
    SettingsError,
    WithdrawError,
)
OWN = ("job", *(field.name for cls in (LakeSettings, Order) for field in fields(cls)))


def arguments(argv: Sequence[str]) -> dict[str, str]:
    """Return what is given as `--name value` or `--name=value` under the names that the jobs know.

    Each of them has a value, whatever that looks like: a shopper's id may begin with dashes.
    """
    given: dict[str, str] = {}
    words = iter(argv)
    for word in words:
        name, equals, value = word.removeprefix("--").partition("=")
        if word.startswith("--") and name in OWN:
            given[name] = value if equals else next(words, "")
    return given


def main(argv: Sequence[str]) -> None:
    """Run the job that the arguments name."""
    given = arguments(argv)
    try:
        settings = decode(LakeSettings, given)
        account = run_job(
            given.get("job", ""),
            settings=settings,
            order=decode(Order, given),
            environment=os.environ,
            reached=lambda step: print(step, flush=True),  # noqa: T201  # the job's log
        )
    except FAULTS as error:
        raise SystemExit(str(error)) from error
    print(json.dumps({"job": given["job"], **account}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
