"""Who visits, and the line that each act of a visit becomes.

The line is put together from parts that are encoded once a product and once a visit: that is several times faster
than building and dumping a document an event, and a test holds it to the bytes of `commerce.event.to_line`.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from simulator.addresses import CARRIER_SHARE, carrier_address, home_address
from simulator.catalogue import Product

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 "
    "Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:135.0) Gecko/20100101 Firefox/135.0",
)
# A search engine says who it is, and can be believed only by its address.
CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
SCRIPTS = ("python-requests/2.32.3", "Scrapy/2.12.0 (+https://scrapy.org)", "Go-http-client/2.0")
# What the tools of botnets claim to be: browsers that have had no update for years, and that nobody shops with.
OUTDATED_BROWSERS = (
    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/49.0.2623.112 Safari/537.36",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:52.0) Gecko/20100101 Firefox/52.0",
    "Mozilla/5.0 (Windows NT 6.3; WOW64; Trident/7.0; rv:11.0) like Gecko",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; WOW64; Trident/6.0)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/58.0.3029.110 "
    "Safari/537.36 Edge/16.16299",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_5) AppleWebKit/537.78.2 (KHTML, like Gecko) Version/7.0.6 "
    "Safari/537.78.2",
    "Mozilla/5.0 (Linux; Android 4.4.2; GT-I9505 Build/KOT49H) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/39.0.2171.93 Mobile Safari/537.36",
    "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
)

SAID_HASH_BYTES = 6
_BEHIND_CARRIER = round(CARRIER_SHARE * 2**17)
_SECONDS = tuple(f"{second // 60:02d}:{second % 60:02d}" for second in range(3600))
_MILLISECONDS = tuple(f".{millisecond:03d}Z" for millisecond in range(1000))


class Act(NamedTuple):
    """One act of one shopper: when, in milliseconds since 1970, the event line, and what it says."""

    at_ms: int
    line: bytes
    user_id: str
    event_type: str
    product: Product


@dataclass(slots=True)
class Shopper:
    """One user: the id, where from and with what.

    `last_day`, in days since 1970, is that of the latest act noted; of somebody who comes in two ways, it is noted of
    whom the other is the `same_as`.
    """

    user_id: str
    ip_address: str
    user_agent: str
    last_day: int | None = None
    same_as: "Shopper | None" = None


@dataclass(slots=True)
class Visit:
    """One session of one shopper. Its events are named by its `key`, their number, and a hash of what they say.

    The hash is there because runs with other attacks draw the same keys, at other times and for other users: an id
    names one event for ever.
    """

    who: Shopper
    session: str
    key: str
    tail: str
    acts: int = 0

    def act(self, at_ms: int, event_type: str, product: Product) -> Act:
        """Return the next act of this visit."""
        self.acts += 1
        said = f'"event_time":"{instant_text(at_ms)}","event_type":"{event_type}",{product.columns},{self.tail}'
        said_hash = blake2b(said.encode(), digest_size=SAID_HASH_BYTES).hexdigest()
        line = f'{{"event_id":"{self.key}-{self.acts}-{said_hash}",{said}}}'
        return Act(at_ms, line.encode(), self.who.user_id, event_type, product)


def shopper(rng: random.Random, user_id: int, *, carriers: int) -> Shopper:
    """Return one of the people: at an own address, or behind one of so many addresses of carriers."""
    chance = rng.getrandbits(17)
    ip_address = carrier_address(chance % carriers) if chance < _BEHIND_CARRIER else home_address(user_id)
    return Shopper(str(user_id), ip_address, BROWSERS[int(rng.random() * len(BROWSERS))])


def visit(rng: random.Random, who: Shopper, *, session: str | None = None) -> Visit:
    """Return a new visit, in a session of its own or in one that others use as well."""
    text = f"{rng.getrandbits(128):032x}"
    session = session or f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    tail = (
        f'"user_id":"{who.user_id}","user_session":"{session}",'
        f'"ip_address":"{who.ip_address}","user_agent":"{who.user_agent}"'
    )
    return Visit(who, session, text[:16], tail)


def instant_text(at_ms: int) -> str:
    """Return an instant as it stands on the wire, put together from tables: formatting a date is slow."""
    seconds, milliseconds = divmod(at_ms, 1000)
    hour, second = divmod(seconds, 3600)
    return f"{_hour_text(hour)}{_SECONDS[second]}{_MILLISECONDS[milliseconds]}"


@lru_cache(maxsize=64)
def _hour_text(hour: int) -> str:
    return datetime.fromtimestamp(hour * 3600, UTC).strftime("%Y-%m-%dT%H:")
