"""The networks of welcome automata: those of the setting, and those that the marts were last built with."""

from collections.abc import Collection
from datetime import date

from commerce.known_networks import known_sql
from commerce.settings import SettingsError
from glue_jobs.engine import Engine
from glue_jobs.settings import NO_NETWORKS
from glue_jobs.tables import KNOWN_NETWORKS


def built_networks(engine: Engine) -> frozenset[str]:
    """Return the networks that the marts were last built with."""
    return frozenset(network for (network,) in engine.ask("SELECT network FROM known_networks").rows)


def told_networks(told: Collection[str], *, built: frozenset[str]) -> frozenset[str]:
    """Return the networks of the setting `told`; where it says nothing, those that were `built` with."""
    if not told:
        return built
    return frozenset() if tuple(told) == NO_NETWORKS else frozenset(told)


def days_of_networks(engine: Engine, networks: Collection[str]) -> frozenset[date]:
    """Return the days with events from these networks. Raises SettingsError for one that is none."""
    if not networks:
        return frozenset()
    try:
        known = known_sql(networks)
    except ValueError as error:
        raise SettingsError(f"LakeSettings: known_networks: {error}") from error
    return frozenset(day for (day,) in engine.ask(f"SELECT DISTINCT event_day FROM events WHERE {known}").rows)


def note_networks(engine: Engine, networks: Collection[str]) -> None:
    """Write down what the marts were built with."""
    engine.present("welcomed", KNOWN_NETWORKS.columns, [{"network": network} for network in sorted(networks)])
    engine.replace(KNOWN_NETWORKS, "SELECT network FROM welcomed")
