"""The page about what the security tools found, docs/security.md."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from commerce.rules.page import markdown_table
from stacks.security.outputs import Acceptance, Outcome

_INTRODUCTION = """\
# What the security tools found

Made from the tools' own output, no figure is typed by hand:

```sh
make security-page
```

which keeps the outputs in `build/security` and ends with

```sh
python -m stacks security build/security --page docs/security.md --stage dev --lock requirements.lock
```

`make check` runs the same tools and fails on every finding that is not accepted. What each protects against is in
the [threat model](threat-model.md).
"""
_ACCEPTED = """\
## Accepted, and why

Each finding here was looked at and is right as it is. From the day after its last one the tests fail, until somebody
has looked again.
"""
_NOT_AUDITED = """\
**Not audited: {tools}.** The database of known holes could not be reached when this page was made, which says nothing
about what is pinned; `make audit AUDIT_REQUIRED=1` where it can be reached does.
"""


def page(outcomes: Sequence[Outcome], *, stage: str, on: date) -> str:
    """Return the page in Markdown; `stage` is the one whose templates were looked at."""
    return "\n".join(_lines(outcomes, stage, on))


def _lines(outcomes: Sequence[Outcome], stage: str, on: date) -> Iterator[str]:
    yield _INTRODUCTION
    yield f"Made on {on.isoformat()}, over the templates of the stage {stage}, and of one with all that the command"
    yield "line can ask for, `FULLEST` in the Makefile: what is accepted in both counts twice.\n"
    header = ("tool", "looked at", "found", "accepted")
    yield from markdown_table(header, (_row(outcome) for outcome in outcomes))
    if missing := [outcome.tool for outcome in outcomes if not outcome.ran]:
        yield _NOT_AUDITED.format(tools="; ".join(missing))
    yield from _found(outcomes)
    yield _ACCEPTED
    for outcome in outcomes:
        if outcome.accepted:
            yield f"### {outcome.tool}\n"
            yield from markdown_table(
                ("rule", "times", "why it is right as it is", "until"), _reasons(outcome.accepted)
            )


def _row(outcome: Outcome) -> tuple[str, ...]:
    found = str(len(outcome.found)) if outcome.ran else "not run"
    return outcome.tool, outcome.looked_at, found, str(len(outcome.accepted) or "")


def _found(outcomes: Iterable[Outcome]) -> Iterator[str]:
    found = [(outcome.tool, each) for outcome in outcomes for each in outcome.found]
    if found:
        yield "## Found\n"
        yield from markdown_table(("tool", "finding"), found)


def _reasons(accepted: Iterable[Acceptance]) -> Iterator[tuple[str, ...]]:
    for each in accepted:
        yield each.rule, str(each.times), each.reason, each.until
