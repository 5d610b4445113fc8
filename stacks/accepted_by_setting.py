"""The findings that are accepted where a stage has asked for something: keys of its own, addresses concealed."""

from datetime import date

from stacks.acceptance import Accepted
from stacks.stages import Stage

_SETTLED, _CHOSEN = date(2027, 11, 30), date(2027, 5, 31)


def _with_own_keys(stage: Stage) -> bool:
    return stage.customer_keys


OF_CUSTOMER_KEYS = tuple(
    Accepted(
        stack="streams",
        construct=stream,
        finding="AwsSolutions-KDS3",
        reason="The rule warns of what a key of one's own costs; the stage has asked for one.",
        expires=_SETTLED,
        found=_with_own_keys,
    )
    for stream in ("Events", "Incidents")
)
