"""A shop of which one user is to be erased, on either engine, and a look into every file that could still tell."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
from lake_rig import Lake, embedded, new_bucket, put
from signals import incident as any_incident
from signals import risk

from commerce.incident import Incident, Tally
from commerce.incident import to_line as incident_line
from glue_jobs.erase import Erase
from glue_jobs.raw import RawBucket
from glue_jobs.withdraw import withdraw

USER = "visitor-4711"
NOW = datetime(2019, 10, 20, tzinfo=UTC)
OPENED = datetime(2019, 10, 1, 10, tzinfo=UTC)


def event(event_id: str, user_id: str, *, day: int = 1, **fields: Any) -> bytes:
    given = {
        "event_id": event_id,
        "event_time": f"2019-10-0{day}T10:00:00.000Z",
        "event_type": "purchase",
        "product_id": "1",
        "price": "10.00",
        "user_id": user_id,
    }
    return json.dumps({**given, **fields}).encode()


def incident(incident_id: str, subject: str, *samples: str) -> Incident:
    of_the_site = {"rule": "site_surge", "subject_type": "site"} if subject == "site" else {}
    return any_incident(subject, OPENED, incident_id=incident_id, sample_event_ids=samples, **of_the_site)


TALLY = Tally(tally_id="t1", period_start=OPENED, outcome="on_time", reason="", records=9)
RAW = {
    "raw/events/2019/10/01/10/a.gz": [
        event("e1", USER),
        event("e2", "u2"),
        b" \t",
        event("e3", USER, price="free"),  # a reject of the user's
        event("e4", f"{USER}0", price="free"),  # a reject of somebody whose id is longer
        event("e5", USER, brand="\u00e9").replace(b"4711", rb"\u0034711") + b"\r",
        event("e6", "u2", product_id=USER),  # somebody else's, whatever the product is called
        b'{"event_id":"e7","user_id":"' + USER.encode(),  # cut off
        event("e8", f"a.{USER}"),
        b"",
    ],
    "raw/events/2019/10/02/11/b.gz": [event("e9", "u2", day=2), event("e10", USER, day=2)],
    "raw/events/2019/10/03/01/again.gz": [event("e1", USER), event("e2", "u2")],  # duplicates, nothing else
    "raw/events/2019/10/03/02/nobody.gz": [event("e11", "u3", day=3), b"\xff broken"],
    "raw/incidents/2019/10/01/10/i.gz": [
        incident_line(incident("i1", USER, "e1")),
        incident_line(incident("i2", "site", "e1", "e2", "e10")),
        incident_line(incident("i3", "u2", "e2")),
        incident_line(TALLY),
        b'{"record_type":"incident","subject":"' + USER.encode() + b'"}',
        incident_line(risk(USER)),
        incident_line(risk("u2")),
        b"",
    ],
}
LATER = {"raw/events/2019/10/04/01/later.gz": [event("e12", USER, day=4), event("e13", "u2", day=4)]}
CLEAN = {
    **RAW,
    "raw/events/2019/10/01/10/a.gz": [
        line if number in (1, 2, 4, 6, 8, 9) else b""
        for number, line in enumerate(RAW["raw/events/2019/10/01/10/a.gz"])
    ],
}
CLEAN = {
    **CLEAN,
    "raw/events/2019/10/02/11/b.gz": [event("e9", "u2", day=2), b""],
    "raw/events/2019/10/03/01/again.gz": [b"", event("e2", "u2")],
    "raw/incidents/2019/10/01/10/i.gz": [
        b"",
        incident_line(incident("i2", "site", "e2")),
        *RAW["raw/incidents/2019/10/01/10/i.gz"][2:4],
        b"",
        b"",
        incident_line(risk("u2")),
        b"",
    ],
}


@dataclass(frozen=True)
class Shop:
    """A lake that was filled once and can be had again and again."""

    lake: Lake
    saved: Path

    def again(self, *, gone: str = "") -> Lake:
        """Return the lake as it was when it was filled, one more object that nobody has taken, and one gone."""
        folder = Path(self.lake.settings.warehouse)
        shutil.rmtree(folder)
        shutil.copytree(self.saved, folder)
        fill(self.lake.settings.raw_bucket, {**RAW, **LATER})
        if gone:
            boto3.client("s3").delete_object(Bucket=self.lake.settings.raw_bucket, Key=gone)
        return embedded(self.lake.settings.raw_bucket, folder)


def filled_shop(folder: Path) -> Shop:
    """Return a lake that was filled and built twice, with a verdict withdrawn since."""
    lake = embedded(new_bucket(), folder / "lake")
    fill(lake.settings.raw_bucket, {key: RAW[key] for key in sorted(RAW)[:1]})
    lake.curate()
    lake.build()
    fill(lake.settings.raw_bucket, RAW)
    lake.curate()
    lake.build()
    withdraw(lake.engine, "i1", because=f"{USER} is our tester", at=NOW)
    shutil.copytree(folder / "lake", folder / "saved")
    return Shop(lake, folder / "saved")


def fill(bucket: str, objects: dict[str, list[bytes]]) -> None:
    for key, lines in objects.items():
        put(bucket, key, b"\n".join(lines))


def erase(lake: Lake, user_id: str = USER, *, reached: Callable[[str], None] = lambda _step: None) -> dict[str, int]:
    raw = RawBucket(name=lake.settings.raw_bucket)
    job = Erase(
        engine=lake.engine, raw=raw, settings=lake.settings, clock=lambda: NOW, user_id=user_id, reached=reached
    )
    return job.run()


def raw_objects(lake: Lake) -> dict[str, list[bytes]]:
    raw = RawBucket(name=lake.settings.raw_bucket)
    return {found.key: raw.read(found.key).split(b"\n") for found in raw.objects("raw/")}


def texts(lake: Lake, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what stands in each file of the folder and in each raw object, unpacked."""
    from pyiceberg.avro.file import AvroFile
    from pyiceberg.io.pyarrow import PyArrowFileIO

    for key, lines in raw_objects(lake).items():
        yield key, repr(lines)
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            yield path.name, repr(pq.read_table(path).to_pylist())
        elif path.suffix == ".avro":
            with AvroFile(PyArrowFileIO().new_input(str(path))) as entries:
                yield path.name, repr([_plain(entry) for entry in entries])
        elif path.suffix == ".json":
            yield path.name, path.read_text()


def _plain(value: Any) -> Any:
    """Return what an Avro file holds in a form that prints all of it: some of it is read only when asked for."""
    from pyiceberg.typedef import Record

    if isinstance(value, Record):
        return [_plain(each) for each in value._data]
    return {key: _plain(each) for key, each in value.items()} if isinstance(value, Mapping) else value
