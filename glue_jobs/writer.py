"""One writer at a time: two jobs over one lake on one machine take turns, and the second finds the work done.

On AWS it is Glue that lets each job run once at a time.
"""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from glue_jobs.engine import make_warehouse
from glue_jobs.settings import LakeSettings

LOCK = "writer.lock"


@contextmanager
def only_writer(settings: LakeSettings, *, reached: Callable[[str], None]) -> Iterator[None]:
    """Wait until nobody else writes to the lake of these settings, then keep others waiting.

    The operating system lets go of the lock when its holder dies, however that happens.
    """
    if settings.catalog == "glue":
        yield
        return
    folder = Path(settings.warehouse)
    make_warehouse(folder)
    with (folder / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            reached("waiting for another run over this lake")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
