"""Which names are those of time zones."""

from zoneinfo import available_timezones


def is_time_zone(name: str) -> bool:
    """Return whether the name is a time zone's; a slim machine, which knows none at all, takes the name's word."""
    if name == "UTC":
        return True
    known = available_timezones()
    return name in known or not known
