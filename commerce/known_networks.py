"""Which addresses are those of automata that are welcome: search engines, the shop's own monitors.

They are named by their networks. The detector counts their events without judging them, and the lake leaves them out
of what people did. Here is what it means that an address lies in a network, once for all of them: a regular
expression, of which every engine makes the same.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network, collapse_addresses

# Each of the four numbers of an address, from the first to the last that it may be.
_Block = Sequence[tuple[int, int]]
_ANY_NUMBER = (0, 255)
_DECIMAL = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
# A server that listens to IPv6 writes an IPv4 address like this.
_MAPPED = "(::[fF][fF][fF][fF]:)?"


def address_pattern(networks: Iterable[str]) -> str:
    """Return the pattern that the whole text of an address matches if it lies in one of the IPv4 networks.

    Of no networks it is empty. It is written in what Java, RE2 and Python read alike, without a backslash. Numbers with
    a zero before them match nothing: programs differ in which address that is. Raises ValueError for a text that is no
    IPv4 network.
    """
    blocks = [_block(network) for network in collapse_addresses(IPv4Network(text) for text in networks)]
    return _MAPPED + _one_of(blocks) if blocks else ""


def known_sql(networks: Iterable[str]) -> str:
    """Return the condition that an event is one of a welcome automaton, in DuckDB's SQL; it is never NULL.

    Raises ValueError for a text that is no IPv4 network.
    """
    pattern = address_pattern(networks)
    return f"COALESCE(REGEXP_MATCHES(ip_address, '^({pattern})$'), FALSE)" if pattern else "FALSE"


@dataclass(frozen=True)
class KnownAddresses:
    """The addresses of automata that are welcome, to be asked one by one; networks are IPv4, as 192.0.2.0/24."""

    networks: tuple[str, ...] = ()

    def __contains__(self, address: str | None) -> bool:
        """Return whether the address lies in one of the networks; what is no IPv4 address lies in none.

        Raises ValueError for a network that is none.
        """
        return address is not None and address != "" and self._pattern.fullmatch(address) is not None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(address_pattern(self.networks))


def _block(network: IPv4Network) -> _Block:
    return list(zip(network.network_address.packed, network.broadcast_address.packed, strict=True))


def _one_of(blocks: Iterable[_Block]) -> str:
    """Return the pattern of the blocks, those together that begin alike: an address is read once, not once a block."""
    followers: dict[tuple[int, int], list[_Block]] = {}
    for first, *rest in blocks:
        followers.setdefault(first, []).append(rest)
    alternatives = (
        _number(*first) + (f"[.]{_one_of(rests)}" if rests[0] else "") for first, rests in followers.items()
    )
    return f"({'|'.join(alternatives)})"


def _number(first: int, last: int) -> str:
    return _DECIMAL if (first, last) == _ANY_NUMBER else f"({'|'.join(map(str, range(first, last + 1)))})"
