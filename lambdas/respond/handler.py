"""Lambda entry: a batch of the incidents stream. Failed records go back by number, the others are done."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.kinesis_stream_event import KinesisStreamRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from commerce.settings import from_environment
from lambdas import clients
from lambdas.kinesis import records
from lambdas.respond.parts import responder
from lambdas.respond.responder import Responder
from lambdas.respond.settings import RespondSettings
from lambdas.secret import concealment

log = Logger(service="respond")
processor = BatchProcessor(event_type=EventType.KinesisDataStreams, raise_on_entire_batch_failure=False)


@log.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Answer a batch of records; return the sequence numbers of those that failed."""
    return respond(event, context, responder=_responder())


def respond(event: dict[str, Any], context: LambdaContext, *, responder: Responder) -> Any:
    """Answer a batch with the given parts."""
    faults = responder.answer(records(event), seconds_left=lambda: context.get_remaining_time_in_millis() / 1000)

    def report(record: KinesisStreamRecord) -> None:
        if record.kinesis.sequence_number in faults:
            raise faults[record.kinesis.sequence_number]

    return process_partial_response(event=event, record_handler=report, processor=processor, context=context)


@cache
def _responder() -> Responder:
    settings = from_environment(RespondSettings, os.environ)
    form, secret = settings.address_form, settings.address_key_secret
    return responder(
        settings,
        dynamodb=clients.dynamodb(),
        allow_list=clients.allow_list(),
        sns=clients.sns(),
        log=log,
        concealment=concealment(form, secret=secret, client=clients.secrets_manager),
    )
