"""The catalogs that the embedded engine finds the lake in: a file beside the tables, or Glue's."""

from collections.abc import Mapping
from pathlib import Path

from pyiceberg.catalog import Catalog, load_catalog

from glue_jobs.engine import make_warehouse
from glue_jobs.settings import LakeSettings


def open_catalog(settings: LakeSettings, environment: Mapping[str, str]) -> Catalog:
    """Open the catalog that the settings name, and make the database if it is not there. Raises EngineError."""
    catalog = load_catalog("lake", **_properties(settings, environment))
    if not catalog.namespace_exists(settings.database):
        catalog.create_namespace(settings.database)
    return catalog


def _properties(settings: LakeSettings, environment: Mapping[str, str]) -> dict[str, str]:
    if settings.catalog == "sqlite":
        folder = Path(settings.warehouse).resolve()
        make_warehouse(folder)
        return {"type": "sql", "uri": f"sqlite:///{folder}/catalog.db", "warehouse": folder.as_uri()}
    endpoint = environment.get("AWS_ENDPOINT_URL")
    endpoints = {"glue.endpoint": endpoint, "s3.endpoint": environment.get("AWS_ENDPOINT_URL_S3", endpoint)}
    given = {name: url for name, url in endpoints.items() if url}
    return {"type": "glue", "warehouse": settings.warehouse, **given}
