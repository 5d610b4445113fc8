"""Where everybody comes from, in ranges that are set aside and belong to nobody.

Most people have an address of their own. Some share that of a carrier with dozens of others; an office shares one.
An address follows from a number, so that nobody has to remember which ones are taken.
"""

# 198.18.0.0/15 is for tests: the first three quarters are homes, the last one is rented by attackers.
FIRST_TEST_ADDRESS = 198 << 24 | 18 << 16
HOMES = 98_304
RENTED = 32_768
# 100.64.0.0/10 is for carriers, 198.51.100.0/24 and 192.0.2.0/24 are for examples.
FIRST_CARRIER_ADDRESS = 100 << 24 | 64 << 16
FIRST_OFFICE_ADDRESS = 198 << 24 | 51 << 16 | 100 << 8
OFFICES = 256
CRAWLER_NETWORK = "192.0.2.0/24"
FIRST_CRAWLER_ADDRESS = 192 << 24 | 2 << 8
CRAWLERS = 256

CARRIER_SHARE = 0.1
PEOPLE_PER_CARRIER_ADDRESS = 60
MOST_CARRIER_ADDRESSES = 10_000
# Odd and no multiple of 3, so that different numbers below HOMES, and below RENTED, stay different.
_SCATTER = 40_507


def home_address(number: int) -> str:
    """Return an address of one's own; once all are taken, they are given out again from the first on."""
    return _text(FIRST_TEST_ADDRESS + number * _SCATTER % HOMES)


def rented_address(number: int) -> str:
    """Return an address of an attacker."""
    return _text(FIRST_TEST_ADDRESS + HOMES + number * _SCATTER % RENTED)


def carrier_address(number: int) -> str:
    """Return an address behind which a carrier keeps many of its customers."""
    return _text(FIRST_CARRIER_ADDRESS + number)


def carrier_addresses(people: float) -> int:
    """Return behind how many carrier addresses a tenth of so many people are, dozens behind each."""
    return min(MOST_CARRIER_ADDRESSES, max(1, round(people * CARRIER_SHARE / PEOPLE_PER_CARRIER_ADDRESS)))


def office_address(number: int) -> str:
    """Return the one address of an office."""
    return _text(FIRST_OFFICE_ADDRESS + number % OFFICES)


def crawler_address(number: int) -> str:
    """Return an address of the search engine's documented network."""
    return _text(FIRST_CRAWLER_ADDRESS + number % CRAWLERS)


def _text(number: int) -> str:
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
