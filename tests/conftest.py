"""Fixtures that every room may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT.parent / "shared" / "data"
# Their tests take longest: a core that is left with one of them at the end keeps the others waiting.
FIRST = ("laptop", "glue_jobs")


@pytest.fixture(scope="session")
def recorded() -> Path:
    """Return the folder of recorded data; a test that needs it is skipped where it is absent."""
    if not RECORDED.is_dir():
        pytest.skip(f"the recorded data is not at {RECORDED}")
    return RECORDED


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Put the rooms that take longest first, once others have shuffled the tests."""
    result = yield
    items.sort(key=lambda item: FIRST.index(room) if (room := item.path.parent.name) in FIRST else len(FIRST))
    return result


@pytest.fixture(scope="session")
def short_lived_java() -> Iterator[None]:
    """Let Java machines started meanwhile neither verify nor optimise code: with small inputs that is most work."""
    with pytest.MonkeyPatch.context() as patch:
        unverified = "-XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote"
        patch.setenv("JAVA_TOOL_OPTIONS", f"-XX:TieredStopAtLevel=1 -XX:+UseSerialGC {unverified}")
        yield
