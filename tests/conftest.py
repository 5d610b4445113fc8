"""Fixtures that every room may use."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
RECORDED = ROOT.parent / "shared" / "data"
# Their tests take longest: a core that is left with one of them at the end keeps the others waiting.
FIRST = ("parity", "laptop", "glue_jobs")


@pytest.fixture(scope="session")
def recorded() -> Path:
    """Return the folder of recorded data; a test that needs it is skipped where it is absent."""
    if not RECORDED.is_dir():
        pytest.skip(f"the recorded data is not at {RECORDED}")
    return RECORDED


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many tests run at once: one more than there are cores, for many wait for what they started."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Keep a file's tests on one core, for its fixtures, and all that need Spark: a second one takes a minute.

    Groups must be known before the tests are handed out, their order is made when others have shuffled them.
    """
    if not config.pluginmanager.has_plugin("xdist"):
        return (yield)
    for item in items:
        needs_spark = "spark_settings" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("spark" if needs_spark else str(item.path.relative_to(ROOT))))
    result = yield
    items.sort(key=lambda item: FIRST.index(room) if (room := item.path.parent.name) in FIRST else len(FIRST))
    return result


@pytest.fixture(scope="session")
def short_lived_java() -> Iterator[None]:
    """Let Java machines started meanwhile not optimise their code: with small inputs that is half of the work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        yield
