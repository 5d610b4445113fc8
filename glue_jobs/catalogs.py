"""The catalogs that the embedded engine finds the lake in: a file beside the tables, or Glue's."""

from collections.abc import Mapping
from pathlib import Path

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from sqlalchemy import select
from sqlalchemy.orm import Session

from glue_jobs.engine import EngineError, make_warehouse, no_database
from glue_jobs.settings import LakeSettings

SQLITE_FILE = "catalog.db"


def open_catalog(settings: LakeSettings, environment: Mapping[str, str], *, must_exist: bool = False) -> Catalog:
    """Open the catalog that the settings name, and make the database if it is not there. Raises EngineError.

    Where it `must_exist`, nothing is made, and a database that is not there is an error.
    """
    if must_exist and settings.catalog == "sqlite" and not _is_lake(Path(settings.warehouse)):
        raise no_database(settings)
    catalog = load_catalog("lake", **_properties(settings, environment))
    if isinstance(catalog, SqlCatalog):
        _refuse_made_elsewhere(catalog, Path(settings.warehouse).resolve())
    if not catalog.namespace_exists(settings.database):
        if must_exist:
            raise no_database(settings)
        catalog.create_namespace(settings.database)
    return catalog


def _refuse_made_elsewhere(catalog: SqlCatalog, folder: Path) -> None:
    """Raise EngineError for the copy of a lake: files go by whole paths, so its tables are those of the original."""
    with Session(catalog.engine) as session:
        places = session.scalars(select(IcebergTables.metadata_location)).all()
    # WAREHOUSE/DATABASE/TABLE/metadata/FILE
    made_in = {Path(place.removeprefix("file://")).parents[3] for place in places if place is not None}
    if elsewhere := sorted(str(made) for made in made_in if made.resolve() != folder):
        raise EngineError(
            f"the lake in {str(folder)!r} was made in {elsewhere[0]!r}: put it back there, or build it anew from raw"
        )


def _is_lake(folder: Path) -> bool:
    try:
        return (folder / SQLITE_FILE).is_file()
    except (OSError, ValueError):  # no name of a folder
        return False


def _properties(settings: LakeSettings, environment: Mapping[str, str]) -> dict[str, str]:
    if settings.catalog == "sqlite":
        folder = Path(settings.warehouse).resolve()
        make_warehouse(folder)
        return {"type": "sql", "uri": f"sqlite:///{folder}/{SQLITE_FILE}", "warehouse": f"file://{folder}"}
    endpoint = environment.get("AWS_ENDPOINT_URL")
    endpoints = {"glue.endpoint": endpoint, "s3.endpoint": environment.get("AWS_ENDPOINT_URL_S3", endpoint)}
    given = {name: url for name, url in endpoints.items() if url}
    return {"type": "glue", "warehouse": settings.warehouse, **given}
