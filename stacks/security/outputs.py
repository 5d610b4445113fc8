"""Reads what each security tool wrote: how much it looked at, what it found, what of that is accepted."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.acceptance import Accepted

# The files in the folder of outputs; `make security-page` writes them. cdk-nag has one for each synthesis.
NAG = ("nag.json", "nag-fullest.json")
CFN_LINT, CHECKOV, BANDIT = "cfn-lint.json", "checkov.json", "bandit.json"


class NoOutputError(Exception):
    """A tool's output is not there or is none; the message is one line."""


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """What is accepted of a rule: how often it is found, why it is right as it is, and until when."""

    rule: str
    times: int
    reason: str
    until: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one tool did. `looked_at` is in its own terms; `found` are findings that are not accepted."""

    tool: str
    looked_at: str
    found: tuple[str, ...]
    accepted: tuple[Acceptance, ...] = ()
    ran: bool = True


def read_outputs(folder: Path, *, accepted: Iterable[Accepted], locks: Sequence[str]) -> list[Outcome]:
    """Return every tool's outcome. Raises NoOutputError."""
    until = {each.reason: each.expires.isoformat() for each in accepted}
    return [
        *_nag([_read(folder / name) for name in NAG], until),
        _cfn_lint(_read(folder / CFN_LINT)),
        _checkov(_read(folder / CHECKOV), until),
        _bandit(_read(folder / BANDIT)),
        *(_pip_audit(lock, folder / audit_output(lock)) for lock in locks),
    ]


def audit_output(lock: str) -> str:
    """Return the name of the file with what pip-audit says about a lock file."""
    return f"pip-audit-{lock.replace('/', '-')}.json"


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NoOutputError(f"{path} is not a tool's output: `make security-page` writes it ({error})") from error


def _nag(reports: Iterable[Any], until: Mapping[str, str]) -> list[Outcome]:
    packs: dict[str, list[Any]] = {}
    for pack in (pack for report in reports for pack in report["pluginReports"]):
        packs.setdefault(pack["pluginName"], []).append(pack)
    return [
        Outcome(
            tool=f"cdk-nag, {name}",
            looked_at="every resource of every stack",
            found=tuple(violation["ruleName"] for pack in runs for violation in pack["violations"]),
            accepted=_together(
                (
                    (_rule(each["acknowledgedId"]), each["reason"])
                    for pack in runs
                    for each in pack["suppressedViolations"]
                ),
                until,
            ),
        )
        for name, runs in packs.items()
    ]


def _together(suppressed: Iterable[tuple[str, str]], until: Mapping[str, str]) -> tuple[Acceptance, ...]:
    """Put together what is accepted by the same rule and for the same reason; `until` is by reason."""
    return tuple(
        Acceptance(rule=rule, times=times, reason=reason, until=until[reason])
        for (rule, reason), times in sorted(Counter(suppressed).items())
    )


def _rule(acknowledged: str) -> str:
    """Return the rule without its pack and without what it was found on."""
    return acknowledged.partition("[")[0].rpartition("::")[2]


def _cfn_lint(report: Any) -> Outcome:
    return Outcome(
        tool="cfn-lint",
        looked_at="every template",
        found=tuple(f"{each['Rule']['Id']} {each['Filename']}" for each in report),
    )


def _checkov(report: Any, until: Mapping[str, str]) -> Outcome:
    reports = report if isinstance(report, list) else [report]
    passed = sum(each["summary"]["passed"] for each in reports)
    failed = [check for each in reports for check in each["results"]["failed_checks"]]
    return Outcome(
        tool="checkov",
        looked_at=f"every template: {passed} checks passed",
        found=tuple(f"{check['check_id']} {check['resource']}" for check in failed),
        accepted=_together(
            (
                (check["check_id"], check["check_result"]["suppress_comment"])
                for each in reports
                for check in each["results"]["skipped_checks"]
            ),
            until,
        ),
    )


def _bandit(report: Any) -> Outcome:
    return Outcome(
        tool="bandit",
        looked_at=f"{report['metrics']['_totals']['loc']:,} lines of our own code",
        found=tuple(f"{each['test_id']} {each['filename']}:{each['line_number']}" for each in report["results"]),
    )


def _pip_audit(lock: str, output: Path) -> Outcome:
    """Read an audit; one that got no answer from the database did not run, which is no clean bill."""
    tool = f"pip-audit, {lock}"
    if not output.exists() or not output.read_text(encoding="utf-8").strip():
        return Outcome(tool=tool, looked_at="nothing: the database could not be reached", found=(), ran=False)
    packages = _read(output)["dependencies"]
    holes = [f"{package['name']} {hole['id']}" for package in packages for hole in package.get("vulns", ())]
    return Outcome(tool=tool, looked_at=f"{len(packages)} packages", found=tuple(holes))
