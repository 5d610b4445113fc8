"""One AWS on the laptop for all tests of this room; each test uses names of its own."""

import uuid
from collections.abc import Iterator

import pytest
from drills_rig import Cloud

from laptop.cloud.starting import start_cloud, wait_for_cloud
from laptop.network import endpoint
from laptop.ports import free_port
from laptop.processes import stop


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    work_dir = tmp_path_factory.mktemp("drilled")
    port = free_port()
    process = start_cloud(port, work_dir)
    wait_for_cloud(process, port, work_dir)
    (work_dir / "warehouse").mkdir()
    yield Cloud(port=port, endpoint_url=endpoint(port), work_dir=work_dir)
    stop(process, patience_seconds=5)


@pytest.fixture
def unique() -> str:
    """Return a name that no other test uses."""
    return f"t{uuid.uuid4().hex[:10]}"
