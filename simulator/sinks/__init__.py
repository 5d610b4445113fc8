"""Where records go: a Kinesis stream, a file of JSON lines, or standard output."""

from simulator.sinks.kinesis import KinesisSink
from simulator.sinks.lines import FileSink, StandardOutputSink
from simulator.sinks.sink import ReaderLeft, Sink, SinkFault

__all__ = ["FileSink", "KinesisSink", "ReaderLeft", "Sink", "SinkFault", "StandardOutputSink"]
