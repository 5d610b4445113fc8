"""What may be said of an address: a network instead of it, or a pseudonym that only the holder of a key can make.

A pseudonym is written as an address of the block `PSEUDONYMS`, which no shopper can come from, so that whatever reads
addresses reads it as well. The same address has the same pseudonym, in whichever way it was written.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from ipaddress import ip_address as read_address

from commerce.incident import Incident
from commerce.known_networks import KnownAddresses
from commerce.rules.rule import SubjectType
from lambdas.settings import AddressForm

IPV4_NETWORK_BITS, IPV6_NETWORK_BITS = 24, 48
PSEUDONYMS = IPv6Network("fd00::/8")
UNREADABLE = "(unreadable)"
_LIKE_AN_ADDRESS = re.compile(
    r"(?<![0-9A-Za-z.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:[0-9]{1,3}[.]){3}[0-9]{1,3}|[0-9A-Fa-f]{0,4})(?![0-9A-Za-z:])"
    r"|(?<![0-9.])(?:[0-9]{1,3}[.]){3}[0-9]{1,3}(?![0-9]|[.][0-9])"
)


def abbreviated(text: str) -> str:
    """Return an address without its end, as 203.0.113.x or 2001:db8:1:x; for what is none, a word that says so."""
    address = _read(text)
    if address is None:
        return UNREADABLE
    if isinstance(address, IPv4Address):
        return f"{str(address).rpartition('.')[0]}.x"
    return ":".join(f"{int(group, 16):x}" for group in address.exploded.split(":")[:3]) + ":x"


def is_pseudonym(text: str) -> bool:
    """Return whether the text is an address of the block of pseudonyms."""
    address = _read(text)
    return isinstance(address, IPv6Address) and address in PSEUDONYMS


def with_addresses(text: str, said: Callable[[str], str]) -> str:
    """Return the text with every address in it replaced by what `said` makes of it."""
    return _LIKE_AN_ADDRESS.sub(lambda found: _with_address(found[0], said), text)


def _with_address(text: str, said: Callable[[str], str]) -> str:
    """Return what looks like an address with the longest end of it replaced that is one: a time may stand before it."""
    starts = (0, *(place + 1 for place, letter in enumerate(text) if letter == ":"))
    start = next((start for start in starts if _read(text[start:])), len(text))
    return text[:start] + (said(text[start:]) if text[start:] else "")


@dataclass(frozen=True, kw_only=True)
class Concealment:
    """One form for all addresses but the `known` ones. The key is not used by the form `full`.

    Known addresses are those of welcome automata: they are no persons, and the lake has to know them again.
    """

    form: AddressForm = AddressForm.FULL
    key: bytes = b""
    known: KnownAddresses = field(default_factory=KnownAddresses)

    def __post_init__(self) -> None:
        """Refuse a key that could be guessed. Raises ValueError."""
        if self.form is not AddressForm.FULL and len(self.key) < 32:
            raise ValueError("the key for addresses has to have 32 bytes at least")

    def address(self, text: str) -> str:
        """Return the address in its form; what cannot be read as one becomes a pseudonym in either form."""
        if self.form is AddressForm.FULL or text in self.known:
            return text
        address = _read(text)
        if address is not None and self.form is AddressForm.TRUNCATED:
            return str(_network(address).network_address)
        return self._pseudonym(text if address is None else str(address))

    def text(self, text: str) -> str:
        """Return the text with every address in it in its form."""
        return text if self.form is AddressForm.FULL else with_addresses(text, self.address)

    def hides_subject_of(self, incident: Incident) -> bool:
        """Return whether the incident is about an address, and this form conceals it."""
        return self.form is not AddressForm.FULL and incident.subject_type == SubjectType.ADDRESS

    def incident(self, incident: Incident) -> Incident:
        """Return the incident with addresses in their form. Doing so twice gives a third incident.

        Its id is a hash over the address, which trying all addresses would find: it gets another, made with the key.
        """
        if not self.hides_subject_of(incident):
            return replace(incident, sentence=self.text(incident.sentence))
        named, sentence = self.address(incident.subject), self.text(incident.sentence)
        if incident.subject and _read(incident.subject) is None:
            sentence = sentence.replace(incident.subject, named)
        return replace(
            incident,
            incident_id=self._keyed(f"incident|{incident.incident_id}"),
            subject=named,
            # Those who took part are users: of them, only what looks like an address is one.
            subjects=tuple(sorted({self.text(subject) for subject in incident.subjects})),
            sentence=sentence,
        )

    def _pseudonym(self, text: str) -> str:
        first = PSEUDONYMS.network_address.packed[:1]
        return str(IPv6Address(first + bytes.fromhex(self._keyed(f"address|{text}")[:30])))

    def _keyed(self, text: str) -> str:
        return hmac.new(self.key, text.encode("utf-8", errors="surrogatepass"), "sha256").hexdigest()


def _read(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address, of an IPv4 address within IPv6 the IPv4 one; zeros may stand before an IPv4 part."""
    try:
        address = read_address(re.sub(r"(?<![0-9A-Fa-f:])0+(?=[0-9])", "", text) if ":" not in text else text)
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def _network(address: IPv4Address | IPv6Address) -> IPv4Network | IPv6Network:
    bits = IPV4_NETWORK_BITS if isinstance(address, IPv4Address) else IPV6_NETWORK_BITS
    return ip_network(f"{address}/{bits}", strict=False)
