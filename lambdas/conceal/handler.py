"""Lambda entry: records that Firehose is about to deliver, each given back as lines without full addresses."""

import base64
import os
from dataclasses import replace
from functools import cache
from typing import Any

from commerce.known_networks import KnownAddresses
from commerce.settings import from_environment
from lambdas import clients
from lambdas.addresses import Concealment
from lambdas.conceal.record import concealed_record
from lambdas.conceal.settings import ConcealSettings
from lambdas.secret import concealment


def handler(event: dict[str, Any], _: object) -> dict[str, Any]:
    """Return the records of a batch with their addresses concealed. No record is dropped, none fails by itself."""
    return transform(event, concealment=_concealment())


def transform(event: dict[str, Any], *, concealment: Concealment) -> dict[str, Any]:
    """Transform a batch with the given form. A record ends with a line break, which Firehose does not add then."""
    return {"records": [_answer(record, concealment) for record in event["records"]]}


def _answer(record: dict[str, Any], concealment: Concealment) -> dict[str, str]:
    data = concealed_record(base64.b64decode(record["data"]), concealment)
    return {"recordId": record["recordId"], "result": "Ok", "data": base64.b64encode(data).decode()}


@cache
def _concealment() -> Concealment:
    settings = from_environment(ConcealSettings, os.environ)
    form = concealment(settings.address_form, secret=settings.address_key_secret, client=clients.secrets_manager)
    return replace(form, known=KnownAddresses(settings.known_networks))
