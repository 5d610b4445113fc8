"""How figures are written for people, the same in the terminal and on the page."""

from evaluation.certh import Certh
from evaluation.intervals import Quantile, Share
from evaluation.recorded import Recorded

NOTHING = "-"


def share(value: Share) -> str:
    """Return a share with its interval, as in 0.98 (0.91 to 1.00)."""
    if value.value is None:
        return NOTHING
    low, high = value.interval
    return f"{value.value:.2f} ({low:.2f} to {high:.2f})"


def rate(value: Share) -> str:
    """Return a share as so many of 10,000, with its interval."""
    if value.value is None:
        return NOTHING
    low, high = value.interval
    return f"{value.value * 10_000:.2f} ({low * 10_000:.2f} to {high * 10_000:.2f})"


def seconds(value: Quantile) -> str:
    """Return a quantile of seconds with its interval; an end that too few values give is left open."""
    if value.value is None:
        return NOTHING
    low, high = (NOTHING if end is None else f"{end:,.0f}" for end in (value.low, value.high))
    return f"{value.value:,.0f} ({low} to {high})"


def recorded(value: Recorded) -> str:
    """Return what came of one recorded file."""
    if value.skipped:
        return f"left out: {value.skipped}"
    bad_rows = f"; rows that are no event: {value.bad_rows:,}" if value.bad_rows else ""
    return f"{value.incidents:,} incidents in {value.events:,} events{bad_rows}"


def certh(value: Certh) -> str:
    """Return what came of the labelled sessions."""
    if value.auc is None:
        return f"left out: {value.skipped}"
    return (
        f"area under the ROC curve {value.auc:.2f}, {value.bots} bots against {value.people} people, "
        f"{value.page_views:,} page views"
    )
