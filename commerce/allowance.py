"""The allow list: subjects of whom no incident is an alarm, each for a reason and until a moment.

Three programs read it alike: the command that edits it, the responder that sends no alert, and the lake that makes no
verdict of their incidents. Here is what an entry is, how DynamoDB holds it, and which subjects it covers.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from commerce.event import format_instant, parse_instant
from commerce.fields import IDENTIFIER
from commerce.rules.rule import SubjectType

# The table, as the stack creates it: its partition key, a text, and the attribute of its time to live.
PARTITION_KEY = "subject_key"
TIME_TO_LIVE_ATTRIBUTE = "expires_at"
MAX_REASON_CHARACTERS = 500
MAX_NAME_CHARACTERS = 100
# How long an entry stays in the table when it holds no more. The lake, which looks once a night, must hear of one that
# began and ended by day, and of one that was removed, which it would take for one that expired and was deleted.
REMEMBERED = timedelta(days=30)
THE_SITE = "site"
# What stands before an IPv4 address that is written as an IPv6 one.
IPV4_MAPPED_BITS = 96

Network = IPv4Network | IPv6Network


class AllowanceError(ValueError):
    """An entry that cannot be; the message says what is wrong in one line."""


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """One entry. It holds until `expires_at`, a whole second; one with `removed_at` holds no more."""

    subject_type: str
    subject: str
    because: str
    added_at: datetime
    added_by: str
    expires_at: datetime
    removed_at: datetime | None = None

    @property
    def key(self) -> str:
        """Its key in the table: there is one entry a subject."""
        return f"{self.subject_type}#{self.subject}"

    def holds_at(self, moment: datetime) -> bool:
        """Return whether it holds then. When it was added does not matter: it speaks of what came before as well."""
        return self.removed_at is None and moment < self.expires_at


def checked_subject(subject_type: str, subject: str) -> str:
    """Return the subject as incidents name it, an address or a network in its usual form. Raises AllowanceError."""
    match subject_type:
        case SubjectType.USER | SubjectType.SESSION:
            if not re.fullmatch(IDENTIFIER, subject, re.ASCII) or len(subject) > 64:
                raise AllowanceError(f"{subject!r} is no {subject_type} id")
            return subject
        case SubjectType.ADDRESS:
            try:
                network = _unmapped(ip_network(subject))
            except ValueError as error:
                raise AllowanceError(f"{subject!r} is neither an address nor a network: {error}") from error
            return str(network.network_address if network.num_addresses == 1 else network)
        case SubjectType.SITE:
            if subject != THE_SITE:
                raise AllowanceError(f"the subject of the type site is {THE_SITE!r}, not {subject!r}")
            return subject
        case _:
            raise AllowanceError(f"{subject_type!r} is no type of subject: there are {', '.join(SubjectType)}")


def checked(allowance: Allowance) -> Allowance:
    """Return the entry with its subject as incidents name it. Raises AllowanceError."""
    for name, longest in (("because", MAX_REASON_CHARACTERS), ("added_by", MAX_NAME_CHARACTERS)):
        text = getattr(allowance, name)
        if not text.strip() or len(text) > longest or not text.isprintable():
            raise AllowanceError(f"{name} has to be a line of 1 to {longest} characters")
    if allowance.expires_at <= allowance.added_at:
        raise AllowanceError(f"until {format_instant(allowance.expires_at)} is in the past")
    subject = checked_subject(allowance.subject_type, allowance.subject)
    return Allowance(**{**vars(allowance), "subject": subject})


class AllowList:
    """The entries at hand, quick to ask."""

    def __init__(self, allowances: Iterable[Allowance] = ()) -> None:
        self._by_subject: dict[tuple[str, str], Allowance] = {}
        self._networks: list[tuple[Network, Allowance]] = []
        for allowance in allowances:
            if allowance.subject_type == SubjectType.ADDRESS:
                self._networks.append((ip_network(allowance.subject), allowance))
            else:
                self._by_subject[allowance.subject_type, allowance.subject] = allowance

    def covering(self, subject_type: str, subject: str, *, at: datetime) -> Allowance | None:
        """Return the entry that holds at that moment for the subject, of several the one that does so longest."""
        found = (allowance for allowance in self._about(subject_type, subject) if allowance.holds_at(at))
        return max(found, key=lambda allowance: (allowance.expires_at, allowance.key), default=None)

    def _about(self, subject_type: str, subject: str) -> Iterable[Allowance]:
        if subject_type != SubjectType.ADDRESS:
            entry = self._by_subject.get((subject_type, subject))
            return () if entry is None else (entry,)
        address = _address(subject)
        return (entry for network, entry in self._networks if address is not None and address in network)


def to_item(allowance: Allowance) -> dict[str, dict[str, str]]:
    """Return the entry as DynamoDB's typed attributes. When it has ended, it is kept until the lake has heard of it."""
    texts = {
        PARTITION_KEY: allowance.key,
        "because": allowance.because,
        "added_at": format_instant(allowance.added_at),
        "added_by": allowance.added_by,
        "ends_at": format_instant(allowance.expires_at),
    }
    if allowance.removed_at is not None:
        texts["removed_at"] = format_instant(allowance.removed_at)
    item = {name: {"S": text} for name, text in texts.items()}
    deleted_at = int((allowance.removed_at or allowance.expires_at).timestamp() + REMEMBERED.total_seconds())
    return {**item, TIME_TO_LIVE_ATTRIBUTE: {"N": str(deleted_at)}}


def from_items(items: Iterable[Mapping[str, Any]]) -> tuple[list[Allowance], int]:
    """Return the entries that could be read, removed ones among them, and how many items could not."""
    allowances: list[Allowance] = []
    unreadable = 0
    for item in items:
        try:
            allowances.append(_from_item(item))
        except (KeyError, TypeError, ValueError, OverflowError):
            unreadable += 1
    return allowances, unreadable


def _from_item(item: Mapping[str, Any]) -> Allowance:
    subject_type, _, subject = item[PARTITION_KEY]["S"].partition("#")
    # Whoever removed it would write another row beside it, for the subject as it is usually written.
    if checked_subject(subject_type, subject) != subject:
        raise AllowanceError(f"{subject!r} is not in its usual form")
    removed_at = item.get("removed_at")
    return Allowance(
        subject_type=subject_type,
        subject=subject,
        because=item["because"]["S"],
        added_at=parse_instant(item["added_at"]["S"]),
        added_by=item["added_by"]["S"],
        expires_at=_end(item),
        removed_at=parse_instant(removed_at["S"]) if removed_at else None,
    )


def _end(item: Mapping[str, Any]) -> datetime:
    if "ends_at" in item:
        return parse_instant(item["ends_at"]["S"])
    # A row of an earlier version, or one written by hand, is deleted at its end.
    return datetime.fromtimestamp(int(item[TIME_TO_LIVE_ATTRIBUTE]["N"]), UTC)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return _unmapped(ip_network(ip_address(text))).network_address
    except ValueError:
        return None


def _unmapped(network: Network) -> Network:
    """Return IPv4 addresses that were written as IPv6 ones (::ffff:192.0.2.0/120) as what they are."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    # A shorter network than these bits has no such address as its first.
    return ip_network((mapped, network.prefixlen - IPV4_MAPPED_BITS)) if mapped is not None else network
