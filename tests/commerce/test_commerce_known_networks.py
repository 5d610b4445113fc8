"""Which addresses are those of welcome automata: one definition, for Python and for every engine's SQL."""

from ipaddress import IPv4Address, IPv4Network

import duckdb
import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from commerce.known_networks import KnownAddresses, address_pattern, known_sql
from commerce.sql.flink import FlinkDialect

addresses = st.integers(0, 2**32 - 1).map(IPv4Address)
networks = st.builds(
    lambda address, bits: IPv4Network((address, bits), strict=False), addresses, st.integers(min_value=0, max_value=32)
)
# Neighbours of a network's ends are where a range of numbers would be off by one.
edges = networks.flatmap(
    lambda network: st.sampled_from(
        [int(network.network_address) - 1, int(network.network_address), int(network.broadcast_address) + 1]
    )
).map(lambda number: IPv4Address(number % 2**32))


@given(st.lists(networks, max_size=5), st.one_of(addresses, edges), st.booleans())
def test_an_address_is_known_if_it_lies_in_one_of_the_networks(named, address, mapped):
    """As a person with a calculator would say, written as IPv4 or as an IPv4 address within IPv6."""
    text = f"::ffff:{address}" if mapped else str(address)
    assert (text in KnownAddresses(tuple(map(str, named)))) is any(address in network for network in named)


@pytest.mark.parametrize(
    "text",
    [None, "", "192.0.2", "192.0.2.7.1", "192.0.2.256", "192.0.1.263", "192.0.2.007", "192.0.2.7:443", "192x0x2x7"],
)
def test_what_is_no_address_is_nobodys(text):
    """Sums of what stands between the dots would take 192.0.1.263 for the same as 192.0.2.7."""
    assert text not in KnownAddresses(("192.0.2.0/24",))


def test_no_address_is_known_where_no_network_is_named():
    """A shop that welcomes nobody judges everybody."""
    assert "192.0.2.7" not in KnownAddresses()
    assert known_sql(()) == "FALSE"


def test_a_text_that_is_no_ipv4_network_is_refused():
    """An address with bits behind its mask is a mistake, and IPv6 cannot be named."""
    for text in ("192.0.2.7/24", "2001:db8::/32", "googlebot"):
        with pytest.raises(ValueError, match=r"host bits|Expected 4 octets|Only decimal"):
            address_pattern([text])


def test_the_lakes_sql_says_the_same_and_never_null():
    """An event without an address is a person's; a condition that is NULL would lose it."""
    texts = ["192.0.2.7", "192.0.3.7", "::FFFF:192.0.2.255", "192.0.1.263", "192.0.2.7x", None]
    named = ("192.0.2.0/25", "192.0.2.128/25", "10.0.0.0/8")
    rows = duckdb.execute(f"SELECT {known_sql(named)} FROM (SELECT UNNEST(?) AS ip_address)", [texts]).fetchall()
    assert [found for (found,) in rows] == [text in KnownAddresses(named) for text in texts]


def test_spark_and_flink_are_given_the_very_same_pattern():
    """The transpiler leaves it as it is, and no dialect needs another backslash in it."""
    named = ["192.0.2.0/24", "66.249.64.0/19"]
    pattern = address_pattern(named)
    assert f"ip_address RLIKE '^({pattern})$'" in sqlglot.transpile(known_sql(named), read="duckdb", write="spark")[0]
    assert FlinkDialect().matches("ip_address", pattern) == rf"REGEXP(ip_address, '\A({pattern})\z')"
    assert "\\" not in pattern


def test_many_networks_share_what_they_begin_with():
    """An address is held against the numbers it begins with once, however many networks begin like it."""
    many = [f"66.249.{third}.{fourth}/27" for third in range(64, 80) for fourth in range(0, 256, 64)]
    assert len(address_pattern(many)) < 9000
    assert address_pattern(many).count("(66)[.]((249)") == 1
