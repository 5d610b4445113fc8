"""Where a stage asks for it, no full address leaves the streams, and everything else leaves as it came."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import boto3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from shop import Shop, incident

from commerce import incident as incidents
from commerce.event import Event, parse
from commerce.known_networks import KnownAddresses
from lambdas.addresses import PSEUDONYMS, Concealment
from lambdas.conceal.handler import transform
from lambdas.conceal.line import concealed
from lambdas.conceal.record import GROWTH, ONE_ADDRESS, concealed_record
from lambdas.secret import concealment
from lambdas.settings import AddressForm

KEY = b"k" * 64
HASHED = Concealment(form=AddressForm.KEYED_HASH, key=KEY)
TRUNCATED = Concealment(form=AddressForm.TRUNCATED, key=KEY)
BOTH = pytest.mark.parametrize("form", [HASHED, TRUNCATED], ids=lambda form: form.form.value)
ADDRESS = "203.0.113.77"
EVENT = (
    b'{ "event_id":"e1","event_time":"2019-10-01T00:00:00.000Z","event_type":"view","product_id":"1","price":"1.50",'
    b'"user_id":"7","ip_address":"203.0.113.77","user_agent":"Mozilla/5.0 Chrome/120.0.0.0 Safari/537.36","x":[1.0]}'
)
ARRIVED = datetime(2019, 10, 1, tzinfo=UTC)


@BOTH
def test_only_the_address_of_an_event_changes(form):
    """Raw bytes are what everything is rebuilt from: blanks, order and unknown fields stay as they came."""
    after = concealed(EVENT, form)
    assert after.replace(form.address(ADDRESS).encode(), ADDRESS.encode()) == EVENT
    assert ADDRESS.encode() not in after


@BOTH
def test_a_concealed_event_is_an_event(form):
    """The lake judges lines by the same rules as before."""
    event = parse(concealed(EVENT, form), arrived_at=ARRIVED)
    assert isinstance(event, Event)
    assert ip_address(event.ip_address)


def test_a_pseudonym_is_an_address_that_nobody_can_come_from():
    """It must never be taken for somebody's."""
    assert ip_address(HASHED.address(ADDRESS)) in PSEUDONYMS == ip_network("fd00::/8")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("203.0.113.7", "::ffff:203.0.113.7"),
        ("203.0.113.7", "203.000.113.007"),
        ("2001:db8::1", "2001:0DB8:0:0:0:0:0:1"),
    ],
)
def test_an_address_has_one_pseudonym_however_it_is_written(one, other):
    """Else the detector's incident and the lake's events would be about two."""
    assert HASHED.address(one) == HASHED.address(other)


def test_another_key_gives_another_pseudonym():
    """Whoever tries all addresses needs the key as well."""
    assert HASHED.address(ADDRESS) != replace(HASHED, key=b"l" * 64).address(ADDRESS)


def test_what_is_truncated_is_the_network():
    """A /24, or a /48 of IPv6, is what an office or a household is."""
    assert TRUNCATED.address(ADDRESS) == "203.0.113.0"
    assert TRUNCATED.address("2001:db8:1:2::3") == "2001:db8:1::"


@BOTH
@pytest.mark.parametrize(
    "line",
    [
        b'{"ip_address":"203.0.113.77',
        b'["203.0.113.77"]',
        b"203.0.113.77 - - [01/Oct/2019] GET /",
        b'\xff\xfe{"ip_address": "203.0.113.77"}',
        b'{"ip_address":"203.0.113.77:8080"}',
        b'{"ip_address":"203.0.113.77, 10.0.0.1"}',
        b'{"ip_address":"203.0.113.077"}',
        b'{"client":{"remote":["203.0.113.77"]}}',
        b'{"203.0.113.77":1}',
        b'{"ip_address":"\\u0032\\u00303.0.113.77"}',
        b'{"user_agent":"203.0.113.77"}',
        b'{"ip_address":' + b"[" * 100_000 + b'"203.0.113.77"',
    ],
)
def test_no_line_takes_its_address_along(form, line):
    """A record that is no event is kept with its bytes, and those hold the address too."""
    after = concealed(line, form)
    assert b"113.77" not in after.replace(b"113.077", b"113.77")
    try:
        decoded = json.dumps(json.loads(after))
    except (ValueError, RecursionError):
        return
    assert ADDRESS not in decoded


@BOTH
def test_an_address_written_as_a_number_is_concealed(form):
    """203.0.113.77 is 3405803853, and a field of that type is accepted as text."""
    after = concealed(b'{"ip_address": 3405803853, "price": 3405803853, "long": %s}' % (b"9" * 5_000), form)
    read = json.loads(after, parse_int=str)
    assert read["ip_address"] != "3405803853"
    assert (read["price"], read["long"]) == ("3405803853", "9" * 5_000)


@BOTH
@pytest.mark.parametrize("number", [b"203.0113077", b"-3405803853", b"3.405803853e+9"])
def test_a_number_is_concealed_whole_however_it_is_written(form: Concealment, number: bytes) -> None:
    """What is left of it beside a pseudonym would make the line no JSON, and say half of the address."""
    after = concealed(b'{"ip_address":' + number + b',"price":1}', form)
    assert ip_address(json.loads(after)["ip_address"])
    assert number not in after


@given(st.ip_addresses().map(str))
@example("::")
@example("::ffff:0:0")
def test_no_address_whatsoever_comes_through(address):
    """There are many ways to write one."""
    after = json.loads(concealed(json.dumps({"ip_address": address}).encode(), HASHED))["ip_address"]
    assert ip_address(after) in PSEUDONYMS


@pytest.mark.parametrize("form", [b'{"ip_address":"%s"}', b"%s", b"%s GET /", b'"%s"'])
@pytest.mark.parametrize("before", ["ip:", "IPv6:", "client:", "10:22:33:", "10:22:33:44:", ":"])
@given(address=st.one_of(st.ip_addresses(v=4), st.ip_addresses(network="2000::/3")))
@example(address=ip_address("2001:db8::7"))
@example(address=ip_address("2001:db8:1:2:3:4:5:6"))
@example(address=ip_address("203.0.113.7"))
def test_what_stands_before_an_address_does_not_hide_it(form, before, address):
    """A proxy names what it tells, or tells the time first."""
    line = form % f"{before}{address}".encode()
    assert str(address).encode() not in concealed(line, HASHED)


@pytest.mark.parametrize("text", ["2019-10-01T00:00:00.000Z", "at 12:30:45", "aa:bb:cc:dd:ee:ff", "std::map", "a:b:c"])
def test_times_and_names_with_colons_stay(text):
    """Only what can be read as an address is one."""
    line = json.dumps({"note": text}).encode()
    assert concealed(line, HASHED) == line


@given(st.binary(max_size=300))
@example(b'{"a": "\\ud800 1.2.3.4"}')
@example(b'{"ip_address": "\\ud800"}')
@example(b'{"ip_address": "\xff"}')
def test_any_bytes_come_back_as_one_line(line):
    """A record that made the function fail would be stored as it came, with all others of its batch."""
    assert concealed(line, HASHED).count(b"\n") == line.count(b"\n")


@BOTH
def test_an_incident_and_its_id_do_not_tell_the_address(form):
    """The id is a plain hash over it: trying the 256 addresses of a network, or all there are, finds it."""
    about = incident(subject_type="address", subject=ADDRESS, sentence=f"Address {ADDRESS} sent 130 events.")
    line = concealed(incidents.to_line(about), form)
    after = incidents.parse(line)
    assert b"113.77" not in line
    assert after.subject == form.address(ADDRESS)
    assert after.sentence == f"Address {after.subject} sent 130 events."
    assert after.incident_id not in (about.incident_id, incidents.incident_id(
        rule=after.rule, rule_version=after.rule_version, subject=ADDRESS, opened_at=after.opened_at))  # fmt: skip
    assert len(after.incident_id) == len(hashlib.sha256().hexdigest())


@BOTH
def test_users_who_took_part_stay_users(form):
    """An incident about an address names who came from there; an id made an address would be nobody's."""
    about = incident(subject_type="address", subject=ADDRESS, subjects=("518043721", "u-7", ADDRESS))
    after = incidents.parse(concealed(incidents.to_line(about), form))
    assert after.subjects == tuple(sorted(("518043721", "u-7", form.address(ADDRESS))))


@BOTH
def test_an_incident_that_can_be_read_and_not_written_is_concealed_as_any_object(form):
    """Half of a surrogate pair is no text: the whole batch would stay as it came, for as long as it is tried."""
    about = incident(subject_type="address", subject=ADDRESS, sentence=f"Address {ADDRESS} sent events.")
    line = incidents.to_line(about).replace(b"sent events", rb"sent \ud800")
    after = concealed(line, form)
    assert ADDRESS.encode() not in after
    assert json.loads(after) == json.loads(line.replace(ADDRESS.encode(), form.address(ADDRESS).encode()))


def test_an_incident_about_a_user_stays_as_it_is():
    """There is nothing to conceal in it."""
    line = incidents.to_line(incident())
    assert concealed(line, HASHED) == line


@BOTH
def test_the_address_of_a_welcome_automaton_stays(form):
    """The lake takes its events out of what people did, and a search engine is nobody's personal data."""
    welcoming = replace(form, known=KnownAddresses(("203.0.113.0/26", "203.0.113.77/32")))
    assert concealed(EVENT, welcoming) == EVENT
    neighbour = EVENT.replace(b"113.77", b"113.78")
    assert concealed(neighbour, welcoming) == concealed(neighbour, form) != neighbour


def test_firehose_gets_back_every_record_as_lines():
    """A record that is missing from the answer fails its whole batch."""
    sent = [EVENT, EVENT + b"\n" + EVENT, b"\xff"]
    event = {"records": [_record(number, data) for number, data in enumerate(sent)]}
    answer = transform(event, concealment=HASHED)["records"]
    assert [(each["recordId"], each["result"]) for each in answer] == [("0", "Ok"), ("1", "Ok"), ("2", "Ok")]
    data = [base64.b64decode(each["data"]) for each in answer]
    assert [part.count(b"\n") for part in data] == [1, 2, 1]
    assert all(part.endswith(b"\n") for part in data)
    assert data[1] == data[0] * 2, "a record of two lines is two events"


@BOTH
@pytest.mark.parametrize("hostile", [b":: ", b"1.1.1.1 ", b"1.1.1.1 _________", b"::\n", b"\xd0\x96::", b"\xff::"])
@pytest.mark.parametrize("pattern", [b"%s", b'{"a":"%s"}'])
def test_no_batch_is_longer_than_lambda_takes(form: Concealment, hostile: bytes, pattern: bytes) -> None:
    """An answer of six megabytes fails, and Firehose stores the whole batch as it came, addresses in full."""
    scale = 16  # a batch as large as they come takes seconds, and would tell no more
    megabyte = 1024**2 // scale
    large = pattern % (hostile * (megabyte // len(hostile) - 8))
    small = [pattern % (hostile * 12)] * (megabyte // 2 // len(pattern % (hostile * 12)))
    honest = [EVENT] * (megabyte // 2 // len(EVENT))
    records = [_record(number, data) for number, data in enumerate([large, *small, *honest])]
    answer = transform({"records": records}, concealment=form)
    assert len(json.dumps(answer)) * scale < 6_000_000
    assert len(answer["records"]) == len(records)
    assert {each["result"] for each in answer["records"]} == {"Ok"}
    assert base64.b64decode(answer["records"][-1]["data"]) == concealed(EVENT, form) + b"\n"
    assert ADDRESS.encode() not in b"".join(base64.b64decode(each["data"]) for each in answer["records"])


PIECES = [
    b"::",
    b"1.1.1.1",
    b" ",
    b'"',
    b'{"ip_address":',
    b'{"a":"',
    b'"}',
    b",",
    b"\n",
    b"\\u0032",
    b"\xff",
    b"7",
    EVENT,
]


@BOTH
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=40), times=st.integers(1, 40))
def test_a_record_grows_by_half_or_by_one_address(form: Concealment, pieces: list[bytes], times: int) -> None:
    """Whatever stands in it, it is answered by itself, and has as many lines as before."""
    data = b"".join(pieces) * times
    after = concealed_record(data, form)
    assert len(after) <= max(GROWTH * len(data), len(data) + ONE_ADDRESS) + 1
    assert after.count(b"\n") == data.count(b"\n") + 1


def test_a_line_that_would_grow_too_much_leaves_the_others_of_its_record_as_they_are() -> None:
    """Somebody's hostile event must not cost the events that came with it; nor does it take its addresses along."""
    crowd = b'{"a":"' + b"203.0.113.77 " * 100 + b'\\u0032\\u00303.0.113.77","b":[3405803853]}'
    first, second, *rest = concealed_record(EVENT + b"\n" + crowd, HASHED).split(b"\n")
    assert (first, len(second), rest) == (concealed(EVENT, HASHED), len(crowd), [b""])
    assert not re.search(rb"[0-9A-Fa-f]", second)


@BOTH
def test_letters_of_other_alphabets_beside_an_address_stay(form: Concealment) -> None:
    """Escapes would make them three times as long, and an honest event too long for its batch."""
    line = json.dumps({"note": f"\u0430\u0434\u0440\u0435\u0441 {ADDRESS}"}, ensure_ascii=False).encode()
    assert concealed(line, form) == line.replace(ADDRESS.encode(), form.address(ADDRESS).encode())


def test_the_key_is_read_from_the_secret(aws):
    """It is in no template, log or environment."""
    client = boto3.client("secretsmanager", region_name="eu-central-1")
    secret = client.create_secret(Name="key", SecretString=KEY.decode())["ARN"]
    assert concealment("keyed_hash", secret=secret, client=lambda: client) == HASHED


def test_nothing_is_read_where_nothing_is_concealed():
    """A stage without the setting has no secret."""
    assert concealment("full", secret="", client=lambda: pytest.fail("a secret was asked for")) == Concealment()


def test_a_key_that_could_be_guessed_is_refused():
    """An empty secret would make pseudonyms that anybody can make."""
    with pytest.raises(ValueError, match="32 bytes"):
        Concealment(form=AddressForm.KEYED_HASH, key=b"secret")


@BOTH
def test_row_mail_and_log_of_the_responder_tell_no_address(shop: Shop, form):
    """They are where the lake's incident is looked up, so they have its name for it."""
    about = incident(subject_type="address", subject=ADDRESS, rule="address_flood",
                     sentence=f"Address {ADDRESS} sent 300 events.")  # fmt: skip
    shop.deliver([incidents.to_line(about)], container=shop.container(concealment=form))
    in_the_lake = incidents.parse(concealed(incidents.to_line(about), form))
    assert list(shop.rows()) == [in_the_lake.incident_id]
    assert shop.alerts() == [in_the_lake.incident_id]
    told = json.dumps([shop.items(), [str(mail) for mail in shop.mails()], shop.log_lines()])
    assert "113.77" not in told
    assert about.incident_id not in told


def test_an_address_on_the_allow_list_is_known_before_it_is_concealed(shop: Shop):
    """People write down the addresses they know."""
    shop.allow(ADDRESS, subject_type="address")
    about = incident(subject_type="address", subject=ADDRESS, rule="address_flood")
    shop.deliver([incidents.to_line(about)], container=shop.container(concealment=HASHED))
    assert shop.mails() == []
    (row,) = shop.rows().values()
    assert row.allowed_because == "our price checker"


def _record(number: int, data: bytes) -> dict[str, str]:
    return {"recordId": str(number), "data": base64.b64encode(data).decode()}
