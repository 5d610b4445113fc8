"""Reading raw objects into an engine, as many at a time as fit into memory."""

from collections.abc import Iterator, Sequence

from glue_jobs.engine import Engine
from glue_jobs.raw import RawObject, batches


def staged(engine: Engine, objects: Sequence[RawObject], *, megabytes: int) -> Iterator[Sequence[RawObject]]:
    """Stage all objects, some at a time; yield those whose records are `judged` until the next ones are asked for.

    How many go together is bounded by their size, and again by the engine once it has seen what is in them.
    """
    for batch in batches(objects, megabytes=megabytes):
        left = batch
        while left:
            taken = engine.stage(left)
            yield left[:taken]
            left = left[taken:]
