"""What a sink is."""

from typing import Protocol

from simulator.record import Fault, Record


class SinkFault(Fault):
    """The sink can take nothing any more; the message says why and what to do."""


class ReaderLeft(SinkFault):
    """Whoever reads the records has seen enough: the run is over, and nothing is wrong."""


class Sink(Protocol):
    """Takes records in order and knows what became of each: sent, or refused for good."""

    sent: int
    retried: int
    refused: int

    def write(self, record: Record) -> bool:
        """Take a record. True: this one and all before it are settled. Raises SinkFault."""

    def flush(self) -> None:
        """Settle everything taken; what SinkFault leaves unsettled is not sent later. Raises SinkFault."""

    def close(self) -> None:
        """Flush and let go."""
