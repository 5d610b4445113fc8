"""Stacks that are in the account though the stage, as it is written, no longer asks for them.

The CDK neither updates nor deletes what is not in its app: such a stack bills, and may hold on to what is to go.
"""

from collections.abc import Collection, Iterable

from stacks.stages import Stage

# The section that says how each setting is taken back.
SECTION = "docs/aws.md#take-a-setting-back"


def left_behind(there: Iterable[str], *, stage: Stage, asked_for: Collection[str]) -> list[str]:
    """Return the stage's own among the names of all stacks that are there, but for those that it asks for."""
    return sorted(name for name in there if name.startswith(f"floorwalker-{stage.name}-") and name not in asked_for)
