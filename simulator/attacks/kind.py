"""A kind of party: how it is made, and when it may take place."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.party import Party
from simulator.scene import Scene
from simulator.timetable import When

USUAL = "usual"


@dataclass(frozen=True)
class Kind:
    """One way to attack. `when` is None for a crowd, whose time is in the timetable of crowds.

    `loud` are those of which two at a time would look like a third thing, a surge. `before` makes what people did in
    the same time whose accounts are then attacked.
    """

    make: Callable[[Scene], Party]
    when: When | None
    loud: bool = False
    variant: str = USUAL
    before: Callable[[Scene], Party] | None = None
