"""Reads what each security tool wrote: how much it looked at, what it found, what of that is accepted."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.acceptance import Accepted

# The files in the folder of outputs; `make security-page` writes them.
NAG, CFN_LINT, CHECKOV, BANDIT = "validation-report.json", "cfn-lint.json", "checkov.json", "bandit.json"
CHECKOV_CONFIGURATION = Path(__file__).parent.parent / "checkov" / "config.yaml"
_ACCEPTED_BY_CHECKOV = re.compile(r"# until (\d{4}-\d{2}-\d{2}): (.+)\n\s+- (\w+)")


class NoOutputError(Exception):
    """A tool's output is not there or is none; the message is one line."""


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """What is accepted of a rule: why it is right as it is, and until when.

    `times` is how often it is found, 0 where the tool does not count.
    """

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
    return [
        *_nag(_read(folder / NAG), list(accepted)),
        _cfn_lint(_read(folder / CFN_LINT)),
        _checkov(_read(folder / CHECKOV), CHECKOV_CONFIGURATION.read_text(encoding="utf-8")),
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


def _nag(report: Any, accepted: Sequence[Accepted]) -> list[Outcome]:
    return [
        Outcome(
            tool=f"cdk-nag, {pack['pluginName']}",
            looked_at="every resource of every stack",
            found=tuple(violation["ruleName"] for violation in pack["violations"]),
            accepted=_of_nag(pack["suppressedViolations"], accepted),
        )
        for pack in report["pluginReports"]
    ]


def _of_nag(suppressed: Iterable[Any], accepted: Sequence[Accepted]) -> tuple[Acceptance, ...]:
    """Put together what is accepted by the same rule and for the same reason."""
    until = {each.reason: each.expires.isoformat() for each in accepted}
    rules = Counter((_rule(each["acknowledgedId"]), each["reason"]) for each in suppressed)
    return tuple(
        Acceptance(rule=rule, times=times, reason=reason, until=until[reason])
        for (rule, reason), times in sorted(rules.items())
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


def _checkov(report: Any, configuration: str) -> Outcome:
    reports = report if isinstance(report, list) else [report]
    passed = sum(each["summary"]["passed"] for each in reports)
    failed = [check for each in reports for check in each["results"]["failed_checks"]]
    return Outcome(
        tool="checkov",
        looked_at=f"every template: {passed} checks passed",
        found=tuple(f"{check['check_id']} {check['resource']}" for check in failed),
        accepted=tuple(
            Acceptance(rule=rule, times=0, reason=reason, until=until)
            for until, reason, rule in _ACCEPTED_BY_CHECKOV.findall(configuration)
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
