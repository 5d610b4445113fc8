"""The responder's benchmark: that it measures what it says, on a few incidents."""

from benchmarks.responder import ResponderBenchmark

INCIDENTS = 3


def test_it_counts_the_calls_of_both_patterns():
    """A part that cannot be measured any more is found here, not after half an hour."""
    measured = ResponderBenchmark(runs=1, say=lambda _: None, incidents=INCIDENTS).run()
    assert measured["calls"] == {"Publish": INCIDENTS, "PutItem": 2 * INCIDENTS, "Scan": 1}
    assert measured["naive"]["calls"] == dict.fromkeys(("Publish", "PutItem", "PutMetricData"), INCIDENTS)
    assert measured["import_milliseconds"] > 0
