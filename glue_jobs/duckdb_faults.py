"""What goes wrong below the embedded engine, told in one line that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import TypeVar

import duckdb
from pyiceberg.exceptions import CommitFailedException, ValidationException
from sqlalchemy.exc import SQLAlchemyError

from glue_jobs.engine import EngineError

T = TypeVar("T")


@contextmanager
def told_plainly() -> Iterator[None]:
    """Raise EngineError for a fault of DuckDB's, of the catalog's or of the lake's files."""
    try:
        yield
    except (duckdb.Error, SQLAlchemyError, CommitFailedException, ValidationException, OSError) as error:
        raise EngineError(_told(error)) from error


def telling_plainly(cls: type[T]) -> type[T]:
    """Let each public method of the class raise EngineError for such a fault."""
    for name, method in list(vars(cls).items()):
        if isinstance(method, FunctionType) and not name.startswith("_"):
            setattr(cls, name, told_plainly()(method))
    return cls


def _told(error: Exception) -> str:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    match error:
        case duckdb.OutOfMemoryException():
            return f"{first}: allow more memory_megabytes, or less at once by batch_megabytes and days_at_once"
        case CommitFailedException() | ValidationException():
            return f"another job has written to the lake meanwhile ({first}): run this one again, alone"
        case _:
            return (
                f"the lake cannot be read or written ({first}): if a file of it is gone or damaged, put the lake back "
                "from a copy, or build it anew from raw"
            )
