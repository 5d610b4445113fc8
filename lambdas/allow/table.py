"""Edits the table of the allow list. What ended or was removed stays a while, so that the lake hears of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from commerce.allowance import Allowance, AllowanceError, to_item
from lambdas.allow_list import read_allow_list

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What applying a file did, and how many entries that hold are not in it."""

    added: int
    changed: int
    unchanged: int
    removed: int
    others: int


@dataclass(frozen=True, kw_only=True)
class AllowListTable:
    """The table. Every call raises the client's errors."""

    client: "DynamoDBClient"
    name: str

    def entries(self) -> dict[str, Allowance]:
        """Return the entries by key, without removed ones. Raises AllowanceError where one cannot be read."""
        allowances, unreadable = read_allow_list(self.client, table=self.name, consistent=True)
        if unreadable:
            raise AllowanceError(f"{self.name} holds {unreadable} entries that cannot be read: correct or delete them")
        return {entry.key: entry for entry in allowances if entry.removed_at is None}

    def put(self, entry: Allowance) -> None:
        """Write the entry in the place of the one its subject has."""
        self.client.put_item(TableName=self.name, Item=to_item(entry))

    def remove(self, key: str, *, at: datetime) -> None:
        """Let the subject's entry hold no more. Raises AllowanceError where there is none."""
        entry = self.entries().get(key)
        if entry is None:
            raise AllowanceError(f"{key.replace('#', ' ', 1)} is not on the allow list")
        self.put(replace(entry, removed_at=at))

    def apply(self, wanted: dict[str, Allowance], *, at: datetime, prune: bool) -> Applied:
        """Write what differs from `wanted`; with `prune` remove what holds and is not in it."""
        there = self.entries()
        news = [entry for key, entry in wanted.items() if key not in there]
        changes = [entry for key, entry in wanted.items() if key in there and _differs(entry, there[key])]
        others = [entry for key, entry in there.items() if key not in wanted and entry.holds_at(at)]
        for entry in (*news, *changes):
            self.put(entry)
        for entry in others if prune else ():
            self.put(replace(entry, removed_at=at))
        return Applied(
            added=len(news),
            changed=len(changes),
            unchanged=len(wanted) - len(news) - len(changes),
            removed=len(others) if prune else 0,
            others=0 if prune else len(others),
        )


def _differs(one: Allowance, other: Allowance) -> bool:
    return (one.because, one.expires_at) != (other.because, other.expires_at)
