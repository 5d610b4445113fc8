"""Crossings become episodes with the detector's gap, however many others go on meanwhile."""

from watched import START_MS

from commerce.rules import REQUEST_FLOOD
from evaluation.episodes import Crossing, episodes
from evaluation.observed import ms_of


def crossing(subject: str, at: int, value: float = 120) -> Crossing:
    return Crossing(REQUEST_FLOOD, subject, START_MS + at * 1000, value)


def spans(*crossings: Crossing) -> list[tuple[str, int, int, float]]:
    """Return subject, first and last second and value of each episode, by subject and time."""
    return sorted(
        (
            episode.subject,
            (ms_of(episode.opened_at) - START_MS) // 1000,
            (ms_of(episode.last_seen_at) - START_MS) // 1000,
            episode.value,
        )
        for episode in episodes(crossings)
    )


def test_a_pause_of_the_whole_gap_still_extends():
    """Ten minutes are the same attack, a second more is another."""
    assert spans(crossing("a", 0), crossing("a", 600)) == [("a", 0, 600, 120)]
    assert spans(crossing("a", 0), crossing("a", 601)) == [("a", 0, 0, 120), ("a", 601, 601, 120)]


def test_others_neither_extend_nor_end_an_episode():
    """What is over is let go from time to time, and that must not show."""
    crossings = [crossing("x", 0), crossing("a", 100), crossing("x", 601), crossing("a", 701), crossing("a", 1301)]
    assert spans(*crossings) == [("a", 100, 100, 120), ("a", 701, 1301, 120), ("x", 0, 0, 120), ("x", 601, 601, 120)]


def test_the_value_is_the_highest_of_all_crossings():
    """Wherever in the episode it was."""
    values = [130, 180, 150, 140]
    assert spans(*(crossing("a", 10 * i, value) for i, value in enumerate(values))) == [("a", 0, 30, 180)]
