"""Intervals are those of the textbooks, and open where there is too little to say."""

import random

import pytest

from evaluation.intervals import Share, quantile


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_wilson(hits, of, low, high):
    """The last one is Newcombe's worked example (1998)."""
    assert Share(of=of, hits=hits).interval == pytest.approx((low, high), abs=5e-5)


def test_a_share_of_nothing_says_nothing():
    """Neither 0 nor 1."""
    assert (Share(of=0, hits=0).value, Share(of=0, hits=0).interval) == (None, (0.0, 1.0))


def test_a_median_of_a_few_has_no_ends():
    """Of five values, even the least and the greatest hold the median between them in 94 of 100 cases only."""
    assert quantile([5, 1, 4, 2, 3], 0.5).value == 3
    assert (quantile([5, 1, 4, 2, 3], 0.5).low, quantile([5, 1, 4, 2, 3], 0.5).high) == (None, None)
    six = quantile([1, 2, 3, 4, 5, 6], 0.5)
    assert (six.value, six.low, six.high) == (3, 1, 6)
    assert quantile([], 0.5).value is None


def test_the_95th_percentile_of_twenty_is_the_nineteenth():
    """And of too few values nobody can say how high it may be."""
    found = quantile(range(1, 21), 0.95)
    assert (found.value, found.high) == (19, None)


def test_intervals_hold_the_truth_in_about_95_of_100_cases():
    """The point of a confidence interval; order statistics are on the safe side."""
    dice = random.Random(3)
    held = 0
    for _ in range(400):
        found = quantile([dice.expovariate(1) for _ in range(40)], 0.5)
        assert found.low is not None and found.high is not None
        held += found.low <= 0.6931 <= found.high
    assert held / 400 >= 0.93
